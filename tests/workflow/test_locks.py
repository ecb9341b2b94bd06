"""On a file system that cannot lock, everything goes as elsewhere."""

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

# As NFS, Lustre and others answer, if they are mounted without locks.
ANSWERS = {
    "ENOLCK": errno.ENOLCK,
    "EOPNOTSUPP": errno.EOPNOTSUPP,
    "ENOTSUPP": 524,
    "EAGAIN": errno.EAGAIN,
    "ENOSYS": errno.ENOSYS,
}
CANNOT_LOCK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>

static int cannot(void) { errno = atoi(getenv("ANSWER_TO_LOCKS")); return -1; }

int flock(int file, int operation) { return cannot(); }

#define FCNTL(name)                                                                         \
    int name(int file, int command, ...) {                                                  \
        va_list rest;                                                                       \
        va_start(rest, command);                                                            \
        void *argument = va_arg(rest, void *);                                              \
        va_end(rest);                                                                       \
        if (command == F_SETLK || command == F_SETLKW) return cannot();                     \
        if (command == F_OFD_SETLK || command == F_OFD_SETLKW) return cannot();             \
        return ((int (*)(int, int, ...))dlsym(RTLD_NEXT, #name))(file, command, argument);  \
    }
FCNTL(fcntl)
FCNTL(fcntl64)
"""


@pytest.fixture(scope="session")
def library(tmp_path_factory) -> Path:
    """A library that, loaded before all others, fails every lock."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("needs Linux and a C compiler")
    source = tmp_path_factory.mktemp("locks") / "cannot_lock.c"
    source.write_text(CANNOT_LOCK)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", source.with_suffix(".so"), source, "-ldl"], check=True)
    return source.with_suffix(".so")


@pytest.fixture
def cannot_lock(library, monkeypatch):
    """Make locks fail in all processes that are started from here on."""

    def cannot_lock(answer: str) -> None:
        monkeypatch.setenv("LD_PRELOAD", str(library))
        monkeypatch.setenv("ANSWER_TO_LOCKS", str(ANSWERS[answer]))

    return cannot_lock


def python(code: str, *arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": str(ROOT / "scripts")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("setting", [None, "TRUE"])
@pytest.mark.parametrize("answer", ANSWERS)
def test_hdf5_is_written_and_read(cannot_lock, tmp_path, monkeypatch, answer, setting):
    """Also where someone, or a module of the cluster, has asked HDF5 to lock."""
    cannot_lock(answer)
    if setting:
        monkeypatch.setenv("HDF5_USE_FILE_LOCKING", setting)
    code = (
        "import fcntl, pathlib, sys\nimport numpy as np\n"
        "from lib.features.features_file import read_features, write_features\n"
        "path, answer = pathlib.Path(sys.argv[1]), int(sys.argv[2])\n"
        "write_features(path, np.arange(6.0).reshape(2, 3))\n"
        "print(read_features(path).tolist())\n"
        "try:\n    fcntl.flock(path.open(), fcntl.LOCK_SH)\n"
        "except OSError as error:\n    print(error.errno == answer)\n"
    )
    assert python(code, tmp_path / "X.h5", ANSWERS[answer]) == "[[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]\nTrue\n"


@pytest.mark.parametrize("answer", ANSWERS)
def test_training_goes_on_and_says_that_it_may_not_be_alone(cannot_lock, tmp_path, answer):
    cannot_lock(answer)
    code = (
        "import logging, pathlib, sys\nlogging.basicConfig(level=logging.INFO)\nfrom train import alone_in\n"
        "with alone_in(pathlib.Path(sys.argv[1])):\n    print('trains')\n"
    )
    said = python(code, tmp_path)
    assert said.startswith("trains\n")
    assert f"{tmp_path} has no locks" in said


@pytest.mark.slow
@pytest.mark.parametrize("answer", ["ENOLCK", "EAGAIN"])
def test_everything_is_made(fresh, finished, cannot_lock, answer):
    cannot_lock(answer)
    fresh.targets = ["all"]
    fresh.run()
    assert fresh.metrics.read_bytes() == finished.metrics.read_bytes()
    assert (fresh.results / "report.html").exists()
    assert fresh.jobs() == set()


@pytest.mark.slow
@pytest.mark.parametrize("answer", ANSWERS)
def test_locks_of_snakemake_stay(project, cannot_lock, answer):
    """They may be those of one that is alive: nobody can tell."""
    cannot_lock(answer)
    project.without_training()
    lock = project.path / ".snakemake" / "locks" / "0.output.lock"
    lock.parent.mkdir(exist_ok=True)
    lock.write_text(str(project.metrics.relative_to(project.path)) + "\n")
    project.metrics.unlink()
    run = project.snakemake()
    assert run.returncode != 0
    assert "cannot be locked" in run.stdout + run.stderr
    assert lock.exists()
    assert not project.metrics.exists()
