"""Training of the autoencoder: Adam on the mean squared error, in epochs that are compiled loops.

In comments on shapes, n is the number of images, s their side and c their channels.
"""

import logging
import time
from collections.abc import Callable

import numpy as np

from lib.features.autoencoder import CODE, build, compile_output, in_batches, with_channels
from lib.features.keras_import import keras, tf
from lib.features.training_files import Epoch, State

ATTEMPTS = 5
BATCHES_PER_REPORT = 100  # of progress


class DeadCodeError(Exception):
    """Training ended in a code that says nothing about the image."""


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
    on_epoch_end: Callable[[State], None] = lambda state: None,
    on_batches_end: Callable[[int, float], None] = lambda n_images, loss: None,
) -> tuple[keras.Model, list[Epoch]]:
    """Train an autoencoder to reproduce images: the model, and the losses of its epochs.

    It trains on the CPU in one thread, or on a GPU if there is one. Several GPUs share each batch.

    A narrow ReLU code may die: it is the same for every image, gets no gradient, and stays so. Training then
    starts again, from another seed that is derived from `seed`. The training images tell whether a code is dead;
    the validation images decide nothing.

    Parameters
    ----------
    images : (n, side, side) or (n, side, side, 3) uint8
        To learn from.
    validation : (m, side, side) or (m, side, side, 3) uint8
        To compute `val_loss` of.
    filters, initializer
        As for `build`.
    epochs
        How often each image is learned from.
    batch_size
        Images per step.
    learning_rate
        Of Adam.
    mixed_precision
        Whether to compute in bfloat16; the weights stay float32.
    seed
        Of the weights and of the order of images.
    state
        To continue from, of a training with the same images and settings.
    on_epoch_end
        Called with the state after each epoch.
    on_batches_end
        Called every `BATCHES_PER_REPORT` batches with the number of images that the epoch has done, and their
        mean loss.

    Raises
    ------
    ValueError
        If the images do not fit the architecture, or are all the same.
    DeadCodeError
        If all attempts ended in a dead code.

    Examples
    --------
    >>> images = np.arange(250, dtype=np.uint8)[:, None, None].repeat(4, axis=1).repeat(4, axis=2)
    >>> model, history = train(
    ...     images, images, filters=[2], initializer="sign_corrected", epochs=2, batch_size=5,
    ...     learning_rate=0.01, seed=0,
    ... )
    >>> history[1].loss < history[0].loss
    True
    """
    images, validation = with_channels(images), with_channels(validation)
    if (images == images[0]).all():
        raise ValueError("all training images are the same, and nothing can be learned from them; take others")
    for attempt in range(state.attempt if state else 0, ATTEMPTS):
        keras.utils.clear_session()  # numbers in the names of layers start again, so equal models are equal files
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
                loss = trainer.train_epoch(order, on_batches_end)
                val_loss = _reconstruction_loss(trainer.reconstruct, validation)
                seconds = time.monotonic() - start
                history = [*history, Epoch(epoch, loss, val_loss, seconds)]
                if _is_constant(trainer.reconstruct, images):
                    raise DeadCodeError(
                        "every image gives the same reconstruction, and no gradient can change that"
                    )
                on_epoch_end(State(attempt, trainer.variables, history))
                logging.info(
                    "epoch %d of %d: loss %.6f, val_loss %.6f, %.1f s", epoch, epochs, loss, val_loss, seconds
                )
            _check_alive(model, trainer, images)
        except DeadCodeError as error:
            reason = error
            state = None
            logging.info("attempt %d of %d: %s", attempt + 1, ATTEMPTS, error)
        else:
            return model, history
    raise DeadCodeError(
        f"none of {ATTEMPTS} attempts from seed {seed} learned more of the images than their mean, "
        f"at last: {reason}; set more epochs (the fewer the images, the more), more filters, another seed "
        "or another learning rate, or leave autoencoder out of `features`"
    )


def mean_image_loss(images: np.ndarray, validation: np.ndarray) -> float:
    """The loss of a reconstruction that is always the mean image.

    It is the mean squared error on validation images, with gray levels from 0 to 1, as for `Epoch.loss`.

    Parameters
    ----------
    images : (n, ...) uint8
        Whose mean image is the reconstruction.
    validation : (m, ...) uint8
        To compute the loss of.

    Examples
    --------
    >>> mean_image_loss(np.array([[0], [102]], np.uint8), np.array([[0]], np.uint8))
    0.04
    """
    mean = images.mean(axis=0)
    total = sum(float(np.square(batch - mean).sum()) for batch in in_batches(validation))
    return total / validation.size / 255**2


def _check_alive(model: keras.Model, trainer: "_Trainer", images: np.ndarray) -> None:
    """Raise DeadCodeError if the code tells images no better apart than their mean image does."""
    # The loss of the last epoch would not do: the weights changed in the course of it.
    loss, n = _reconstruction_loss(trainer.reconstruct, images), len(images)
    # The factor makes it the loss of the mean of all other images: an image is a part of the mean of all.
    baseline = mean_image_loss(images, images) * (n / (n - 1)) ** 2
    if not loss < baseline:
        raise DeadCodeError(f"a loss of {loss:.6f} is no better than the {baseline:.6f} of the mean image")
    if _is_constant(compile_output(model, model.get_layer(CODE).output), images):
        raise DeadCodeError("the code is the same for every image")


def _reconstruction_loss(reconstruct: Callable, images: np.ndarray) -> float:
    """The mean squared error of reconstructions, which `reconstruct` gives in the layout of `space_to_depth`."""
    total = 0.0
    for batch in in_batches(images):
        errors = reconstruct(batch) - space_to_depth(batch) / np.float32(255)
        total += float(np.sum(np.square(errors), dtype=np.float64))
    return total / images.size


def _is_constant(function: Callable, images: np.ndarray) -> bool:
    """Whether a function gives the same for every image of a batch, in all batches up to the first difference."""
    # Batches are not compared with each other: the last digits may depend on the size of the batch.
    return all(np.ptp(function(batch), axis=0).max() == 0 for batch in in_batches(images))


class _Trainer:
    """Trains a model with Adam.

    Keras takes longer around a batch of so small a model than the arithmetic does. So the optimizer sees all
    weights as one variable, one call trains many batches, and convolutions come before the upsampling.
    """

    def __init__(
        self,
        model: keras.Model,
        images: np.ndarray,
        *,
        learning_rate: float,
        batch_size: int,
        mixed_precision: bool,
        devices: list | None = None,
    ):
        self.model = model
        self.batch_size = batch_size
        # bfloat16 is as small as float16 and has the range of float32, so gradients need no scaling.
        self.dtype = tf.bfloat16 if mixed_precision else tf.float32
        devices = devices or tf.config.list_logical_devices("GPU")
        self.strategy = (
            tf.distribute.MirroredStrategy(devices) if len(devices) > 1 else tf.distribute.get_strategy()
        )
        self.shapes = [tuple(weights.shape) for weights in model.trainable_variables]
        with self.strategy.scope():
            self.weights = keras.Variable(
                np.concatenate([np.ravel(weights) for weights in model.trainable_variables])
            )  # (n_weights,)
            self.optimizer = keras.optimizers.Adam(learning_rate)
            self.optimizer.build([self.weights])
        self.images = tf.constant(images)  # (n, s, s, c)
        self.targets = tf.constant(space_to_depth(images))  # (n, s/2, s/2, 4c)

    @property
    def variables(self) -> list[np.ndarray]:
        """The weights, and all that the optimizer remembers."""
        return [np.asarray(variable) for variable in (self.weights, *self.optimizer.variables)]

    @variables.setter
    def variables(self, values: list[np.ndarray]) -> None:
        for variable, value in zip((self.weights, *self.optimizer.variables), values, strict=True):
            variable.assign(value)
        self._update_model()

    def train_epoch(self, order: np.ndarray, on_batches_end: Callable[[int, float], None]) -> float:
        """Train with each image once, in the given order: the mean loss."""
        n_done, total = 0, 0.0
        n_rows = BATCHES_PER_REPORT * self.batch_size
        for rows in np.split(order, range(n_rows, len(order), n_rows)):
            total += float(self._train_batches(rows))
            n_done += len(rows)
            on_batches_end(n_done, total / n_done)
        self._update_model()
        return total / n_done

    def _update_model(self) -> None:
        """Give the model the learned weights."""
        for variable, weights in zip(self.model.trainable_variables, self._layer_weights(), strict=True):
            variable.assign(weights)

    @tf.function
    def reconstruct(self, images: tf.Tensor) -> tf.Tensor:
        """Reconstructions of uint8 images, (n, s, s, c), in the layout of `space_to_depth`: (n, s/2, s/2, 4c)."""
        return _reconstruct(self._layer_weights(), tf.cast(images, tf.float32) / 255)

    def _layer_weights(self) -> list[tf.Tensor]:
        """The kernel and the bias of each layer, as views of the one variable of all weights."""
        flat = tf.split(self.weights.value, [int(np.prod(shape)) for shape in self.shapes])
        return [tf.reshape(weights, shape) for weights, shape in zip(flat, self.shapes, strict=True)]

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int64)])
    def _train_batches(self, order: tf.Tensor) -> tf.Tensor:
        """Train with images in the given order, (m,), batch by batch: the sum of their losses."""
        total = 0.0
        for start in tf.range(0, tf.shape(order)[0], self.batch_size):
            losses = self.strategy.run(self._step, (order[start : start + self.batch_size],))
            total += self.strategy.reduce("SUM", losses, axis=None)
        return total

    def _step(self, rows: tf.Tensor) -> tf.Tensor:
        """One step with a batch, of which each device takes a share: the sum of the losses of its share."""
        device = tf.distribute.get_replica_context()
        share = rows[device.replica_id_in_sync_group :: device.num_replicas_in_sync]  # (m,)
        # (m, s, s, c) and (m, s/2, s/2, 4c)
        images, targets = (tf.cast(tf.gather(x, share), self.dtype) / 255 for x in (self.images, self.targets))
        with tf.GradientTape() as tape:
            tape.watch(self.weights.value)
            layer_weights = [tf.cast(weights, self.dtype) for weights in self._layer_weights()]
            errors = tf.cast(_reconstruct(layer_weights, images), tf.float32) - tf.cast(targets, tf.float32)
            total = tf.reduce_sum(tf.reduce_mean(tf.square(errors), axis=(1, 2, 3)))
            loss = total / tf.cast(tf.shape(rows)[0], tf.float32)
        # The optimizer adds up the gradients of all devices.
        self.optimizer.apply([tape.gradient(loss, self.weights.value)], [self.weights])
        return total


def _reconstruct(layer_weights: list[tf.Tensor], images: tf.Tensor) -> tf.Tensor:
    """What the model with these weights makes of images, (n, s, s, c), as `space_to_depth` arranges it."""
    layers = list(zip(layer_weights[::2], layer_weights[1::2], strict=True))  # a kernel and a bias each
    depth = len(layers) // 2  # convolutions of the encoder
    x = images
    for kernel, bias in layers[:depth]:
        x = _convolve(x, kernel, bias)  # (n, s, s, filters)
        x = tf.nn.relu(tf.nn.max_pool2d(x, 2, 2, "VALID"))  # (n, s/2, s/2, filters); ReLU of fewer numbers
    x = tf.nn.relu(_convolve(x, *layers[depth]))  # (n, s, s, filters)
    for kernel, bias in layers[depth + 1 : -1]:
        x = tf.nn.relu(_convolve_upsampled(x, kernel, bias))  # (n, s, s, 4 filters)
        x = depth_to_space(x)  # (n, 2s, 2s, filters)
    return tf.sigmoid(_convolve_upsampled(x, *layers[-1]))  # (n, s/2, s/2, 4c) of images of side s


def _convolve(x: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
    """(n, h, w, n_inputs) and (3, 3, n_inputs, n_filters) to (n, h, w, n_filters)."""
    return tf.nn.bias_add(tf.nn.conv2d(x, kernel, 1, "SAME"), bias)


def _convolve_upsampled(x: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
    """The convolution of x upsampled by 2, as `space_to_depth` arranges it: (n, h, w, 4 n_filters).

    It is computed as four convolutions of x itself, (n, h, w, n_inputs), one for each of the 2 x 2 pixels that a
    pixel of x becomes. The larger image is never made.
    """
    height, width, n_inputs, n_filters = kernel.shape  # 3, 3
    kernel = tf.einsum("apt,bqu,tuio->abipqo", TAPS, TAPS, kernel)  # (3, 3, n_inputs, 2, 2, n_filters)
    return _convolve(x, tf.reshape(kernel, (height, width, n_inputs, 4 * n_filters)), tf.tile(bias, [4]))


# Along one side, a pixel becomes two when upsampled, its phases 0 and 1. TAPS[a, p, t] is 1 if tap t of a kernel
# at phase p falls on pixel a, where pixel 1 is the pixel itself, and 0 and 2 are its neighbours.
TAPS = np.zeros((3, 2, 3), np.float32)
for phase in range(2):
    for tap in range(3):
        TAPS[(phase + tap - 1) // 2 + 1, phase, tap] = 1


def space_to_depth(images: np.ndarray) -> np.ndarray:
    """Each 2 x 2 pixels as one pixel with four times the channels: (n, 2h, 2w, c) to (n, h, w, 4c).

    Examples
    --------
    >>> space_to_depth(np.array([[1, 2], [3, 4]]).reshape(1, 2, 2, 1))
    array([[[[1, 2, 3, 4]]]])
    """
    n, height, width, channels = images.shape
    x = images.reshape(n, height // 2, 2, width // 2, 2, channels)
    x = x.transpose(0, 1, 3, 2, 4, 5)  # (n, h, w, 2, 2, c)
    return x.reshape(n, height // 2, width // 2, 4 * channels)


def depth_to_space(x: tf.Tensor) -> tf.Tensor:
    """The inverse of `space_to_depth`: (n, h, w, 4c) to (n, 2h, 2w, c).

    Examples
    --------
    >>> depth_to_space(tf.reshape([1, 2, 3, 4], (1, 1, 1, 4))).numpy()[0, :, :, 0]
    array([[1, 2],
           [3, 4]], dtype=int32)
    """
    _, height, width, channels = x.shape
    x = tf.reshape(x, (-1, height, width, 2, 2, channels // 4))
    x = tf.transpose(x, (0, 1, 3, 2, 4, 5))  # (n, h, 2, w, 2, c)
    return tf.reshape(x, (-1, 2 * height, 2 * width, channels // 4))
