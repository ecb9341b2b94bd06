"""The same workflow on a real Slurm, through faults: the same result, nothing lost, nothing half-written."""

import re
import signal
import subprocess
import textwrap
import time

import pytest
import slurm

pytestmark = pytest.mark.slurm

# Slurm starts a job at once. Where none has ended when Snakemake first asks, it waits ten seconds more each time.
QUICK = ["--slurm-init-seconds-before-status-checks", "8", "--latency-wait", "5"]
# What a job may do on its first attempt only.
ONCE = """    import pathlib as _pathlib, time as _time
    if not _pathlib.Path({flag!r}).exists():
        _pathlib.Path({flag!r}).touch()
        {action}
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    if reason := slurm.why_not():
        pytest.skip(reason)
    with slurm.Slurm(tmp_path_factory.mktemp("slurm")) as cluster:
        yield cluster


@pytest.fixture(autouse=True)
def on_cluster(cluster, monkeypatch):
    monkeypatch.delenv("SLURM_CONF", raising=False)


def start(project, *options):
    command = project.command("--workflow-profile", "profiles/slurm", *QUICK, *options, cores=None)
    return subprocess.Popen(
        command,
        cwd=project.path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # What a shell starts in the background ignores it, and so would all that the tests start.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def finish(run):
    output, _ = run.communicate(timeout=600)
    assert run.returncode == 0, output
    return output


def once(project, script, action):
    """Have a script do something the first time that it is run; a file that says it has begun."""
    flag = project.path / "begun"
    before = "def main(args: argparse.Namespace) -> None:\n"
    project.edit(f"scripts/{script}", before, before + ONCE.format(flag=str(flag), action=action))
    return flag


def running(cluster, rule, flag):
    """Wait until a job is at work; its number."""
    for _ in range(3000):
        if flag.exists() and (jobs := cluster.jobs(rule)):
            return jobs[0]
        time.sleep(0.1)
    pytest.fail(f"{rule} was never seen running")


def gone(cluster, rule, within):
    """Wait so many seconds at most until no job of a rule is at work."""
    end = time.monotonic() + within
    while cluster.jobs(rule):
        assert time.monotonic() < end, f"{rule} is still running"
        time.sleep(0.1)


@pytest.fixture
def project(project):
    """Finished. Only one of its jobs is to run again, on Slurm, and to give the same file."""
    project.targets = ["results/tiny/features/pixels/test.h5"]
    project.before = project.snapshot()
    return project


@pytest.fixture(scope="module")
def over_time(cluster, finished, tmp_path_factory):
    """A run whose job takes too long, as Slurm sees after a minute or two: begun first, looked at last."""
    project = finished.copy(tmp_path_factory.mktemp("over_time") / "project")
    project.targets = ["results/tiny/images.h5"]  # by a rule that no other test looks for
    project.before = project.snapshot()
    project.edit("rules/data.smk", "runtime=scaled_resource(120)", "runtime=scaled_resource(1)")
    once(project, "prepare_images.py", "_time.sleep(300)")
    return project, start(project)


def check(project):
    """All is as it was before, and there is nothing more to do."""
    project.targets = ["tables"]
    assert project.jobs() == set()
    after = project.snapshot()
    assert [name for name in project.before | after if project.before.get(name) != after.get(name)] == []


def test_same_tables_as_locally(over_time, fresh, finished):
    fresh.targets = ["results/tiny/metrics.csv"]
    plan = finish(start(fresh, "--dry-run"))
    assert "<TBD>" not in plan
    output = finish(start(fresh))
    assert "profiles/slurm: sacct knows of no jobs here (no accounting), so squeue is asked\n" in output
    submitted = output.count("has been submitted with SLURM jobid")
    assert f"\n{submitted} submissions to the cluster" in plan, output
    assert fresh.metrics.read_bytes() == finished.metrics.read_bytes()
    assert fresh.jobs() == set()


def test_started_from_another_directory_and_scattered(cluster, fresh, finished, tmp_path):
    elsewhere = tmp_path / "else where"
    elsewhere.mkdir()
    fresh.without_training()
    fresh.configure(
        datasets={"tiny": {"source": str(fresh.path / "tiny.tar.gz")}},
        evaluation={"n_chunks": 3},
    )
    fresh.targets = ["results/tiny/metrics.csv"]
    finish(start(fresh, "--directory", str(elsewhere)))
    assert (elsewhere / "results/tiny/metrics.csv").read_text() == fresh.metrics_of(finished)
    assert not fresh.results.exists()


def test_cancelled_job_is_tried_again(cluster, project):
    flag = once(project, "encode_pixels.py", "_time.sleep(100)")
    run = start(project)
    subprocess.run(["scancel", running(cluster, "encode_pixels", flag)], check=True)
    finish(run)
    check(project)


def test_job_over_its_memory_gets_more(cluster, project):
    project.edit("rules/features.smk", "scaled_resource(300, 6)", "scaled_resource(250)")
    once(project, "encode_pixels.py", "block = b'x' * 400_000_000; _time.sleep(100)")
    output = finish(start(project))
    assert "mem_mb=250," in output
    assert "mem_mb=500," in output
    check(project)


def test_slurmd_restarted(cluster, project):
    flag = once(project, "encode_pixels.py", "_time.sleep(5)")
    run = start(project)
    job = running(cluster, "encode_pixels", flag)
    cluster.kill_node("node1")
    time.sleep(1)
    cluster.start_node("node1")
    assert running(cluster, "encode_pixels", flag) == job
    finish(run)
    check(project)


def test_preempted_training_goes_on(cluster, project):
    project.targets = ["results/tiny/autoencoder/seed0/model.keras"]
    flag = project.path / "begun"
    on_epoch_end = "                on_epoch_end(State(attempt, trainer.variables, history))\n"
    pause = ONCE.format(flag=str(flag), action="_time.sleep(100)")
    project.edit(
        "scripts/lib/features/autoencoder_training.py",
        on_epoch_end,
        on_epoch_end + textwrap.indent(pause, 12 * " "),
    )
    run = start(project)
    job = running(cluster, "train", flag)
    subprocess.run(["scancel", "--full", "--signal=TERM", job], check=True)
    finish(run)
    assert "going on after epoch 1" in (project.results / "logs/train/seed0.log").read_text()
    model = "results/tiny/autoencoder/seed0/model.keras"
    assert (project.path / model).read_bytes() == project.before[model]


def test_killed_snakemake_is_started_again(cluster, project):
    """After `make unlock`, while its job goes on."""
    flag = once(project, "encode_pixels.py", "_time.sleep(10)")
    run = start(project)
    running(cluster, "encode_pixels", flag)
    run.kill()
    run.communicate()
    project.make("unlock")
    finish(start(project))
    gone(cluster, "encode_pixels", within=60)
    check(project)


def test_interrupted_snakemake_takes_its_jobs_along(cluster, project):
    flag = once(project, "encode_pixels.py", "_time.sleep(1000)")
    run = start(project)
    running(cluster, "encode_pixels", flag)
    run.send_signal(signal.SIGINT)
    run.communicate(timeout=300)
    gone(cluster, "encode_pixels", within=30)
    finish(start(project))
    check(project)


def test_second_snakemake_refuses(cluster, project):
    flag = once(project, "encode_pixels.py", "_time.sleep(10)")
    first = start(project)
    running(cluster, "encode_pixels", flag)
    second = start(project)
    output, _ = second.communicate(timeout=300)
    assert second.returncode != 0
    assert "Directory cannot be locked" in output
    assert "Traceback" not in output
    finish(first)
    check(project)


def test_job_over_its_time_gets_more(over_time):
    project, run = over_time
    output = finish(run)
    assert re.search(r"\bruntime=1\b", output)
    assert re.search(r"\bruntime=2\b", output)
    check(project)
