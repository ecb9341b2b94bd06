"""Killed at any moment and run again, the workflow ends as if nothing had happened."""

import os
import signal
import subprocess
import time

import psutil
import pytest

pytestmark = pytest.mark.slow

RULES = [
    "download",
    "prepare_images",
    "list_images",
    "encode_pixels",
    "train",
    "encode_autoencoder",
    "cluster",
    "cluster_halves",
    "evaluate",
    "score_halves",
    "collect_scores",
    "summarise",
    "compare",
    "conclude",
    "list_assignments",
]
WITH_AUTOENCODER = ("train", "encode_autoencoder", "cluster_halves", "score_halves")


def start(project, rule: str, delay: float) -> tuple[subprocess.Popen, psutil.Process]:
    """Run a rule again, and wait until its script has run for a moment."""
    command = project.command("--forcerun", rule)
    run = subprocess.Popen(command, cwd=project.path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    snakemake = psutil.Process(run.pid)
    while run.poll() is None:
        for child in snakemake.children(recursive=True):
            try:
                words = child.cmdline()
            except psutil.Error:
                continue
            if len(words) > 1 and words[1].endswith(f"/scripts/{rule}.py"):
                time.sleep(delay)
                return run, child
        time.sleep(0.005)
    pytest.fail(f"{rule} was never seen running")


def check(project, finished):
    project.run()
    assert project.metrics.read_text() == project.metrics_of(finished)
    assert project.jobs() == set()


def refused(project) -> str:
    """What the terminal says where the folder is locked."""
    run = project.snakemake()
    assert run.returncode != 0
    assert "Traceback" not in run.stdout + run.stderr
    return run.stdout + run.stderr


@pytest.mark.parametrize("rule", RULES)
def test_killed_job(project, finished, rule):
    if rule not in WITH_AUTOENCODER:
        project.without_training()
    for delay in (0.1, 0.05, 0.02, 0):
        run, job = start(project, rule, delay)
        try:
            job.kill()
        except psutil.NoSuchProcess:  # it was done before; next time earlier
            run.wait()
            continue
        assert run.wait() != 0
        check(project, finished)
        return
    pytest.fail(f"{rule} always ended before it could be killed")


def test_preempted_training_goes_on(project, finished):
    """As a cluster ends a job that has to make room."""
    run, job = start(project, "train", delay=0)
    while not (project.model / "checkpoint.npz").exists():
        time.sleep(0.001)
    job.terminate()
    assert run.wait() != 0
    check(project, finished)
    assert "going on after epoch" in (project.results / "logs" / "train" / "seed0.log").read_text()
    assert not (project.model / "checkpoint.npz").exists()


def test_training_that_outlives_its_snakemake_is_not_taken_for_another(project, finished):
    settings = project.settings["autoencoder"]
    project.configure(autoencoder={"epochs": 150, "filters": [2, 1]})
    run, job = start(project, "train", delay=0)
    while not (project.model / "checkpoint.npz").exists():
        time.sleep(0.001)
    run.kill()
    run.wait()
    project.configure(autoencoder=settings | {"filters": [3, 1]})
    assert job.is_running()
    project.make("unlock")
    check(project, finished)
    assert "waiting for another training" in (project.results / "logs" / "train" / "seed0.log").read_text()
    assert not job.is_running()


@pytest.mark.parametrize("rule", ["download", "prepare_images", "train", "cluster", "collect_scores"])
def test_killed_snakemake(project, finished, rule):
    """It leaves a lock. Its job lives on, and may end while the next run makes the same file."""
    if rule not in WITH_AUTOENCODER:
        project.without_training()
    run, job = start(project, rule, delay=0.05)
    run.send_signal(signal.SIGKILL)
    run.wait()
    text = refused(project)
    assert "Directory cannot be locked" in text
    assert "likely caused by a kill signal" in text
    assert "--unlock" in text
    assert "Unlocked working directory." in project.make("unlock")
    check(project, finished)
    psutil.wait_procs([job], timeout=60)
    check(project, finished)


@pytest.mark.parametrize("delay", [1, 6])
def test_all_killed_on_the_first_run(fresh, finished, delay):
    run = subprocess.Popen(
        fresh.command(),
        cwd=fresh.path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    time.sleep(delay)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    fresh.make("unlock")
    check(fresh, finished)


def test_second_snakemake_is_refused_while_the_first_lives(project):
    run, _ = start(project, "train", delay=0)
    assert "Directory cannot be locked" in refused(project)
    run.terminate()
    run.wait()
