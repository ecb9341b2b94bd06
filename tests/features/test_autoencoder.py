"""The autoencoder, trained for real on the bundled digits."""

import csv
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

pytestmark = pytest.mark.slow

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    path = tmp_path_factory.mktemp("digits") / "images.h5"
    script("prepare_images", "--format", "digits", "--out", path)
    return path


def script(name, *arguments, check=True, scripts=SCRIPTS):
    command = [sys.executable, scripts / f"{name}.py", *map(str, arguments)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not check or run.returncode == 0, run.stderr
    return run


def training(path, folder, *options):
    """The arguments of train.py."""
    folder.mkdir(exist_ok=True)
    outputs = ["--model", folder / "model.keras", "--history", folder / "history.csv"]
    outputs += ["--summary", folder / "summary.txt", "--examples", folder / "examples.h5"]
    return ["--images", path, *outputs, "--batch-size", 16, "--epochs", 3, *options]


def train(path, folder, *options, check=True, scripts=SCRIPTS):
    run = script("train", *training(path, folder, *options), check=check, scripts=scripts)
    return folder / "model.keras", folder / "history.csv", run


def test_trained_twice_and_embedded(digits, tmp_path):
    model, history, _ = train(digits, tmp_path / "one")
    again, _, _ = train(digits, tmp_path / "two")
    other, _, _ = train(digits, tmp_path / "other", "--seed", 5)
    assert model.read_bytes() == again.read_bytes() != other.read_bytes()

    rows = list(csv.DictReader(history.open()))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert float(rows[2]["loss"]) < float(rows[0]["loss"])

    out = tmp_path / "features.h5"
    script("encode_autoencoder", "--images", digits, "--split", "test", "--model", model, "--out", out)
    with h5py.File(digits) as file, h5py.File(out) as codes, h5py.File(model.parent / "examples.h5") as examples:
        assert codes["features"].shape == (len(file["test/images"]), 64)
        assert codes["features"].dtype == np.float32
        assert np.ptp(codes["features"][:], axis=0).max() > 0
        learnt, unseen = (file[split]["images"][:] / 255 for split in ("train", "test"))
        expected = ((unseen - learnt.mean(axis=0)) ** 2).mean()
        assert examples.attrs["mean_image_loss"] == pytest.approx(expected, rel=1e-5)
        some = np.linspace(0, len(file["test/images"]) - 1, 10).astype(int)
        np.testing.assert_array_equal(examples["images"], file["test/images"][some])
        np.testing.assert_allclose(examples["codes"][:].reshape(10, 64), codes["features"][some], atol=1e-6)

    from lib.features import autoencoder

    loaded = autoencoder.load(model)
    assert loaded.count_params() == 126
    # val_loss is what the saved model gives.
    with h5py.File(digits) as file:
        test = file["test/images"][:][..., None] / 255
    loss = np.mean((loaded.predict(test, verbose=0) - test) ** 2)
    assert loss == pytest.approx(float(rows[2]["val_loss"]), rel=1e-4)


def test_any_side_that_can_be_halved(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "images.h5"
    for side, fits in [(20, True), (30, False), (25, False)]:
        with h5py.File(path, "w") as file:
            for split in ("train", "test"):
                shade = rng.integers(0, 200, (80, 1, 1))
                file[f"{split}/images"] = (shade + rng.integers(0, 50, (80, side, side))).astype(np.uint8)
        _, _, run = train(path, tmp_path / "out", "--learning-rate", 0.01, "--filters", 4, 2, check=False)
        if fits:
            assert run.returncode == 0, run.stderr
        else:
            assert run.returncode == 1
            assert f"{side} x {side}" in run.stderr.splitlines()[-1]
            assert "divisible by 4" in run.stderr.splitlines()[-1]


def test_dead_code_is_begun_again(digits, tmp_path):
    """Among some seeds of the study's architecture one dies; the result is alive all the same."""
    for seed in range(8):
        options = ["--seed", seed, "--initializer", "glorot_uniform"]
        model, _, run = train(digits, tmp_path / "glorot", *options)
        if "attempt 1 of 5" in run.stderr:
            break
    assert "attempt 1 of 5" in run.stderr
    interrupt(digits, tmp_path / "killed", signal.SIGKILL, *options, on_epoch_end=2)
    again, _, run = train(digits, tmp_path / "killed", *options)
    assert "going on after epoch" in run.stderr
    assert again.read_bytes() == model.read_bytes()
    _, _, run = train(digits, tmp_path / "sign_corrected", "--seed", seed)
    assert "attempt" not in run.stderr


@pytest.mark.parametrize(("filters", "channels"), [([3, 1], 1), ([5], 3), ([4, 3, 2], 3)])
def test_training_sees_the_model_that_is_saved(filters, channels):
    """What is trained is not computed as Keras does it, but is the same function with the same gradient."""
    from lib.features import autoencoder, autoencoder_training
    from lib.features.keras_import import tf

    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (40, 16, 16, channels), dtype=np.uint8)
    model = autoencoder.build(16, filters, channels=channels)
    x = tf.constant(pictures, tf.float32) / 255
    weights = [tf.convert_to_tensor(variable) for variable in model.trainable_variables]
    targets = autoencoder_training.space_to_depth(pictures) / 255
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(weights)
        arranged = autoencoder_training._reconstruct(weights, x)
        loss = tf.reduce_mean((arranged - targets) ** 2)
        plain = model(x)
        plain_loss = tf.reduce_mean((plain - x) ** 2)
    np.testing.assert_allclose(
        arranged, autoencoder_training.space_to_depth(np.asarray(plain)), rtol=1e-5, atol=1e-6
    )
    theirs = tape.gradient(plain_loss, model.trainable_variables)
    for own, their in zip(tape.gradient(loss, weights), theirs, strict=True):
        np.testing.assert_allclose(own, their, rtol=1e-3, atol=1e-6)


def test_mixed_precision(digits, tmp_path):
    losses = []
    for mixed in ("false", "true"):
        _, history, _ = train(digits, tmp_path / mixed, "--mixed-precision", mixed, "--learning-rate", 0.01)
        losses.append(float(list(csv.DictReader(history.open()))[-1]["val_loss"]))
    assert losses[0] != losses[1]
    assert losses[0] == pytest.approx(losses[1], rel=0.2)


def test_several_devices_do_what_one_does():
    """Two CPUs stand in for two GPUs."""
    code = """
import numpy as np
from lib.features import autoencoder, autoencoder_training
from lib.features.keras_import import keras, tf
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
pictures = np.random.default_rng(0).integers(0, 256, (50, 8, 8, 1), dtype=np.uint8)
weights = []
for devices in (None, ["CPU:0", "CPU:1"]):
    keras.utils.set_random_seed(0)
    model = autoencoder.build(8, [3, 1])
    trainer = autoencoder_training._Trainer(
        model, pictures, learning_rate=0.01, batch_size=16, mixed_precision=False, devices=devices
    )
    assert trainer.strategy.num_replicas_in_sync == len(devices or [0])
    for _ in range(3):
        trainer.epoch(np.arange(50), lambda n_images, loss: None)
    weights.append(np.concatenate([np.ravel(part) for part in model.trainable_variables]))
np.testing.assert_allclose(*weights, rtol=1e-3, atol=1e-5)
"""
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": str(SCRIPTS)})


def interrupt(path, folder, how, *options, on_epoch_end=1):
    """Stop training some time after an epoch."""
    command = [sys.executable, SCRIPTS / "train.py", *map(str, training(path, folder, *options))]
    run = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    for line in run.stderr:
        if f"epoch {on_epoch_end} of" in line:
            break
    while not (folder / "checkpoint.npz").exists():
        time.sleep(0.001)
    run.send_signal(how)
    run.communicate()
    assert run.returncode == -how
    assert not (folder / "model.keras").exists()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_training_goes_on_where_it_was_killed(digits, tmp_path, how):
    whole, _, _ = train(digits, tmp_path / "whole")
    for on_epoch_end in (1, 2):
        interrupt(digits, tmp_path / "killed", how, on_epoch_end=on_epoch_end)
    model, history, run = train(digits, tmp_path / "killed")
    assert "going on after epoch 2" in run.stderr
    assert model.read_bytes() == whole.read_bytes()
    assert [row["epoch"] for row in csv.DictReader(history.open())] == ["1", "2", "3"]
    assert not (tmp_path / "killed" / "checkpoint.npz").exists()


def test_training_goes_on_after_any_epoch():
    """The last one too: it was stopped when the model was not written yet."""
    code = """
import numpy as np
from lib.features import autoencoder, autoencoder_training

images = np.random.default_rng(0).integers(0, 256, (60, 16, 16), np.uint8)
states = []

def train(state):
    model, history = autoencoder_training.train(
        images[:50], images[50:], filters=[4, 2], initializer="sign_corrected", epochs=3, batch_size=10,
        learning_rate=0.01, seed=0, state=state, on_epoch_end=states.append)
    losses = [(epoch.loss, epoch.val_loss) for epoch in history]
    return losses, [np.asarray(part).tobytes() for part in model.trainable_variables]

whole = train(None)
assert len(states) == 3
for state in states[:3]:
    assert train(state) == whole, len(state.history)
"""
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": str(SCRIPTS)})


def test_validation_images_decide_nothing():
    """Whatever they are, the same attempt gives the same model: as long as the training images can be learnt."""
    code = """
import logging
import numpy as np
from lib.data.digits import digits
from lib.features import autoencoder_training

lines = []
handler = logging.Handler()
handler.emit = lambda record: lines.append(record.getMessage())
logging.basicConfig(level=logging.INFO, handlers=[handler])
learnt, unseen = (digits()[split][0] for split in ("train", "test"))
rng = np.random.default_rng(0)
validations = {
    "real": unseen,
    "noise": rng.integers(0, 256, unseen.shape, np.uint8),
    "one": unseen[:1],
    "all the same": np.zeros_like(unseen),
}
found = {}
for initializer, seed in [("sign_corrected", 0), ("glorot_uniform", 1)]:
    for name, validation in validations.items():
        states = []
        lines.clear()
        model, history = autoencoder_training.train(
            learnt, validation, filters=[3, 1], initializer=initializer, epochs=2, batch_size=16,
            learning_rate=0.002, seed=seed, on_epoch_end=states.append)
        weights = [np.asarray(part).tobytes() for part in model.trainable_variables]
        attempts = [line for line in lines if line.startswith("attempt")]
        losses = [epoch.loss for epoch in history]
        found[name] = weights, attempts, losses, [state.attempt for state in states]
        print(initializer, name, attempts, history[-1].val_loss)
    assert bool(attempts) == (initializer == "glorot_uniform"), "another seed is needed"
    assert all(result == found["real"] for result in found.values())
"""
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": str(SCRIPTS)})


def test_one_image_with_another_code_is_enough():
    code = """
import numpy as np
from lib.features import autoencoder, autoencoder_training

rng = np.random.default_rng(0)
dark = rng.integers(0, 2, (50, 8, 8), np.uint8)
bright = rng.integers(200, 256, (1500, 8, 8), np.uint8)
model = autoencoder.build(8, [1])
for variable in model.trainable_variables:
    variable.assign(np.ones_like(variable))
kernel, bias = model.trainable_variables[:2]
bias.assign([-5.0])  # only of bright images the code is above 0
encoder = autoencoder.compile_output(model, model.get_layer(autoencoder.CODE).output)
assert autoencoder_training._same_for_all(encoder, dark[..., None])
assert not autoencoder_training._same_for_all(encoder, bright[..., None])
# One image that differs, far behind the others, is enough.
many = np.concatenate([bright[:1] * 0] * 2500 + [bright[:1]] * 2)
assert not autoencoder_training._same_for_all(encoder, many[..., None])
"""
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": str(SCRIPTS)})


def test_images_that_are_all_the_same_are_refused(tmp_path):
    path = tmp_path / "images.h5"
    for n in (1, 20):
        with h5py.File(path, "w") as file:
            file["train/images"] = np.full((n, 8, 8), 7, np.uint8)
            file["test/images"] = np.random.default_rng(0).integers(0, 256, (20, 8, 8), np.uint8)
        model, _, run = train(path, tmp_path / "out", check=False)
        assert run.returncode == 1
        assert "all training images are the same" in run.stderr.splitlines()[-1]
        assert not model.exists()


def test_training_waits_for_another_in_its_place(digits, tmp_path):
    """As when Snakemake was killed and its job lives on."""
    command = [sys.executable, SCRIPTS / "train.py", *training(digits, tmp_path / "place", "--seed", 1)]
    other = subprocess.Popen([*map(str, command)], stderr=subprocess.PIPE, text=True)
    for line in other.stderr:
        if "epoch 1 of" in line:
            break
    model, _, run = train(digits, tmp_path / "place")
    assert "waiting for another training" in run.stderr
    other.communicate()
    assert other.returncode == 0
    alone, _, _ = train(digits, tmp_path / "alone")
    assert model.read_bytes() == alone.read_bytes()


def test_checkpoint_of_something_else_is_not_picked_up(digits, tmp_path):
    interrupt(digits, tmp_path / "killed", signal.SIGKILL)
    checkpoint = (tmp_path / "killed" / "checkpoint.npz").read_bytes()

    other = tmp_path / "other.h5"
    shutil.copy(digits, other)
    with h5py.File(other, "r+") as file:
        file["train/images"][0, 0, 0] ^= 1
    scripts = tmp_path / "scripts"
    shutil.copytree(SCRIPTS, scripts)
    code = scripts / "lib" / "features" / "autoencoder_training.py"
    code.write_text(code.read_text().replace("tf.square(", "1.0 * tf.square("))

    def goes_on(*options, path=digits, scripts=SCRIPTS):
        folder = tmp_path / "again"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        (folder / "checkpoint.npz").write_bytes(checkpoint)
        _, _, run = train(path, folder, *options, scripts=scripts)
        return "going on" in run.stderr

    assert goes_on()
    assert not goes_on("--learning-rate", 0.002)
    assert not goes_on("--seed", 1)
    assert not goes_on(path=other)
    assert not goes_on(scripts=scripts)
    checkpoint = checkpoint[:-100]  # as a full disk might leave it
    assert not goes_on()


def test_the_clustering_jobs_do_not_import_tensorflow():
    for name in (
        "cluster",
        "evaluate",
        "collect_scores",
        "compare",
        "pixels",
        "pca",
        "learn_dictionary",
        "patches",
        "learn_invariant",
        "views",
        "prepare_images",
        "download",
        "draw_autoencoder",
    ):
        code = (
            f"import runpy, sys; sys.argv = ['x', '--help']; runpy.run_path('{SCRIPTS / name}.py', run_name='x')"
        )
        code += "; assert 'tensorflow' not in sys.modules"
        subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": str(SCRIPTS)})


def test_training_without_an_epoch_is_refused(tmp_path):
    options = ["--images", "x", "--model", "y", "--history", "z", "--summary", "s", "--epochs", "0"]
    run = subprocess.run(
        [sys.executable, SCRIPTS / "train.py", *options], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert run.returncode == 2
    assert run.stderr.endswith("train: error: argument --epochs: 0 is not above 0\n")
