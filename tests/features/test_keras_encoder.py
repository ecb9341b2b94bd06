"""Encoders in Keras files, with small models that are made here."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from lib.base.errors import InputError
from lib.features.image_encoder import Preprocessing

pytestmark = pytest.mark.slow  # TensorFlow takes seconds to import

SCRIPTS = Path(__file__).parents[2] / "scripts"
SIDE = 8
MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.25, 0.5)
IMAGES = np.random.default_rng(1).integers(0, 256, (7, 3, SIDE, SIDE), dtype=np.uint8)


@pytest.fixture(scope="module")
def keras():
    from lib.features.keras_import import keras

    keras.utils.set_random_seed(0)
    return keras


@pytest.fixture
def save_model(keras, tmp_path):
    """Write a.keras: what `first` makes of the images, a convolution `map`, its means `means`, and `features`."""

    def save(*, shape=(None, None, 3), first=(), batch_size=None, dtype=None, inputs=1, nested=False):
        layers = keras.layers
        images = [keras.Input(shape, batch_size=batch_size, name=name) for name in ("images", "more")[:inputs]]
        x = images[0]
        for layer in first:
            x = layer(x)
        body = [
            layers.Conv2D(4, 3, name="map", dtype=dtype),
            layers.GlobalAveragePooling2D(name="means", dtype=dtype),
        ]
        if nested:
            inside = keras.Input(shape)
            body = [keras.Model(inside, body[1](body[0](inside)), name="backbone")]
        for layer in body:
            x = layer(x)
        features = layers.Dense(5, name="features", dtype=dtype)(x)
        model = keras.Model(images, features)
        model.compile("adam", "mse")  # which is not wanted back
        model.save(tmp_path / "a.keras")
        return model

    return save


@pytest.fixture
def encoder(tmp_path):
    from lib.features.keras_encoder import KerasEncoder

    def load(side=SIDE, **options):
        return KerasEncoder(tmp_path / "a.keras", Preprocessing(side, MEAN, STD), **options)

    return load


def prepared(images=IMAGES):
    """What a model gets, (n, side, side, 3)."""
    return ((images.transpose(0, 2, 3, 1) / 255 - MEAN) / STD).astype(np.float32)


@pytest.mark.parametrize(
    ("options", "precision"),
    [
        ({}, 1e-5),
        ({"shape": (SIDE, SIDE, 3)}, 1e-5),
        ({"nested": True}, 1e-5),
        ({"dtype": "mixed_float16"}, 0.02),
        ({"dtype": "mixed_bfloat16"}, 0.1),
    ],
    ids=["any side", "one side", "nested", "float16", "bfloat16"],
)
def test_images_are_encoded_as_keras_does(save_model, encoder, options, precision):
    expected = save_model(**options).predict(prepared(), verbose=0)
    found = encoder().encode(IMAGES)
    assert (found.dtype, found.shape) == (np.float32, (7, 5))
    assert np.ptp(expected, axis=0).min() > 0.1, "images differ"
    np.testing.assert_allclose(found, expected.astype(np.float32), atol=precision)


def test_channels_first(keras, save_model, encoder):
    model = save_model(shape=(3, SIDE, SIDE), first=[keras.layers.Permute((2, 3, 1))])
    expected = model.predict(prepared().transpose(0, 3, 1, 2), verbose=0)
    np.testing.assert_allclose(encoder().encode(IMAGES), expected, atol=1e-5)


def test_batches_of_a_fixed_size_are_filled_up(save_model, encoder):
    model = save_model(batch_size=10)
    assert encoder().fixed_batch_size == 10
    filled = np.concatenate([prepared(), np.zeros((3, SIDE, SIDE, 3), np.float32)])
    np.testing.assert_allclose(encoder().encode(IMAGES), model(filled)[:7], atol=1e-5)


def test_augmentation_and_dropout_rest(keras, save_model, encoder):
    layers = keras.layers
    model = save_model(first=[layers.RandomFlip(), layers.RandomContrast(0.9), layers.Dropout(0.5)])
    found = encoder().encode(IMAGES)
    np.testing.assert_allclose(found, model.predict(prepared(), verbose=0), atol=1e-5)
    assert found.tobytes() == encoder().encode(IMAGES).tobytes()


def test_a_sequential_model(keras, tmp_path, encoder):
    layers = keras.layers
    model = keras.Sequential([keras.Input((SIDE, SIDE, 3)), layers.Flatten(), layers.Dense(5)])
    model.save(tmp_path / "a.keras")
    np.testing.assert_allclose(encoder().encode(IMAGES), model.predict(prepared(), verbose=0), atol=1e-5)


@pytest.mark.parametrize(("nested", "output"), [(False, "means"), (True, "backbone")])
def test_a_layer_by_its_name(keras, save_model, encoder, nested, output):
    model = save_model(nested=nested, first=[keras.layers.Rescaling(2.0)])
    expected = model.get_layer("backbone")(2 * prepared()) if nested else None
    if not nested:
        expected = keras.Model(model.input, model.get_layer("means").output).predict(prepared(), verbose=0)
    found = encoder(output=output).encode(IMAGES)
    assert found.shape == (7, 4)
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("model", "options", "words"),
    [
        ({}, {"output": "logits"}, "has no layer 'logits'; its last ones are images, map, means, features"),
        ({}, {"output": "map"}, r"the output 'map' has the shape \(7, 6, 6, 4\) for 7 images; name one"),
        ({"shape": (16, 16, 3)}, {}, "wants images of side 16, not 8; set `side`"),
        ({"shape": (None, None, 4)}, {}, r"wants images: float32 \(None, None, None, 4\); images alone"),
        ({"inputs": 2}, {}, "wants images: .*; more: .*; images alone"),
    ],
)
def test_models_that_do_not_fit(save_model, encoder, model, options, words):
    save_model(**model)
    with pytest.raises(InputError, match=words) as error:
        encoder(**options).encode(IMAGES)
    assert "\n" not in str(error.value)


def test_a_model_that_fails_on_images_of_this_side(keras, tmp_path, encoder):
    images = keras.Input((None, None, 3))
    keras.Model(images, keras.layers.Conv2D(1, 20)(images)).save(tmp_path / "a.keras")
    with pytest.raises(InputError, match=r"a\.keras fails with images of side 8: ") as error:
        encoder().encode(IMAGES)
    assert "\n" not in str(error.value)


def test_a_model_that_was_never_applied(keras, tmp_path, encoder):
    keras.Sequential([keras.layers.Flatten()]).save(tmp_path / "a.keras")
    with pytest.raises(InputError, match="does not say what it wants"):
        encoder()


@pytest.mark.parametrize("nested", [False, True])
def test_code_in_a_lambda_layer_is_refused_and_not_run(keras, tmp_path, encoder, monkeypatch, nested):
    sign = tmp_path / "run"
    monkeypatch.setenv("SIGN", str(sign))
    layer = keras.layers.Lambda(
        lambda x: __import__("os").makedirs(__import__("os").environ["SIGN"], exist_ok=True) or x
    )
    images = keras.Input((SIDE, SIDE, 3))
    model = keras.Model(images, layer(images))
    if nested:
        outer = keras.Input((SIDE, SIDE, 3))
        model = keras.Model(outer, model(outer))
    model.save(tmp_path / "a.keras")
    sign.rmdir()  # it was run where it was made
    with pytest.raises(InputError, match=r"a\.keras has a Lambda layer, which is Python code") as error:
        encoder()
    assert "\n" not in str(error.value)
    assert not sign.exists()
    keras.saving.load_model(tmp_path / "a.keras", safe_mode=False)(prepared())
    assert sign.exists()


def test_layers_of_ones_own_are_named(keras, tmp_path, encoder):
    class Mine(keras.layers.Layer):
        def call(self, x):
            return x

    images = keras.Input((SIDE, SIDE, 3))
    keras.Model(images, Mine()(images)).save(tmp_path / "a.keras")
    with pytest.raises(InputError, match=r"needs the class 'Mine', which is not of Keras"):
        encoder()


def with_members(path, **members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(name.replace("_", "."), text)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda path: path.write_bytes(b"nothing"), "is no Keras file, or damaged; save the model as .keras"),
        (lambda path: path.write_bytes(path.read_bytes()[:-30]), "is no Keras file, or damaged"),
        (lambda path: with_members(path, a_txt="a"), "is no Keras file, or damaged"),
        (lambda path: with_members(path, config_json="{"), "cannot be read as a Keras model"),
        (lambda path: with_members(path, config_json="{}"), "cannot be read as a Keras model"),
        (lambda path: path.unlink(), "No such file"),
        (lambda path: (path.unlink(), path.mkdir()), "Is a directory"),
    ],
    ids=["bytes", "cut off", "other archive", "no JSON", "no model", "missing", "folder"],
)
def test_files_that_are_no_models(save_model, encoder, tmp_path, change, words):
    save_model()
    change(tmp_path / "a.keras")
    with pytest.raises(InputError, match=f"a.keras.*{words}") as error:
        encoder()
    assert "\n" not in str(error.value)


def script(name, *options):
    command = [sys.executable, SCRIPTS / f"{name}.py", *map(str, options)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """images.h5 of the digits."""
    path = tmp_path_factory.mktemp("digits") / "images.h5"
    run = script("prepare_images", "--format", "digits", "--out", path)
    assert run.returncode == 0, run.stderr
    return path


@pytest.fixture
def encode(digits, tmp_path):
    """Run encode_keras.py on the test images of the digits."""

    def run(*options):
        fixed = ["--format", "digits", "--images", digits, "--split", "test", "--model", tmp_path / "a.keras"]
        fixed += ["--side", 40, "--mean", 0, 0, 0, "--std", 1, 1, 1, "--out", tmp_path / "test.h5"]
        return script("encode_keras", *fixed, *options)

    return run


def test_the_same_bytes_whatever_the_number_of_threads(keras, save_model, encode, tmp_path, digits):
    model = save_model(first=[keras.layers.Conv2D(32, 5, strides=2), keras.layers.BatchNormalization()])
    found = []
    for options in (["--threads", 1], ["--threads", 2], ["--threads", 5, "--batch-size", 64]):
        run = encode(*options)
        assert run.returncode == 0, run.stderr
        found.append((tmp_path / "test.h5").read_bytes())
    assert found[0] == found[1] == found[2]
    with h5py.File(tmp_path / "test.h5") as file:
        features = file["features"][:]
    from PIL import Image

    with h5py.File(digits) as file:
        images = file["test/images"][:]
    larger = [np.asarray(Image.fromarray(image).resize((40, 40), Image.Resampling.BICUBIC)) for image in images]
    x = np.repeat(np.stack(larger)[..., None] / np.float32(255), 3, axis=3)
    np.testing.assert_allclose(features, model.predict(x, verbose=0), atol=1e-5)


def test_features_that_are_not_finite(keras, save_model, encode, tmp_path):
    save_model(first=[keras.layers.Rescaling(float("nan"))])
    run = encode()
    assert run.returncode == 1
    (line,) = (line for line in run.stderr.splitlines() if line.startswith("encode_keras: "))
    where = f"{tmp_path / 'a.keras'}: of the features of images 0 to 63"
    assert (
        line == f"encode_keras: error: {where}, row 0 has a value that is not finite in column 0 (the first is 0)"
    )
    assert "Traceback" not in run.stderr
    assert not (tmp_path / "test.h5").exists()


def test_without_tensorflow_the_script_says_what_to_do(encode, save_model, tmp_path, monkeypatch):
    save_model()
    (tmp_path / "site" / "tensorflow").mkdir(parents=True)
    (tmp_path / "site" / "tensorflow" / "__init__.py").write_text(
        "raise ModuleNotFoundError('No module named tensorflow', name='tensorflow')"
    )
    monkeypatch.setitem(os.environ, "PYTHONPATH", str(tmp_path / "site"))
    run = encode()
    assert run.returncode == 1
    assert "encode_keras: error: TensorFlow is not installed; run `make install`" in run.stderr
    assert "Traceback" not in run.stderr
