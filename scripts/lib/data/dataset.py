"""What each format, and a table of classes, is read as on its way to images.h5."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

SIDE = 32
MOST_CLASSES = 2**16  # that labels of 16 bits can number
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
    """A dataset that can be read once, a batch at a time."""

    n_images: dict[str, int]  # by split; fewer are read if files are unreadable
    side: int
    colours: bool
    class_names: list[str] | None  # None: no labels
    batches: Iterator[Batch]
    arrangement: str | None = None  # what was taken for splits and classes, if names or chance decided it
    unused: Sequence[str] = ()  # names of what the dataset holds beside that
    refusal: str | None = None  # why it has no classes, although folders were looked at for them


class Labelling(NamedTuple):
    """One way of sorting rows into classes."""

    labels: np.ndarray  # (n,) uint16: a place in `names`
    names: list[str]


class LabelColumns(NamedTuple):
    """What a table says of its rows."""

    n: int
    names: list[str] | None  # of the rows
    labellings: dict[str, Labelling]  # by the name of the column


def batch_images(side: int) -> int:
    """How many images of a side to hold in memory at once.

    Examples
    --------
    >>> batch_images(32), batch_images(512)
    (1000, 5)
    """
    return min(BATCH_IMAGES, max(1, BATCH_BYTES // (3 * side * side)))
