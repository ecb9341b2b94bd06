"""What Snakemake's log says: short lists, what has changed, how many submissions."""

import logging
from argparse import Namespace

import pytest

from lib.workflow.job_log import JobLog, shorten_reason

FILES = [f"seed{i}.h5" for i in range(1000)]


def record(event, **values):
    made = logging.LogRecord("snakemake", logging.INFO, "", 0, f"this is {event}", None, None)
    made.__dict__.update(event=event, **values)
    return made


def job(rule, *, indent=False, shellcmd="python", **values):
    return record("job_info", rule_name=rule, indent=indent, shellcmd=shellcmd, **values)


def log(*, dryrun=True, nodes=None):
    return JobLog(Namespace(dryrun=dryrun, nodes=nodes, _localrules={"download"}))


@pytest.mark.parametrize("event", ["job_info", "job_error"])
def test_long_lists_are_cut(event):
    reason = f"Input files updated by another job: {', '.join(FILES)}"
    made = record(
        event, input=FILES, output=FILES[:5], reason=reason, rule_name="all", indent=False, shellcmd=None
    )
    assert log().filter(made)
    assert made.input == [*FILES[:3], "and 997 more"]
    assert made.output == FILES[:5]
    assert made.reason == "Input files updated by another job: seed0.h5, seed1.h5, seed2.h5, and 997 more"


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        ("'--init random'", "'--init k-means++'", "--init random (before), --init k-means++ (now)"),
        ("'--epochs 10 --seed 0'", "'--epochs 5 --seed 0'", "--epochs 10 (before), --epochs 5 (now)"),
        ("'--seed 0'", "'--luma 1 0 0 --seed 0'", "--luma 1 0 0 (now)"),
        ("'--gap'", "''", "--gap (before)"),
        ("<nothing exclusive>", "'--gap'", "--gap (now)"),
        (f"'code of a.py ({'0' * 16})'", f"'code of a.py ({'f' * 16})'", "code of a.py"),
        (
            f"'code of a.py ({'0' * 16})','--k 1'",
            f"'code of a.py ({'f' * 16})','--k 2'",
            "code of a.py, --k 1 (before), --k 2 (now)",
        ),
        ("\"--name 'it'\",7", "'--name it; now'", "--name 'it' (before), 7 (before), --name it; now (now)"),
    ],
)
def test_changed_params_are_told_one_by_one(before, now, words):
    start = "Updated input files: a; Params have changed since last execution: "
    union = "Union of exclusive params before and now across all output: "
    assert shorten_reason(f"{start}{union}before: {before} now: {now} ") == start + words


@pytest.mark.parametrize("nodes", [None, 100])
def test_dry_run_ends_with_the_table_of_jobs(nodes):
    shown = log(nodes=nodes)
    assert not shown.filter(record("run_info"))
    for made in (
        job("download"),
        job("train"),
        record("group_info"),
        job("cluster", indent=True),
        job("cluster", indent=True),
        job("all", shellcmd=None),
    ):
        assert shown.filter(made)
    table = record("run_info")
    assert shown.filter(table)
    assert table.msg == "this is run_info" + (
        "\n2 submissions to the cluster (a group of jobs is one)\n" if nodes else ""
    )


@pytest.mark.parametrize(
    ("message", "is_shown"),
    [
        ("Cannot restore results/mine/clusters/pixels/all/k4/seed0.h5: no backup found.", False),
        ("Some jobs were triggered by provenance information, see 'reason' section in the rule displays", False),
        ("At least one job did not complete successfully.", True),
    ],
)
def test_lines_that_mislead_are_dropped(message, is_shown):
    made = record("message")
    made.msg = message
    shown = log()
    shown.n_jobs = 1
    assert shown.filter(made) == is_shown


def test_real_run_begins_with_it():
    table = record("run_info")
    assert log(dryrun=False, nodes=100).filter(table)
    assert table.msg == "this is run_info"
