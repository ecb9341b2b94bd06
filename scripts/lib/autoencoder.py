"""A small convolutional autoencoder: built, trained, and asked for its codes."""

import gc
import json
import os
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lib.cli import InputError

# Before the import: errors only, and convolutions by oneDNN also where TensorFlow leaves it off, as on a processor
# without AVX-512, where so few filters took three times as long.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
# Keras takes three seconds to load and one to be cleared away. Half of the first goes into packages that it also
# loads where they are installed, for parts of it that are not used here; most of the rest into collecting garbage
# where there is none.
hidden = {"matplotlib", "pandas", "PIL", "scipy", "sklearn"} - sys.modules.keys()
sys.modules.update(dict.fromkeys(hidden))
gc.disable()
try:
    import keras
    import tensorflow as tf
except ModuleNotFoundError as error:
    if error.name not in ("keras", "tensorflow"):
        raise
    mend = "run `make install`, or leave autoencoder out of `features`"
    raise InputError(f"TensorFlow is not installed; {mend}") from None
finally:
    gc.enable()
    gc.freeze()
    for name in hidden:
        del sys.modules[name]

tf.get_logger().setLevel("ERROR")
# The order of sums, and so the last digits of the weights, would follow the number of threads.
tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)

ATTEMPTS = 5
CODE = "code"  # name of the encoder's last layer
BATCHES = 100  # between two reports of progress
BATCH = 1000  # images at a time, where nothing is learnt


class Epoch(NamedTuple):
    epoch: int
    loss: float  # mean squared error on the training images, gray levels from 0 to 1
    val_loss: float  # the same on the validation images, after the epoch
    seconds: float


class State(NamedTuple):
    """What training needs to go on after an epoch."""

    attempt: int
    variables: list[np.ndarray]  # the weights, and all that the optimizer remembers
    history: list[Epoch]


class DeadCodeError(Exception):
    """Training ended in a code that says nothing of the image."""


def build(side: int, filters: list[int], *, channels: int = 1, initializer: str = "upright") -> keras.Model:
    """An untrained autoencoder for images of side x side.

    The encoder has a 3 x 3 convolution (ReLU) and 2 x 2 max pooling for each entry of `filters`;
    the decoder mirrors it with upsampling, and ends in a convolution to the image's channels (sigmoid).

    Parameters
    ----------
    initializer : "upright" or "glorot_uniform"
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
    if initializer == "upright":
        for kernel in model.trainable_variables[:-2:2]:
            kernel.assign(kernel * np.where(np.sum(kernel, axis=(0, 1, 2)) < 0, -1, 1))
    return model


def train(
    images: np.ndarray,
    validation: np.ndarray,
    *,
    filters: list[int],
    initializer: str,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    mixed_precision: bool = False,
    seed: int,
    state: State | None = None,
    after_epoch: Callable[[State], None] = lambda state: None,
    after_batches: Callable[[int, float], None] = lambda n_images, loss: None,
    log: Callable[[str], None] = print,
) -> tuple[keras.Model, list[Epoch]]:
    """Train an autoencoder to reproduce images (Adam, mean squared error).

    On the CPU in one thread, or on a GPU if there is one; several share each batch.

    A narrow ReLU code may die: it is the same for every image, gets no gradient, and stays so.
    Training is then begun again from another seed derived from `seed`. Whether it is dead, the training images
    say; the validation images decide nothing.

    Parameters
    ----------
    images, validation : (n, side, side) or, in colour, (n, side, side, 3) uint8
        To learn from, and to measure `val_loss` of.
    filters, initializer
        As for `build`.
    mixed_precision
        Compute in bfloat16; the weights stay float32.
    state
        Go on from there; of the same images and settings.
    after_epoch
        Called with the state after each epoch.
    after_batches
        Called now and then with how many images of the epoch are done, and their mean loss.
    log
        Called with a line for each epoch, and for each code that died.

    Raises
    ------
    ValueError
        If the images do not fit the architecture, or are all the same.
    DeadCodeError
        If all attempts ended in a dead code.
    """
    images, validation = _with_channels(images), _with_channels(validation)
    if (images == images[0]).all():
        raise ValueError("all training images are the same, and nothing can be learnt of them; take others")
    for attempt in range(state.attempt if state else 0, ATTEMPTS):
        keras.utils.clear_session()  # or the numbers in names of layers would go on
        keras.utils.set_random_seed(int(np.random.SeedSequence([seed, attempt]).generate_state(1)[0]))
        model = build(images.shape[1], filters, channels=images.shape[3], initializer=initializer)
        trainer = _Trainer(
            model,
            images,
            learning_rate=learning_rate,
            batch_size=batch_size,
            mixed_precision=mixed_precision,
        )
        history = []
        if state:
            trainer.variables = state.variables
            history = state.history
        try:
            for epoch in range(len(history) + 1, epochs + 1):
                start = time.monotonic()
                order = np.random.default_rng([seed, attempt, epoch]).permutation(len(images))
                loss = trainer.epoch(order, after_batches)
                val_loss = _loss(trainer.reconstruct, validation)
                seconds = time.monotonic() - start
                history = [*history, Epoch(epoch, loss, val_loss, seconds)]
                if _same_for_all(trainer.reconstruct, images):
                    raise DeadCodeError(
                        "every image gives the same reconstruction, and no gradient can change that"
                    )
                after_epoch(State(attempt, trainer.variables, history))
                log(f"epoch {epoch} of {epochs}: loss {loss:.6f}, val_loss {val_loss:.6f}, {seconds:.1f} s")
            _check_alive(model, trainer, images)
        except DeadCodeError as error:
            reason = error
            state = None
            log(f"attempt {attempt + 1} of {ATTEMPTS}: {error}")
        else:
            return model, history
    raise DeadCodeError(
        f"none of {ATTEMPTS} attempts from seed {seed} learnt more of the images than their mean, "
        f"at last: {reason}; set more epochs (the fewer the images, the more), more filters, another seed "
        "or another learning rate"
    )


def mean_image_loss(images: np.ndarray, validation: np.ndarray) -> float:
    """The mean squared error of answering every validation image with the mean of the others, as loss is."""
    mean = images.mean(axis=0)
    total = sum(float(np.square(part - mean).sum()) for part in _parts(validation))
    return total / validation.size / 255**2


def _check_alive(model, trainer, images):
    # Not the loss of the last epoch: it is of all that the weights were in its course.
    loss, n = _loss(trainer.reconstruct, images), len(images)
    # Each image answered with the mean of the others: in the mean of all it has a part itself.
    baseline = mean_image_loss(images, images) * (n / (n - 1)) ** 2
    if not loss < baseline:
        raise DeadCodeError(f"a loss of {loss:.6f} is no better than the {baseline:.6f} of the mean image")
    if _same_for_all(_compiled(model, model.get_layer(CODE).output), images):
        raise DeadCodeError("the code is the same for every image")


def _loss(reconstruct: Callable, images: np.ndarray) -> float:
    """The mean squared error of reconstructions, as `_phases` arranges them, gray levels from 0 to 1."""
    total = 0.0
    for part in _parts(images):
        errors = reconstruct(part) - _phases(part) / np.float32(255)
        total += float(np.sum(np.square(errors), dtype=np.float64))
    return total / images.size


def _same_for_all(function: Callable, images: np.ndarray) -> bool:
    """Whether a function gives the same for every image. As soon as two differ, no others are looked at."""
    # Only within each part: the last digits may follow how many images there are at a time.
    return all(np.ptp(function(part), axis=0).max() == 0 for part in _parts(images))


def _parts(images: np.ndarray) -> Iterator[np.ndarray]:
    return (images[start : start + BATCH] for start in range(0, len(images), BATCH))


class _Trainer:
    """Trains a model with Adam by epochs of compiled loops.

    The arithmetic of a batch takes less time than Keras around it: all weights are one variable for the
    optimizer, many batches are one call, and convolutions after upsampling are done before it.
    """

    def __init__(self, model, images, *, learning_rate, batch_size, mixed_precision, devices=None):
        self.model = model
        self.batch_size = batch_size
        # Of float16's size and with the range of float32, so that gradients need not be scaled.
        self.dtype = tf.bfloat16 if mixed_precision else tf.float32
        devices = devices or tf.config.list_logical_devices("GPU")
        self.strategy = (
            tf.distribute.MirroredStrategy(devices) if len(devices) > 1 else tf.distribute.get_strategy()
        )
        self.shapes = [tuple(weights.shape) for weights in model.trainable_variables]
        with self.strategy.scope():
            self.weights = keras.Variable(np.concatenate([np.ravel(part) for part in model.trainable_variables]))
            self.optimizer = keras.optimizers.Adam(learning_rate)
            self.optimizer.build([self.weights])
        self.images = tf.constant(images)
        self.targets = tf.constant(_phases(images))

    @property
    def variables(self) -> list[np.ndarray]:
        return [np.asarray(variable) for variable in (self.weights, *self.optimizer.variables)]

    @variables.setter
    def variables(self, values: list[np.ndarray]) -> None:
        for variable, value in zip((self.weights, *self.optimizer.variables), values, strict=True):
            variable.assign(value)
        self._update_model()

    def epoch(self, order: np.ndarray, after_batches: Callable[[int, float], None]) -> float:
        """Train with each image once; the mean loss."""
        n_done, total = 0, 0.0
        for part in np.split(order, range(BATCHES * self.batch_size, len(order), BATCHES * self.batch_size)):
            total += float(self._batches(part))
            n_done += len(part)
            after_batches(n_done, total / n_done)
        self._update_model()
        return total / n_done

    def _update_model(self):
        """Give the model the weights that were learnt."""
        for variable, weights in zip(self.model.trainable_variables, self._split(), strict=True):
            variable.assign(weights)

    @tf.function
    def reconstruct(self, images):
        return _reconstruct(self._split(), tf.cast(images, tf.float32) / 255)

    def _split(self) -> list[tf.Tensor]:
        parts = tf.split(self.weights.value, [int(np.prod(shape)) for shape in self.shapes])
        return [tf.reshape(part, shape) for part, shape in zip(parts, self.shapes, strict=True)]

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int64)])
    def _batches(self, order):
        total = 0.0
        for start in tf.range(0, tf.shape(order)[0], self.batch_size):
            losses = self.strategy.run(self._step, (order[start : start + self.batch_size],))
            total += self.strategy.reduce("SUM", losses, axis=None)
        return total

    def _step(self, rows):
        """One step with a batch, of which each device takes a share; the sum of the losses of its share."""
        device = tf.distribute.get_replica_context()
        own = rows[device.replica_id_in_sync_group :: device.num_replicas_in_sync]
        images, targets = (tf.cast(tf.gather(x, own), self.dtype) / 255 for x in (self.images, self.targets))
        with tf.GradientTape() as tape:
            tape.watch(self.weights.value)
            weights = [tf.cast(part, self.dtype) for part in self._split()]
            errors = tf.cast(_reconstruct(weights, images), tf.float32) - tf.cast(targets, tf.float32)
            total = tf.reduce_sum(tf.reduce_mean(tf.square(errors), axis=(1, 2, 3)))
            loss = total / tf.cast(tf.shape(rows)[0], tf.float32)
        # The optimizer adds up the gradients of all devices.
        self.optimizer.apply([tape.gradient(loss, self.weights.value)], [self.weights])
        return total


def _reconstruct(weights: list[tf.Tensor], images: tf.Tensor) -> tf.Tensor:
    """What the model with these weights makes of images, as `_phases` arranges them."""
    layers = list(zip(weights[::2], weights[1::2], strict=True))
    depth = len(layers) // 2
    x = images
    for kernel, bias in layers[:depth]:
        x = tf.nn.relu(tf.nn.max_pool2d(_convolve(x, kernel, bias), 2, 2, "VALID"))
    x = tf.nn.relu(_convolve(x, *layers[depth]))
    for kernel, bias in layers[depth + 1 : -1]:
        x = _from_phases(tf.nn.relu(_convolve_upsampled(x, kernel, bias)))
    return tf.sigmoid(_convolve_upsampled(x, *layers[-1]))


def _convolve(x, kernel, bias):
    return tf.nn.bias_add(tf.nn.conv2d(x, kernel, 1, "SAME"), bias)


def _convolve_upsampled(x, kernel, bias):
    """The convolution of x upsampled twice: four of x itself, one for each of a pixel's four phases.

    So fewer products are needed, by nine to four, and no larger image is made first.
    """
    height, width, n_in, n_out = kernel.shape
    kernel = tf.einsum("apt,bqu,tuio->abipqo", TAPS, TAPS, kernel)
    return _convolve(x, tf.reshape(kernel, (height, width, n_in, 4 * n_out)), tf.tile(bias, [4]))


# Which pixel of three (a) is met by the upper or lower phase (p) of the middle one with each tap (t) of a kernel.
TAPS = np.zeros((3, 2, 3), np.float32)
for phase in range(2):
    for tap in range(3):
        TAPS[(phase + tap - 1) // 2 + 1, phase, tap] = 1


def _phases(images: np.ndarray) -> np.ndarray:
    """Each 2 x 2 pixels as one with four times the channels: (n, 2h, 2w, c) to (n, h, w, 4c)."""
    n, height, width, channels = images.shape
    x = images.reshape(n, height // 2, 2, width // 2, 2, channels)
    return x.transpose(0, 1, 3, 2, 4, 5).reshape(n, height // 2, width // 2, 4 * channels)


def _from_phases(x: tf.Tensor) -> tf.Tensor:
    _, height, width, channels = x.shape
    x = tf.transpose(tf.reshape(x, (-1, height, width, 2, 2, channels // 4)), (0, 1, 3, 2, 4, 5))
    return tf.reshape(x, (-1, 2 * height, 2 * width, channels // 4))


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
    """The code of each image, flattened: float32 (n, d) from uint8 images as for `train`."""
    codes_of = _compiled(model, model.get_layer(CODE).output)
    codes = np.concatenate([codes_of(part) for part in _parts(_with_channels(images))])
    return codes.reshape(len(codes), -1)


def decode(model: keras.Model, codes: np.ndarray) -> np.ndarray:
    """The image that is made of each code: float32 (n, side, side[, 3]), 0 to 1, from codes as of `encode`."""
    code = model.get_layer(CODE).output
    images = keras.Model(code, model.output)(codes.reshape(-1, *code.shape[1:])).numpy()
    return images[..., 0] if images.shape[3] == 1 else images


def look_into(model: keras.Model, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The codes (n, height, width, channels) of images, and the images that are made of them, from 0 to 1."""
    codes, reconstructions = _compiled(model, [model.get_layer(CODE).output, model.output])(_with_channels(images))
    return codes.numpy(), reconstructions.numpy()


def _compiled(model: keras.Model, outputs) -> Callable:
    part = keras.Model(model.input, outputs)
    return tf.function(lambda images: part(tf.cast(images, tf.float32) / 255))


def _with_channels(images: np.ndarray) -> np.ndarray:
    return images.reshape(*images.shape[:3], -1)
