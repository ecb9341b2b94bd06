"""The files of encoded views of training images, one for each chunk of them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lib.base.hdf5 import reading, writing


def write_views(path: Path, views: np.ndarray) -> None:
    """Write encoded views, (n, n_views, d) float16.

    Raises
    ------
    InputError
        If the disk does not take the file.

    Examples
    --------
    >>> write_views(Path("1-of-8.h5"), np.zeros((5, 2, 3), np.float16))
    """
    with writing(path) as file:
        file["views"] = views


def read_views(paths: Sequence[Path]) -> np.ndarray:
    """The encoded views of all chunks, (n, n_views, d) float16.

    Raises
    ------
    InputError
        If a file cannot be read, or is not one of views.

    Examples
    --------
    >>> write_views(Path("1-of-8.h5"), np.zeros((5, 2, 3), np.float16))
    >>> read_views([Path("1-of-8.h5")]).shape
    (5, 2, 3)
    """
    chunks = []
    for path in paths:
        with reading(path) as file:
            chunks.append(file["views"][:])
    return chunks[0] if len(chunks) == 1 else np.concatenate(chunks)
