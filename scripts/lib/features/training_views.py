"""Views of training images, encoded, which invariant features are learned from."""

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np

from lib.base.errors import InputError
from lib.base.parallel import blocks
from lib.data.images_file import read_images, training_split
from lib.features.augmentation import augmented_views
from lib.features.patches import Dictionary, random_subset
from lib.features.strips import Strips, encode_strips

ROWS = 16  # images whose views are made and encoded together, in a thread
N_HELD_OUT = 2000  # images at most
MIN_IMAGES = 12  # of which two are held out


def read_training_images(path: Path, n_images: int, seed: int) -> np.ndarray:
    """Training images, drawn at random, `n_images` of them at most: uint8 (n, side, side) or (n, side, side, 3).

    Raises
    ------
    InputError
        If the file cannot be read, or has fewer than `MIN_IMAGES` training images.

    Examples
    --------
    >>> from lib.base.hdf5 import writing
    >>> with writing(Path("images.h5")) as file:
    ...     file["all/images"] = np.random.default_rng(0).integers(0, 256, (60, 8, 8), np.uint8)
    >>> len(read_training_images(Path("images.h5"), 30, seed=0))
    30
    """
    images = read_images(path, training_split(path))
    if len(images) < MIN_IMAGES:
        raise InputError(
            f"{path}: {len(images)} training images are too few for invariant features, which need {MIN_IMAGES}; "
            "take `invariant` out of `features`, or add images"
        )
    return images[random_subset(len(images), n_images, seed)]


def is_held_out(n_images: int) -> np.ndarray:
    """Which of the images nothing is learned from, to see by them what helps: a sixth of all, or `N_HELD_OUT`.

    Examples
    --------
    >>> is_held_out(12).nonzero()[0].tolist()
    [5, 11]
    """
    return np.arange(n_images) % max(6, n_images // N_HELD_OUT) == 5


def encoded_views(
    images: np.ndarray,
    chunk: tuple[int, int],
    dictionaries: list[Dictionary],
    strips: Strips,
    *,
    n_views: int,
    seed: tuple[int, ...],
    parallel_map: Callable,
) -> np.ndarray:
    """The encoded views of a chunk of images: float16 (m, n_views, d).

    Parameters
    ----------
    images : (n, side, side) or (n, side, side, 3) uint8
    chunk
        Which one of how many: (1, 8) is the first of eight. The views do not depend on how many there are.
    dictionaries
        Of patches, one for each scale.
    n_views
        Number of views of each image.
    seed
        The views follow from it and from the place of the image among all.
    parallel_map
        As `parallel.in_threads` yields it. The result does not depend on the number of threads.

    Examples
    --------
    >>> from lib.base.parallel import in_threads
    >>> from lib.features.discriminants import Projection
    >>> dictionary = Dictionary(2, 1, 1, np.zeros(4), np.eye(4), np.eye(4)[:3])
    >>> strips = Strips(False, [Projection(np.zeros(6), np.eye(6)[:, :2])])
    >>> images = np.zeros((20, 8, 8), np.uint8)
    >>> with in_threads(1) as parallel_map:
    ...     encoded_views(
    ...         images, (1, 1), [dictionary], strips, n_views=3, seed=(0,), parallel_map=parallel_map
    ...     ).shape
    (20, 3, 6)
    """
    pieces = blocks(len(images), ROWS)
    number, n_chunks = chunk
    pieces = pieces[(number - 1) * len(pieces) // n_chunks : number * len(pieces) // n_chunks]

    d = encode_strips(images[:1], dictionaries, strips).shape[1]
    start, stop = (pieces[0].start, pieces[-1].stop) if pieces else (0, 0)
    encoded = np.empty((stop - start, n_views, d), np.float16)

    def encode(rows: slice) -> None:
        views = augmented_views(images[rows], n_views, seed=(*seed, rows.start))
        found = encode_strips(views, dictionaries, strips)
        encoded[rows.start - start : rows.stop - start] = found.reshape(-1, n_views, d)
        if (rows.start // ROWS) % 100 == 99:
            logging.info("encoded views of %d images", rows.stop)

    parallel_map(encode, pieces)
    return encoded
