"""What Snakemake prints of its jobs, in lines that can be read."""

import ast
import logging
import re
from typing import Any

MOST_FILES = 5  # of a longer list, the first three are shown
FILES = ("Missing output files", "Incomplete output files", "Updated input files", "Input files updated")
# A failed job whose output would have been kept had none; advice that would hide a change of code.
UNHELPFUL = ("Cannot restore ", "Some jobs were triggered by provenance information")
PARAMS = re.compile("(Params have changed since last execution: ).*?before: (.*) now: (.*?) ?(; Software .*)?$")


class JobLog(logging.Filter):
    """A filter of Snakemake's logger. It shortens lists of files, says which settings have changed, and
    drops what misleads.

    In a dry run the table of jobs comes once, below the jobs, with the number of submissions to a cluster.

    Parameters
    ----------
    workflow
        Snakemake's. What it is to do is known after the rules are read.
    """

    def __init__(self, workflow: Any):
        super().__init__()
        self.workflow = workflow
        self.n_jobs = 0
        self.n_submissions = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Change a record; False if it is to be dropped."""
        for name in ("input", "output"):
            if files := getattr(record, name, None):
                setattr(record, name, shorten_list(files))
        if reason := getattr(record, "reason", None):
            record.reason = shorten_reason(reason)
        if str(record.msg).startswith(UNHELPFUL):
            return False
        event = str(getattr(record, "event", ""))
        if event == "job_info":
            self.n_jobs += 1
            self.n_submissions += self._is_submitted(record)
        elif event == "group_info":
            self.n_submissions += 1
        elif event == "run_info" and self.workflow.dryrun:
            if self.workflow.nodes is not None:  # `jobs` of the profile for a cluster
                record.msg += f"\n{self.n_submissions} submissions to the cluster (a group of jobs is one)\n"
            return self.n_jobs > 0
        return True

    def _is_submitted(self, record: Any) -> bool:
        """Whether a job is submitted by itself: neither in a group, nor run where Snakemake runs."""
        return bool(record.shellcmd) and not record.indent and record.rule_name not in self.workflow._localrules


def shorten_list(files: list[str]) -> list[str]:
    """The first files of a long list, and how many more there are.

    Examples
    --------
    >>> shorten_list([f"seed{seed}.h5" for seed in range(10)])
    ['seed0.h5', 'seed1.h5', 'seed2.h5', 'and 7 more']
    """
    return files if len(files) <= MOST_FILES else [*files[:3], f"and {len(files) - 3} more"]


def shorten_reason(reason: str) -> str:
    """Why a job runs, with few files, and of changed params only what has changed.

    Examples
    --------
    >>> shorten_reason("Missing output files: a, b, c, d, e, f; Code has changed since last execution")
    'Missing output files: a, b, c, and 3 more; Code has changed since last execution'
    >>> shorten_reason("Params have changed since last execution: before: '--init random --k 3' now: '--k 3' ")
    'Params have changed since last execution: --init random (before)'
    """
    files, params = reason, ""
    if found := PARAMS.search(reason):
        title, before, now, rest = found.groups("")
        files, params = reason[: found.start()], f"{title}{_difference(_values(before), _values(now))}{rest}"
    parts = []
    for part in files.split("; "):
        title, _, names = part.partition(": ")
        parts.append(f"{title}: {', '.join(shorten_list(names.split(', ')))}" if title.startswith(FILES) else part)
    return "; ".join(parts) + params


def _values(params: str) -> list[str]:
    """Params as Snakemake prints them; the options of a command line one by one."""
    try:
        values = ast.literal_eval(f"[{params}]")
    except SyntaxError:  # nothing, or what Snakemake may print in later versions
        values = [] if params == "<nothing exclusive>" else [params]
    return [option for value in values for option in re.split(r" (?=--)", str(value)) if option]


def _difference(before: list[str], now: list[str]) -> str:
    """What differs. Of a digest, which nobody can read, only what it is of."""
    digest = re.compile(r"(.+) \([0-9a-f]{16}\)")
    sides = {"before": [x for x in before if x not in now], "now": [x for x in now if x not in before]}
    words = [
        found[1] if (found := digest.fullmatch(value)) else f"{value} ({side})"
        for side, values in sides.items()
        for value in values
    ]
    return ", ".join(dict.fromkeys(words))
