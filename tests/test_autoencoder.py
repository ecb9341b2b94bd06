"""The autoencoder, trained for real on the bundled digits."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from lib import images

pytestmark = pytest.mark.slow

SCRIPTS = Path(__file__).parents[1] / "scripts"


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    path = tmp_path_factory.mktemp("digits") / "images.h5"
    script("grayscale", "--format", "digits", "--out", path)
    return path


def script(name, *arguments, check=True):
    command = [sys.executable, SCRIPTS / f"{name}.py", *map(str, arguments)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not check or run.returncode == 0, run.stderr
    return run


def train(path, folder, *options, check=True):
    folder.mkdir(exist_ok=True)
    model, history = folder / "model.keras", folder / "history.csv"
    arguments = ["--images", path, "--model", model, "--history", history, "--batch-size", 16, "--epochs", 3]
    return model, history, script("train", *arguments, *options, check=check)


def test_trained_twice_and_embedded(digits, tmp_path):
    model, history, _ = train(digits, tmp_path / "one")
    again, _, _ = train(digits, tmp_path / "two")
    other, _, _ = train(digits, tmp_path / "other", "--seed", 5)
    assert model.read_bytes() == again.read_bytes() != other.read_bytes()

    rows = list(csv.DictReader(history.open()))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert float(rows[2]["loss"]) < float(rows[0]["loss"])

    script("embed", "--images", digits, "--model", model, "--out", tmp_path / "features.h5")
    with h5py.File(digits) as file, h5py.File(tmp_path / "features.h5") as codes:
        for split in ("train", "test"):
            assert codes[split]["features"].shape == (len(file[split]["images"]), 64)
        assert codes["train/features"].dtype == np.float32
        assert np.ptp(codes["test/features"][:], axis=0).max() > 0

    import keras

    loaded = keras.saving.load_model(model)
    assert loaded.count_params() == 126
    # val_loss is what the saved model gives.
    test = images.digits()["test"][0][..., None] / 255
    loss = np.mean((loaded.predict(test, verbose=0) - test) ** 2)
    assert loss == pytest.approx(float(rows[2]["val_loss"]), rel=1e-4)


def test_any_side_that_can_be_halved(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "images.h5"
    for side, fits in [(20, True), (30, False)]:
        with h5py.File(path, "w") as file:
            for split in ("train", "test"):
                shade = rng.integers(0, 200, (80, 1, 1))
                file[f"{split}/images"] = (shade + rng.integers(0, 50, (80, side, side))).astype(np.uint8)
        _, _, run = train(path, tmp_path / "out", "--learning-rate", 0.01, "--filters", 4, 2, check=False)
        if fits:
            assert run.returncode == 0, run.stderr
        else:
            assert run.returncode == 1
            assert "30 x 30" in run.stderr.splitlines()[-1]
            assert "divisible by 4" in run.stderr.splitlines()[-1]


def test_dead_code_is_begun_again(digits, tmp_path):
    """Among some seeds of the study's architecture one dies; the result is alive all the same."""
    died = 0
    for seed in range(8):
        model, _, run = train(digits, tmp_path / str(seed), "--seed", seed)
        died += "attempt 1 of 5" in run.stderr
        if died:
            break
    assert died
    assert model.exists()


def test_the_clustering_jobs_do_not_import_tensorflow():
    for name in ("cluster", "evaluate", "gather", "compare", "pixels", "grayscale", "download"):
        code = (
            f"import runpy, sys; sys.argv = ['x', '--help']; runpy.run_path('{SCRIPTS / name}.py', run_name='x')"
        )
        code += "; assert 'tensorflow' not in sys.modules"
        subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": str(SCRIPTS)})
