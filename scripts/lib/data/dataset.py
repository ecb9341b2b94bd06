"""What all datasets are made into on the way to images.h5, grayscale, and the digits."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

SIDE = 32
BATCH_IMAGES = 1000
BATCH_BYTES = 2**22


class Batch(NamedTuple):
    """Images that follow one another in a split."""

    split: str
    start: int  # index of the first image within the split
    pixels: np.ndarray  # (n, 3, side, side) or, without colours, (n, 1, side, side) uint8
    labels: np.ndarray | None  # (n,), an index into the names of the classes
    files: list[str] | None = None  # (n,), where each image has a file of its own


class Dataset(NamedTuple):
    """A dataset that can be read once, some images at a time."""

    n_images: dict[str, int]  # by split; there will be fewer if some cannot be read
    side: int
    colours: bool
    class_names: list[str] | None  # None: no labels
    batches: Iterator[Batch]
    arrangement: str | None = None  # what was taken for splits and for classes, where names tell
    unused: Sequence[str] = ()  # names of what else it comes with


def batch_images(side: int) -> int:
    """How many images to have in memory at once."""
    return min(BATCH_IMAGES, max(1, BATCH_BYTES // (3 * side * side)))
