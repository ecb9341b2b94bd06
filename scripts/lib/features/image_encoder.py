"""Images through an encoder that was trained elsewhere: what is the same for all formats of its file."""

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lib.base.errors import InputError, reason_of

# The types that an encoder may take, by their names in ONNX and in Keras.
DTYPES = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "float32": np.float32,
    "float16": np.float16,
}


class Preprocessing(NamedTuple):
    """What is done to an image before the encoder sees it."""

    side: int  # pixels
    mean: tuple[float, float, float]  # of red, green and blue, of levels from 0 to 1
    std: tuple[float, float, float]


class Input(NamedTuple):
    """What an encoder wants."""

    name: str
    dtype: str
    shape: Sequence[object]  # an axis that may have any size has no int


class ImageEncoder(ABC):
    """An encoder of images. A subclass loads it, and applies it to numbers.

    Parameters
    ----------
    path
        Its file.
    preprocessing
    inputs
        What it wants: images alone, (n, 3, side, side) or (n, side, side, 3).
    output
        The name of what it gives, a row of numbers for each image.

    Raises
    ------
    InputError
        If it wants something else than images of this side.

    Examples
    --------
    >>> class Means(ImageEncoder):
    ...     def run(self, x):
    ...         return x.mean(axis=(2, 3))
    >>> whole = Preprocessing(8, (0, 0, 0), (1, 1, 1))
    >>> means = Means(Path("means"), whole, [Input("images", "float32", (None, 3, 8, 8))], "means")
    >>> means.encode(np.full((2, 3, 8, 8), 255, np.uint8)).tolist()
    [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    """

    def __init__(self, path: Path, preprocessing: Preprocessing, inputs: Sequence[Input], output: str):
        self.path, self.preprocessing, self.output = path, preprocessing, output
        shape = inputs[0].shape if len(inputs) == 1 else []
        is_image = len(shape) == 4 and inputs[0].dtype in DTYPES
        channels = [size for size in (shape[1], shape[3]) if isinstance(size, int)] if is_image else []
        if not is_image or (channels and 3 not in channels):
            described = "; ".join(f"{x.name}: {x.dtype} {x.shape}" for x in inputs) or "nothing"
            raise InputError(
                f"{path} wants {described}; images alone can be given, "
                "(n, 3, height, width) or (n, height, width, 3)"
            )
        self.dtype = DTYPES[inputs[0].dtype]
        n, *shape = shape
        self.channels_last = shape[-1] == 3 and shape[0] != 3
        self.fixed_batch_size = n if isinstance(n, int) and n > 0 else None
        sides = shape[:2] if self.channels_last else shape[1:]
        wanted = [side for side in sides if isinstance(side, int) and side != preprocessing.side]
        if wanted:
            raise InputError(f"{path} wants images of side {wanted[0]}, not {preprocessing.side}; set `side`")

    @abstractmethod
    def run(self, x: np.ndarray) -> np.ndarray:
        """The output for images that are preprocessed, in the encoder's own shape and type. May raise anything."""

    def encode(self, images: np.ndarray) -> np.ndarray:
        """The features of images.

        Parameters
        ----------
        images : (n, 3, side, side) uint8

        Returns
        -------
        (n, d) float32

        Raises
        ------
        InputError
            If the encoder fails, or has no row of numbers for each image.
        """
        mean, std = (np.reshape(x, (3, 1, 1)).astype(np.float32) for x in self.preprocessing[1:])
        x = (images.astype(np.float32) / 255 - mean) / std
        n = len(x)
        if self.fixed_batch_size:
            x = np.concatenate([x, np.repeat(x[-1:], self.fixed_batch_size - n, axis=0)])
        if self.channels_last:
            x = x.transpose(0, 2, 3, 1)
        try:
            found = self.run(np.ascontiguousarray(x, self.dtype))
        except Exception as error:  # each library has errors of its own
            raise InputError(
                f"{self.path} fails with images of side {self.preprocessing.side}: {reason_of(error)}"
            ) from None
        shape = [size for size in found.shape[1:] if size != 1] or [1]
        if found.shape[:1] != (len(x),) or len(shape) != 1:
            raise InputError(
                f"{self.path}: the output {self.output!r} has the shape {found.shape} for {len(x)} images; name "
                "one as `output` that has a row of numbers for each"
            )
        return found.reshape(len(found), -1)[:n].astype(np.float32)

    def encode_all(self, batches: Iterator[np.ndarray], n_threads: int | None = None) -> Iterator[np.ndarray]:
        """The features of all batches, in their order. Some batches are encoded at the same time."""
        n_threads = n_threads or os.cpu_count() or 1
        with ThreadPoolExecutor(n_threads) as pool:
            while some := list(islice(batches, n_threads)):
                yield from pool.map(self.encode, some)
