"""A small convolutional autoencoder: how it is built, saved, and applied to images.

In comments on shapes, n is the number of images, and s their side.
"""

import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from lib.features.keras_import import keras, tf
from lib.features.model_file import read_model

CODE = "code"  # name of the encoder's last layer
BATCH = 1000  # images at a time, where nothing is learned


def build(side: int, filters: list[int], *, channels: int = 1, initializer: str = "sign_corrected") -> keras.Model:
    """An untrained autoencoder for images of side x side: (n, side, side, channels) to the same, both from 0 to 1.

    The encoder has a 3 x 3 convolution (ReLU) and 2 x 2 max pooling for each entry of `filters`. The decoder
    mirrors it with upsampling, and ends in a convolution to the image's channels (sigmoid).

    Parameters
    ----------
    side
        Of the images, in pixels.
    filters
        Number of filters of each convolution of the encoder.
    channels
        1 for gray images, 3 for colours.
    initializer : "sign_corrected" or "glorot_uniform"
        Glorot & Bengio 2010, as in Keras; or the same weights, but with the sign of each filter such that its
        weights have a sum of 0 or more. Images and codes are not negative, so a filter with a negative sum is
        likely to answer 0 to all of them, and a layer of such filters is dead from the start.

    Raises
    ------
    ValueError
        If the side cannot be halved as often as there are filters.

    Examples
    --------
    >>> model = build(32, [3, 1])
    >>> model.get_layer(CODE).output.shape, model.count_params()
    ((None, 8, 8, 1), 126)
    """
    if side % 2 ** len(filters):
        raise ValueError(
            f"images of {side} x {side} cannot be halved {len(filters)} times, as filters {filters} ask for; "
            f"the side should be divisible by {2 ** len(filters)}"
        )
    x = images = keras.Input((side, side, channels))  # (n, s, s, channels)
    for i, n_filters in enumerate(filters):
        x = keras.layers.Conv2D(n_filters, 3, padding="same", activation="relu")(x)  # (n, s, s, n_filters)
        x = keras.layers.MaxPooling2D(name=CODE if i + 1 == len(filters) else None)(x)  # (n, s/2, s/2, n_filters)
    for n_filters in reversed(filters):
        x = keras.layers.Conv2D(n_filters, 3, padding="same", activation="relu")(x)  # (n, s, s, n_filters)
        x = keras.layers.UpSampling2D()(x)  # (n, 2s, 2s, n_filters)
    x = keras.layers.Conv2D(channels, 3, padding="same", activation="sigmoid")(x)  # (n, side, side, channels)
    model = keras.Model(images, x)
    if initializer == "sign_corrected":
        for kernel in model.trainable_variables[:-2:2]:  # (3, 3, n_inputs, n_filters) of all layers but the last
            kernel.assign(kernel * np.where(np.sum(kernel, axis=(0, 1, 2)) < 0, -1, 1))
    return model


def save(model: keras.Model, path: Path) -> None:
    """Write a model as a .keras file. The same weights give the same bytes: times and addresses are left out.

    Examples
    --------
    >>> model = build(8, [1])
    >>> save(model, Path("one.keras"))
    >>> save(model, Path("two.keras"))
    >>> Path("one.keras").read_bytes() == Path("two.keras").read_bytes()
    True
    """
    model.save(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            if name.endswith(".json"):
                data = json.dumps(json.loads(data, object_hook=_without_times_and_addresses)).encode()
            archive.writestr(zipfile.ZipInfo(name), data)


def _without_times_and_addresses(entries: dict) -> dict:
    return {key: value for key, value in entries.items() if key not in ("date_saved", "shared_object_id")}


def load(path: Path) -> keras.Model:
    """The model of a .keras file.

    Raises
    ------
    InputError
        If the file cannot be read, or is damaged.

    Examples
    --------
    >>> save(build(8, [1]), Path("model.keras"))
    >>> load(Path("model.keras")).input_shape
    (None, 8, 8, 1)
    """
    return read_model(path, keras.saving.load_model)


def encode(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """The code of each image, flattened: float32 (n, d).

    Parameters
    ----------
    model
        An autoencoder.
    images : (n, side, side) or (n, side, side, 3) uint8

    Examples
    --------
    >>> encode(build(8, [3, 1]), np.zeros((5, 8, 8), np.uint8)).shape
    (5, 4)
    """
    encoder = compile_output(model, model.get_layer(CODE).output)
    codes = np.concatenate([encoder(batch) for batch in in_batches(with_channels(images))])  # (n, h, w, channels)
    return codes.reshape(len(codes), -1)  # (n, h * w * channels)


def decode(model: keras.Model, codes: np.ndarray) -> np.ndarray:
    """The image that the decoder makes of each code: float32 (n, side, side) or (n, side, side, 3), from 0 to 1.

    Parameters
    ----------
    model
        An autoencoder.
    codes : (n, d)
        Flattened, as `encode` returns them.

    Examples
    --------
    >>> decode(build(8, [3, 1]), np.zeros((5, 4), np.float32)).shape
    (5, 8, 8)
    """
    code = model.get_layer(CODE).output
    decoder = keras.Model(code, model.output)
    images = decoder(codes.reshape(-1, *code.shape[1:])).numpy()  # (n, h, w, c) to (n, side, side, channels)
    return images[..., 0] if images.shape[3] == 1 else images


def encode_and_reconstruct(model: keras.Model, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The codes of images and their reconstructions.

    Codes are float32 (n, h, w, c), reconstructions float32 (n, side, side, channels), from 0 to 1.

    Parameters
    ----------
    model
        An autoencoder.
    images : (n, side, side) or (n, side, side, 3) uint8

    Examples
    --------
    >>> codes, reconstructions = encode_and_reconstruct(build(8, [3, 1]), np.zeros((5, 8, 8), np.uint8))
    >>> codes.shape, reconstructions.shape
    ((5, 2, 2, 1), (5, 8, 8, 1))
    """
    codes, reconstructions = compile_output(model, [model.get_layer(CODE).output, model.output])(
        with_channels(images)
    )
    return codes.numpy(), reconstructions.numpy()


def compile_output(model: keras.Model, outputs: tf.Tensor | list[tf.Tensor]) -> Callable:
    """A compiled function from uint8 images, (n, side, side, channels), to outputs of a model's layers.

    Parameters
    ----------
    model
        An autoencoder.
    outputs
        One output of its layers, or several of them.

    Examples
    --------
    >>> model = build(8, [3, 1])
    >>> encoder = compile_output(model, model.get_layer(CODE).output)
    >>> encoder(np.zeros((5, 8, 8, 1), np.uint8)).shape
    TensorShape([5, 2, 2, 1])
    """
    submodel = keras.Model(model.input, outputs)
    return tf.function(lambda images: submodel(tf.cast(images, tf.float32) / 255))


def with_channels(images: np.ndarray) -> np.ndarray:
    """Images with an axis of channels: (n, side, side) or (n, side, side, 3) to (n, side, side, channels).

    Examples
    --------
    >>> with_channels(np.zeros((5, 8, 8))).shape
    (5, 8, 8, 1)
    """
    return images.reshape(*images.shape[:3], -1)


def in_batches(images: np.ndarray) -> Iterator[np.ndarray]:
    """Images, `BATCH` at a time.

    Examples
    --------
    >>> [len(batch) for batch in in_batches(np.zeros((2500, 1, 1)))]
    [1000, 1000, 500]
    """
    return (images[start : start + BATCH] for start in range(0, len(images), BATCH))
