"""A small convolutional autoencoder: built, kept in a file, and asked for its codes."""

import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from lib.features.keras_import import keras, tf
from lib.features.model_file import read_model

CODE = "code"  # name of the encoder's last layer
BATCH = 1000  # images at a time, where nothing is learnt


def build(side: int, filters: list[int], *, channels: int = 1, initializer: str = "sign_corrected") -> keras.Model:
    """An untrained autoencoder for images of side x side.

    The encoder has a 3 x 3 convolution (ReLU) and 2 x 2 max pooling for each entry of `filters`;
    the decoder mirrors it with upsampling, and ends in a convolution to the image's channels (sigmoid).

    Parameters
    ----------
    initializer : "sign_corrected" or "glorot_uniform"
        Glorot & Bengio 2010, as Keras does it; or the same weights, but with the sign of each filter such
        that they sum to 0 or more. Images and codes are not negative, so a filter with a negative sum is
        likely to answer 0 to all of them, and a layer of such filters is dead from the start.

    Raises
    ------
    ValueError
        If the side cannot be halved as often as there are filters.
    """
    if side % 2 ** len(filters):
        raise ValueError(
            f"images of {side} x {side} cannot be halved {len(filters)} times, as filters {filters} ask for; "
            f"the side should be divisible by {2 ** len(filters)}"
        )
    x = images = keras.Input((side, side, channels))
    for i, n_filters in enumerate(filters):
        x = keras.layers.Conv2D(n_filters, 3, padding="same", activation="relu")(x)
        x = keras.layers.MaxPooling2D(name=CODE if i + 1 == len(filters) else None)(x)
    for n_filters in reversed(filters):
        x = keras.layers.Conv2D(n_filters, 3, padding="same", activation="relu")(x)
        x = keras.layers.UpSampling2D()(x)
    x = keras.layers.Conv2D(channels, 3, padding="same", activation="sigmoid")(x)
    model = keras.Model(images, x)
    if initializer == "sign_corrected":
        for kernel in model.trainable_variables[:-2:2]:
            kernel.assign(kernel * np.where(np.sum(kernel, axis=(0, 1, 2)) < 0, -1, 1))
    return model


def save(model: keras.Model, path: Path) -> None:
    """Write a model as .keras, without the times and addresses in it: the same weights are the same bytes."""
    model.save(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            if name.endswith(".json"):
                data = json.dumps(json.loads(data, object_hook=_without_chance)).encode()
            archive.writestr(zipfile.ZipInfo(name), data)


def _without_chance(entries: dict) -> dict:
    return {key: value for key, value in entries.items() if key not in ("date_saved", "shared_object_id")}


def load(path: Path) -> keras.Model:
    """The model of a .keras file."""
    return read_model(path, keras.saving.load_model)


def encode(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """The code of each image, flattened: float32 (n, d) from uint8 images as for `train`."""
    codes_of = compile_output(model, model.get_layer(CODE).output)
    codes = np.concatenate([codes_of(part) for part in in_batches(with_channels(images))])
    return codes.reshape(len(codes), -1)


def decode(model: keras.Model, codes: np.ndarray) -> np.ndarray:
    """The image that is made of each code: float32 (n, side, side[, 3]), 0 to 1, from codes as of `encode`."""
    code = model.get_layer(CODE).output
    images = keras.Model(code, model.output)(codes.reshape(-1, *code.shape[1:])).numpy()
    return images[..., 0] if images.shape[3] == 1 else images


def encode_and_reconstruct(model: keras.Model, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The codes (n, height, width, channels) of images, and the images that are made of them, from 0 to 1."""
    codes, reconstructions = compile_output(model, [model.get_layer(CODE).output, model.output])(
        with_channels(images)
    )
    return codes.numpy(), reconstructions.numpy()


def compile_output(model: keras.Model, outputs) -> Callable:
    part = keras.Model(model.input, outputs)
    return tf.function(lambda images: part(tf.cast(images, tf.float32) / 255))


def with_channels(images: np.ndarray) -> np.ndarray:
    return images.reshape(*images.shape[:3], -1)


def in_batches(images: np.ndarray) -> Iterator[np.ndarray]:
    return (images[start : start + BATCH] for start in range(0, len(images), BATCH))
