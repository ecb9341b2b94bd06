"""Encoded views of training images, which invariant features are learned from."""

import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lib.base.parallel import blocks
from lib.data.images_file import read_images, training_split
from lib.features.augmentation import are_symmetric, augmented_views
from lib.features.patches import Dictionary, encode, random_subset

BATCH = 1000  # images at a time
IMAGES = 64  # at a time in a thread
N_HELD_OUT = 2000  # images at most


class TrainingImages(NamedTuple):
    """Images to learn from, and others to see by what helps."""

    images: np.ndarray  # (n, side, side) or (n, side, side, 3) uint8
    held_out: np.ndarray  # (m, ...), a sixth of all, or `N_HELD_OUT`
    mirror: bool  # whether views of them may be mirrored


def read_training_images(path: Path, n_images: int, seed: int) -> TrainingImages:
    """Training images, drawn at random, `n_images` of them at most.

    Raises
    ------
    InputError
        If the file cannot be read.

    Examples
    --------
    >>> from lib.base.hdf5 import writing
    >>> with writing(Path("images.h5")) as file:
    ...     file["all/images"] = np.random.default_rng(0).integers(0, 256, (60, 8, 8), np.uint8)
    >>> images, held_out, mirror = read_training_images(Path("images.h5"), 30, seed=0)
    >>> len(images), len(held_out), mirror
    (25, 5, True)
    """
    images = read_images(path, training_split(path))
    images = images[random_subset(len(images), n_images, seed)]
    is_held_out = np.arange(len(images)) % max(6, len(images) // N_HELD_OUT) == 5
    return TrainingImages(images[~is_held_out], images[is_held_out], are_symmetric(images))


def batches_of(images: np.ndarray) -> list[slice]:
    """The images whose views are made and encoded together.

    Examples
    --------
    >>> batches_of(np.zeros((1200, 8, 8), np.uint8))
    [slice(0, 1000, None), slice(1000, 1200, None)]
    """
    return blocks(len(images), BATCH)


def encoded_views(
    images: np.ndarray,
    batches: Sequence[slice],
    dictionaries: list[Dictionary],
    n_views: int,
    *,
    mirror: bool,
    seed: tuple[int, ...],
    parallel_map: Callable,
) -> Iterator[np.ndarray]:
    """The encoded views of each of some batches of images: float16 (m * n_views, d).

    Parameters
    ----------
    images : (n, side, side) or (n, side, side, 3) uint8
    batches
        Some of `batches_of(images)`.
    dictionaries
        Of patches, one for each scale.
    n_views
        Number of views of each image.
    mirror
        Mirror half of the views.
    seed
        The views follow from it and from the place of the image among all.
    parallel_map
        As `parallel.in_threads` yields it. The result does not depend on the number of threads.

    Examples
    --------
    >>> from lib.base.parallel import in_threads
    >>> dictionary = Dictionary(2, 1, 1, np.zeros(4), np.eye(4), np.eye(4)[:3])
    >>> images = np.zeros((5, 8, 8), np.uint8)
    >>> with in_threads(1) as parallel_map:
    ...     views = encoded_views(
    ...         images, batches_of(images), [dictionary], 2, mirror=True, seed=(0,), parallel_map=parallel_map
    ...     )
    ...     [X.shape for X in views]
    [(10, 12)]
    """
    for i, rows in enumerate(batches, 1):
        batch = images[rows]

        def of_block(rows: slice, batch: np.ndarray = batch, start: int = rows.start) -> np.ndarray:
            # In this thread alone, so that no more than a few views are in memory.
            views = augmented_views(batch[rows], n_views, mirror=mirror, seed=(*seed, start, rows.start))
            return encode(views, dictionaries, lambda function, items: list(map(function, items))).astype(
                np.float16
            )

        yield np.concatenate(parallel_map(of_block, blocks(len(batch), IMAGES)))
        logging.info("encoded views of %d of %d batches of images", i, len(batches))
