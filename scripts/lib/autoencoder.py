"""A small convolutional autoencoder: built, trained, and asked for its codes."""

import json
import os
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # before the import: errors only

import keras
import numpy as np
import tensorflow as tf

tf.get_logger().setLevel("ERROR")
# The order of sums, and so the last digits of the weights, would follow the number of threads.
tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)

ATTEMPTS = 5
CODE = "code"  # name of the encoder's last layer


class Epoch(NamedTuple):
    epoch: int
    loss: float  # mean squared error on the training images, gray levels from 0 to 1
    val_loss: float  # the same on the validation images, after the epoch
    seconds: float


class DeadCodeError(Exception):
    """Training ended in a code that says nothing of the image."""


def build(side: int, filters: list[int]) -> keras.Model:
    """An untrained autoencoder for gray images of side x side.

    The encoder has a 3 x 3 convolution (ReLU) and 2 x 2 max pooling for each entry of `filters`;
    the decoder mirrors it with upsampling, and ends in a convolution to one channel (sigmoid).

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
    x = images = keras.Input((side, side, 1))
    for i, n_filters in enumerate(filters):
        x = keras.layers.Conv2D(n_filters, 3, padding="same", activation="relu")(x)
        x = keras.layers.MaxPooling2D(name=CODE if i + 1 == len(filters) else None)(x)
    for n_filters in reversed(filters):
        x = keras.layers.Conv2D(n_filters, 3, padding="same", activation="relu")(x)
        x = keras.layers.UpSampling2D()(x)
    x = keras.layers.Conv2D(1, 3, padding="same", activation="sigmoid")(x)
    return keras.Model(images, x)


def train(
    images: np.ndarray,
    validation: np.ndarray,
    *,
    filters: list[int],
    epochs: int,
    batch_size: int,
    learning_rate: float,
    seed: int,
    log: Callable[[str], None] = print,
) -> tuple[keras.Model, list[Epoch]]:
    """Train an autoencoder to reproduce images (Adam, mean squared error).

    With some initial weights a narrow ReLU code dies: it is the same for every image, gets no
    gradient, and stays so. Training is then begun again from another seed derived from `seed`.

    Parameters
    ----------
    images, validation : (n, side, side) uint8
    log
        Called with a line for each epoch, and for each code that died.

    Raises
    ------
    ValueError
        If the images do not fit the architecture.
    DeadCodeError
        If all attempts ended in a dead code.
    """
    # The mean squared error of answering every image with the mean image.
    baseline = float(np.mean((validation / np.float32(255) - images.mean(axis=0) / 255) ** 2))
    for attempt in range(ATTEMPTS):
        try:
            return _attempt(
                images, validation, filters, epochs, batch_size, learning_rate, [seed, attempt], baseline, log
            )
        except DeadCodeError as error:
            reason = error
            log(f"attempt {attempt + 1} of {ATTEMPTS}: {error}")
    raise DeadCodeError(
        f"none of {ATTEMPTS} attempts from seed {seed} learnt more of the images than their mean, "
        f"at last: {reason}; set more epochs (the fewer the images, the more), more filters, another seed "
        "or another learning rate"
    )


def _attempt(images, validation, filters, epochs, batch_size, learning_rate, seeds, baseline, log):
    keras.utils.set_random_seed(int(np.random.SeedSequence(seeds).generate_state(1)[0]))
    shuffle = np.random.default_rng(seeds)
    model = build(images.shape[1], filters)
    optimizer = keras.optimizers.Adam(learning_rate)
    optimizer.build(model.trainable_variables)
    train_epoch = _epoch_function(model, optimizer, batch_size)
    data = tf.constant(images)
    history = []
    for epoch in range(1, epochs + 1):
        start = time.monotonic()
        loss = float(train_epoch(data, tf.constant(shuffle.permutation(len(images)))))
        reconstructions = _apply(model, validation)
        val_loss = float(np.mean((reconstructions - validation[..., None] / np.float32(255)) ** 2))
        history.append(Epoch(epoch, loss, val_loss, time.monotonic() - start))
        log(f"epoch {epoch} of {epochs}: loss {loss:.6f}, val_loss {val_loss:.6f}, {history[-1].seconds:.1f} s")
        if np.ptp(reconstructions, axis=0).max() == 0:
            raise DeadCodeError("every image gives the same reconstruction, and no gradient can change that")
    if not val_loss < baseline:
        raise DeadCodeError(f"val_loss {val_loss:.6f} is no better than the {baseline:.6f} of the mean image")
    if np.ptp(encode(model, validation), axis=0).max() == 0:
        raise DeadCodeError("the code is the same for every image")
    return model, history


def _epoch_function(model, optimizer, batch_size):
    # An epoch as one compiled loop: the arithmetic of a batch takes less time than a call from Python.
    @tf.function
    def train_epoch(images, order):
        total = 0.0
        for start in tf.range(0, tf.shape(order)[0], batch_size):
            batch = tf.gather(images, order[start : start + batch_size])
            batch = tf.cast(batch, tf.float32)[..., None] / 255
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(model(batch, training=True) - batch))
            gradients = tape.gradient(loss, model.trainable_variables)
            optimizer.apply(gradients, model.trainable_variables)
            total += loss * tf.cast(tf.shape(batch)[0], tf.float32)
        return total / tf.cast(tf.shape(order)[0], tf.float32)

    return train_epoch


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


def encode(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """The code of each image, flattened: float32 (n, d) from uint8 (n, side, side)."""
    codes = _apply(keras.Model(model.input, model.get_layer(CODE).output), images)
    return codes.reshape(len(codes), -1)


def _apply(model: keras.Model, images: np.ndarray, batch_size: int = 1000) -> np.ndarray:
    function = tf.function(lambda batch: model(tf.cast(batch, tf.float32)[..., None] / 255))
    starts = range(0, len(images), batch_size)
    return np.concatenate([function(images[start : start + batch_size]) for start in starts])
