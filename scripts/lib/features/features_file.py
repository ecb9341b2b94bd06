"""The file of the features of a split, {split}.h5."""

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import h5py
import numpy as np

from lib.base.errors import InputError
from lib.base.hdf5 import opened, reading_errors, writing

IN_MEMORY = 2**31  # bytes


def write_features(path: Path, features: np.ndarray) -> None:
    """Write the features of a split, (n, d), as float32.

    Raises
    ------
    InputError
        If the disk does not take the file.

    Examples
    --------
    >>> write_features(Path("test.h5"), np.eye(3))
    """
    write_feature_blocks(path, features.shape, [features])


def write_feature_blocks(path: Path, shape: tuple[int, int], blocks: Iterable[np.ndarray]) -> None:
    """Write the features of a split, as float32, from blocks of rows.

    Parameters
    ----------
    shape
        (n, d), of all blocks together.

    Raises
    ------
    InputError
        If the disk does not take the file.

    Examples
    --------
    >>> write_feature_blocks(Path("test.h5"), (3, 2), [np.zeros((1, 2)), np.ones((2, 2))])
    """
    n, d = shape
    rows = min(n, max(1, 2**20 // (4 * d)))
    with writing(path) as file:
        dataset = file.create_dataset("features", (n, d), np.float32, chunks=(rows, d))
        dataset.attrs["description"] = "axes: image, in the order of images.h5; feature"
        start = 0
        for block in blocks:
            for first in range(0, len(block), rows):
                part = block[first : first + rows]
                dataset[start : start + len(part)] = part
                start += len(part)


@contextlib.contextmanager
def open_features(path: Path) -> Iterator[h5py.Dataset]:
    """Yield the features of a split, float32 (n, d), as a dataset of which rows are read on demand.

    All values are checked to be finite beforehand.

    Raises
    ------
    InputError
        If the file cannot be read, or a value is NaN or infinite.

    Examples
    --------
    >>> write_features(Path("test.h5"), np.eye(3))
    >>> with open_features(Path("test.h5")) as features:
    ...     features.shape
    (3, 3)
    """
    with contextlib.ExitStack() as stack:
        with reading_errors(path):
            features = stack.enter_context(opened(path))["features"]
            n, d = features.shape
            rows = max(1, 2**24 // max(1, d))
            bad = np.concatenate([~np.isfinite(features[i : i + rows]).all(axis=1) for i in range(0, n, rows)])
        if bad.any():
            raise InputError(
                f"{path}: {bad.sum()} of {len(bad)} rows hold NaN or infinity, "
                f"the first is row {bad.argmax()}; move it away and run again"
            )
        yield features


@contextlib.contextmanager
def read_or_open_features(path: Path) -> Iterator[np.ndarray | h5py.Dataset]:
    """Yield the features of a split, float32 (n, d): in memory if they take 2 GiB at most, else as a dataset.

    Raises
    ------
    InputError
        As for `open_features`.

    Examples
    --------
    >>> write_features(Path("test.h5"), np.eye(3))
    >>> with read_or_open_features(Path("test.h5")) as features:
    ...     type(features).__name__
    'ndarray'
    """
    with contextlib.ExitStack() as file:
        features = file.enter_context(open_features(path))
        if features.nbytes <= IN_MEMORY:
            features = features[:]
            file.close()  # no later error is one of reading it
        yield features


def read_features(path: Path) -> np.ndarray:
    """The features of a split: float32 (n, d), all finite.

    Raises
    ------
    InputError
        As for `open_features`.

    Examples
    --------
    >>> write_features(Path("test.h5"), np.eye(2))
    >>> read_features(Path("test.h5"))
    array([[1., 0.],
           [0., 1.]], dtype=float32)
    """
    with open_features(path) as features:
        return features[:]
