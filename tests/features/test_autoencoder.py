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
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not check or process.returncode == 0, process.stderr
    return process


def training(path, folder, *options):
    """The arguments of train.py."""
    folder.mkdir(exist_ok=True)
    outputs = ["--model", folder / "model.keras", "--history", folder / "history.csv"]
    outputs += ["--summary", folder / "summary.txt", "--examples", folder / "examples.h5"]
    return ["--images", path, *outputs, "--batch-size", 16, "--epochs", 3, *options]


def train(path, folder, *options, check=True, scripts=SCRIPTS):
    """Run train.py: the paths of the model and of the history, and the process."""
    process = script("train", *training(path, folder, *options), check=check, scripts=scripts)
    return folder / "model.keras", folder / "history.csv", process


def test_training_again_gives_the_same_bytes_and_codes_of_images(digits, tmp_path):
    model, history, _ = train(digits, tmp_path / "one")
    again, _, _ = train(digits, tmp_path / "two")
    other, _, _ = train(digits, tmp_path / "other", "--seed", 5)
    assert model.read_bytes() == again.read_bytes() != other.read_bytes()

    epochs = list(csv.DictReader(history.open()))
    assert [epoch["epoch"] for epoch in epochs] == ["1", "2", "3"]
    assert float(epochs[2]["loss"]) < float(epochs[0]["loss"])

    out = tmp_path / "features.h5"
    script("encode_autoencoder", "--images", digits, "--split", "test", "--model", model, "--out", out)
    with h5py.File(digits) as file, h5py.File(out) as codes, h5py.File(model.parent / "examples.h5") as examples:
        assert codes["features"].shape == (len(file["test/images"]), 64)
        assert codes["features"].dtype == np.float32
        assert np.ptp(codes["features"][:], axis=0).max() > 0
        train_images, test_images = (file[split]["images"][:] / 255 for split in ("train", "test"))
        expected = ((test_images - train_images.mean(axis=0)) ** 2).mean()
        assert examples.attrs["mean_image_loss"] == pytest.approx(expected, rel=1e-5)
        rows = np.linspace(0, len(file["test/images"]) - 1, 10).astype(int)
        np.testing.assert_array_equal(examples["images"], file["test/images"][rows])
        np.testing.assert_allclose(examples["codes"][:].reshape(10, 64), codes["features"][rows], atol=1e-6)

    from lib.features import autoencoder

    loaded = autoencoder.load(model)
    assert loaded.count_params() == 126
    # val_loss is what the saved model gives.
    with h5py.File(digits) as file:
        test = file["test/images"][:][..., None] / 255
    loss = np.mean((loaded.predict(test, verbose=0) - test) ** 2)
    assert loss == pytest.approx(float(epochs[2]["val_loss"]), rel=1e-4)


def test_any_side_that_can_be_halved(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "images.h5"
    for side, fits in [(20, True), (30, False), (25, False)]:
        with h5py.File(path, "w") as file:
            for split in ("train", "test"):
                shade = rng.integers(0, 200, (80, 1, 1))
                file[f"{split}/images"] = (shade + rng.integers(0, 50, (80, side, side))).astype(np.uint8)
        _, _, process = train(path, tmp_path / "out", "--learning-rate", 0.01, "--filters", 4, 2, check=False)
        if fits:
            assert process.returncode == 0, process.stderr
        else:
            assert process.returncode == 1
            assert f"{side} x {side}" in process.stderr.splitlines()[-1]
            assert "divisible by 4" in process.stderr.splitlines()[-1]


def test_training_starts_again_after_a_dead_code(digits, tmp_path):
    """With the study's architecture and the weights of Keras, one of the first eight seeds gives a dead code."""
    for seed in range(8):
        options = ["--seed", seed, "--initializer", "glorot_uniform"]
        model, _, process = train(digits, tmp_path / "glorot", *options)
        if "attempt 1 of 5" in process.stderr:
            break
    assert "attempt 1 of 5" in process.stderr
    interrupt(digits, tmp_path / "killed", signal.SIGKILL, *options, epoch=2)
    again, _, process = train(digits, tmp_path / "killed", *options)
    assert "going on after epoch" in process.stderr
    assert again.read_bytes() == model.read_bytes()
    _, _, process = train(digits, tmp_path / "sign_corrected", "--seed", seed)
    assert "attempt" not in process.stderr


@pytest.mark.parametrize(("filters", "channels"), [([3, 1], 1), ([5], 3), ([4, 3, 2], 3)])
def test_training_computes_the_model_that_is_saved(filters, channels):
    """Training does not compute the model as Keras does, but the function and its gradient are the same."""
    from lib.features import autoencoder, autoencoder_training
    from lib.features.keras_import import tf

    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (40, 16, 16, channels), dtype=np.uint8)
    model = autoencoder.build(16, filters, channels=channels)
    x = tf.constant(images, tf.float32) / 255
    weights = [tf.convert_to_tensor(variable) for variable in model.trainable_variables]
    targets = autoencoder_training.space_to_depth(images) / 255
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(weights)
        found = autoencoder_training._reconstruct(weights, x)
        loss = tf.reduce_mean((found - targets) ** 2)
        expected = model(x)
        expected_loss = tf.reduce_mean((expected - x) ** 2)
    np.testing.assert_allclose(
        found, autoencoder_training.space_to_depth(np.asarray(expected)), rtol=1e-5, atol=1e-6
    )
    gradients = zip(
        tape.gradient(loss, weights), tape.gradient(expected_loss, model.trainable_variables), strict=True
    )
    for found, expected in gradients:
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-6)


def test_mixed_precision(digits, tmp_path):
    losses = []
    for mixed in ("false", "true"):
        _, history, _ = train(digits, tmp_path / mixed, "--mixed-precision", mixed, "--learning-rate", 0.01)
        losses.append(float(list(csv.DictReader(history.open()))[-1]["val_loss"]))
    assert losses[0] != losses[1]
    assert losses[0] == pytest.approx(losses[1], rel=0.2)


def test_several_devices_do_what_one_does():
    """Two simulated CPUs stand for two GPUs."""
    code = """
import numpy as np
from lib.features import autoencoder, autoencoder_training
from lib.features.keras_import import keras, tf
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
images = np.random.default_rng(0).integers(0, 256, (50, 8, 8, 1), dtype=np.uint8)
weights = []
for devices in (None, ["CPU:0", "CPU:1"]):
    keras.utils.set_random_seed(0)
    model = autoencoder.build(8, [3, 1])
    trainer = autoencoder_training._Trainer(
        model, images, learning_rate=0.01, batch_size=16, mixed_precision=False, devices=devices
    )
    assert trainer.strategy.num_replicas_in_sync == len(devices or [0])
    for _ in range(3):
        trainer.train_epoch(np.arange(50), lambda n_images, loss: None)
    weights.append(np.concatenate([np.ravel(part) for part in model.trainable_variables]))
np.testing.assert_allclose(*weights, rtol=1e-3, atol=1e-5)
"""
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": str(SCRIPTS)})


def interrupt(path, folder, sent, *options, epoch=1):
    """Start training, and send a signal once an epoch is over and a checkpoint is there."""
    command = [sys.executable, SCRIPTS / "train.py", *map(str, training(path, folder, *options))]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if f"epoch {epoch} of" in line:
            break
    while not (folder / "checkpoint.npz").exists():
        time.sleep(0.001)
    process.send_signal(sent)
    process.communicate()
    assert process.returncode == -sent
    assert not (folder / "model.keras").exists()


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM])
def test_training_continues_where_it_was_killed(digits, tmp_path, sent):
    whole, _, _ = train(digits, tmp_path / "whole")
    for epoch in (1, 2):
        interrupt(digits, tmp_path / "killed", sent, epoch=epoch)
    model, history, process = train(digits, tmp_path / "killed")
    assert "going on after epoch 2" in process.stderr
    assert model.read_bytes() == whole.read_bytes()
    assert [row["epoch"] for row in csv.DictReader(history.open())] == ["1", "2", "3"]
    assert not (tmp_path / "killed" / "checkpoint.npz").exists()


def test_training_continues_after_any_epoch():
    """After the last one too: training may stop before the model is written."""
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
    """Whatever they are, the same attempt gives the same model."""
    code = """
import logging
import numpy as np
from lib.data.digits import digits
from lib.features import autoencoder_training

lines = []
handler = logging.Handler()
handler.emit = lambda record: lines.append(record.getMessage())
logging.basicConfig(level=logging.INFO, handlers=[handler])
train_images, test_images = (digits()[split][0] for split in ("train", "test"))
rng = np.random.default_rng(0)
validations = {
    "real": test_images,
    "noise": rng.integers(0, 256, test_images.shape, np.uint8),
    "one": test_images[:1],
    "all the same": np.zeros_like(test_images),
}
found = {}
for initializer, seed in [("sign_corrected", 0), ("glorot_uniform", 1)]:
    for name, validation in validations.items():
        states = []
        lines.clear()
        model, history = autoencoder_training.train(
            train_images, validation, filters=[3, 1], initializer=initializer, epochs=2, batch_size=16,
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
    """A code is not dead if a single image, far behind the others, has another one."""
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
bias.assign([-5.0])  # only bright images have a code above 0
encoder = autoencoder.compile_output(model, model.get_layer(autoencoder.CODE).output)
assert autoencoder_training._is_constant(encoder, dark[..., None])
assert not autoencoder_training._is_constant(encoder, bright[..., None])
many = np.concatenate([bright[:1] * 0] * 2500 + [bright[:1]] * 2)
assert not autoencoder_training._is_constant(encoder, many[..., None])
"""
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": str(SCRIPTS)})


def test_images_that_are_all_the_same_are_refused(tmp_path):
    path = tmp_path / "images.h5"
    for n in (1, 20):
        with h5py.File(path, "w") as file:
            file["train/images"] = np.full((n, 8, 8), 7, np.uint8)
            file["test/images"] = np.random.default_rng(0).integers(0, 256, (20, 8, 8), np.uint8)
        model, _, process = train(path, tmp_path / "out", check=False)
        assert process.returncode == 1
        assert "all training images are the same" in process.stderr.splitlines()[-1]
        assert not model.exists()


def test_training_waits_for_another_in_its_folder(digits, tmp_path):
    """Snakemake may have been killed while its training lives on."""
    command = [sys.executable, SCRIPTS / "train.py", *training(digits, tmp_path / "shared", "--seed", 1)]
    other = subprocess.Popen([*map(str, command)], stderr=subprocess.PIPE, text=True)
    for line in other.stderr:
        if "epoch 1 of" in line:
            break
    model, _, process = train(digits, tmp_path / "shared")
    assert "waiting for another training" in process.stderr
    other.communicate()
    assert other.returncode == 0
    alone, _, _ = train(digits, tmp_path / "alone")
    assert model.read_bytes() == alone.read_bytes()


def test_checkpoint_of_another_training_is_not_used(digits, tmp_path):
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

    def continues(*options, path=digits, scripts=SCRIPTS):
        folder = tmp_path / "again"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        (folder / "checkpoint.npz").write_bytes(checkpoint)
        _, _, process = train(path, folder, *options, scripts=scripts)
        return "going on" in process.stderr

    assert continues()
    assert not continues("--learning-rate", 0.002)
    assert not continues("--seed", 1)
    assert not continues(path=other)
    assert not continues(scripts=scripts)
    checkpoint = checkpoint[:-100]  # as a full disk may leave it
    assert not continues()


def test_scripts_load_tensorflow_only_where_they_use_it():
    """Jobs without an autoencoder need none, and a wrong argument is told at once."""
    code = """
import runpy, sys
for path in sys.argv[1:]:
    runpy.run_path(path, run_name="imported")
    assert "tensorflow" not in sys.modules, path
"""
    command = [sys.executable, "-c", code, *map(str, sorted(SCRIPTS.glob("*.py")))]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": str(SCRIPTS)})


def test_training_without_an_epoch_is_refused(tmp_path):
    options = ["--images", "x", "--model", "y", "--history", "z", "--summary", "s", "--epochs", "0"]
    process = subprocess.run(
        [sys.executable, SCRIPTS / "train.py", *options], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert process.returncode == 2
    assert process.stderr.endswith("train: error: argument --epochs: 0 is not above 0\n")
