"""An install without TensorFlow, from PyPI, and the workflow on it."""

import os
import shutil
import subprocess
import sys

import pytest
import yaml
from conftest import ROOT, Project
from test_own_features import save_means

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def lite(tmp_path_factory) -> Project:
    """A project on the digits, with a .venv of its own that `make install-lite` has made."""
    path = tmp_path_factory.mktemp("lite")
    probe = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-cache-dir", "--retries=0", "pip"]
    reached = subprocess.run([*probe, "--dest", path / "probe"], capture_output=True, text=True, check=False)
    if reached.returncode:
        pytest.skip(f"PyPI cannot be reached: {reached.stderr.strip().splitlines()[-1]}")
    project = Project.create(path)
    for name in ("Makefile", "requirements.lock", "requirements-lite.lock"):
        shutil.copy2(ROOT / name, path / name)
    # Under `make test-slow` these would make it a part of that make.
    environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL")}
    subprocess.run(["make", "install-lite", f"PYTHON={sys.executable}"], cwd=path, env=environment, check=True)
    return project


def snakemake(project, **settings):
    (project.path / "lite.yaml").write_text(yaml.safe_dump({"dataset": "digits", **settings}))
    command = [project.path / ".venv" / "bin" / "snakemake", "--cores", "2", "--configfile", "lite.yaml"]
    return subprocess.run(command, cwd=project.path, capture_output=True, text=True, check=False)


def test_report_without_tensorflow(lite):
    python = lite.path / ".venv" / "bin" / "python"
    find = "import importlib.util as u; print([u.find_spec(name) for name in ('keras', 'tensorflow', 'sklearn')])"
    found = subprocess.run([python, "-c", find], capture_output=True, text=True, check=True).stdout
    assert found.startswith("[None, None, ModuleSpec(")

    run = snakemake(lite, features=["pixels", "pca"])
    assert run.returncode == 0, run.stdout + run.stderr
    report = (lite.path / "results" / "digits" / "report.html").read_text()
    assert "scikit-learn 1." in report  # the versions that are installed
    assert "tensorflow" not in report.lower()


def test_encoder_in_an_onnx_file_needs_no_tensorflow(lite):
    save_means(lite.path / "means.onnx")
    settings = {"model": "means.onnx", "side": 40, "mean": [0, 0, 0], "std": [1, 1, 1]}
    run = snakemake(lite, features=["pixels", "means"], onnx={"means": settings})
    assert run.returncode == 0, run.stdout + run.stderr
    assert "means" in (lite.path / "results" / "digits" / "comparison.txt").read_text()


@pytest.mark.parametrize(
    ("script", "settings"),
    [
        ("train", {"features": ["autoencoder"], "autoencoder": {"seeds": [0]}}),
        (
            "encode_keras",
            {
                "features": ["other"],
                "keras": {"other": {"model": "other.keras", "side": 40, "mean": [0, 0, 0], "std": [1, 1, 1]}},
            },
        ),
    ],
    ids=["autoencoder", "keras"],
)
def test_what_needs_tensorflow_says_what_to_do_without(lite, script, settings):
    run = snakemake(lite, **settings)
    assert run.returncode == 1
    wanted = (
        f"{script}: error: TensorFlow is not installed; run `make install`, or leave autoencoder and "
        "encoders in Keras files out of `features`"
    )
    assert run.stderr.splitlines().count(wanted) == 1
    assert "Traceback" not in run.stderr
