"""The file of centroids as images, where a decoder makes them."""

from pathlib import Path

import numpy as np

from lib.base.hdf5 import reading, writing


def write_centroid_images(path: Path, images: np.ndarray) -> None:
    """Write what the decoder makes of each centroid.

    Parameters
    ----------
    path
        To write, .h5.
    images : (k, side, side) or (k, side, side, 3) float
        From 0 (black) to 1 (white).

    Raises
    ------
    InputError
        If the file cannot be written.

    Examples
    --------
    >>> write_centroid_images(Path("centroids.h5"), np.zeros((10, 32, 32), np.float32))
    >>> read_centroid_images(Path("centroids.h5")).shape
    (10, 32, 32)
    """
    with writing(path) as file:
        file["images"] = images
        file["images"].attrs["description"] = "what the decoder makes of each centroid, 0 (black) to 1 (white)"


def read_centroid_images(path: Path) -> np.ndarray:
    """Read what `write_centroid_images` has written.

    Returns
    -------
    (k, side, side) or (k, side, side, 3) float, from 0 (black) to 1 (white)

    Raises
    ------
    InputError
        If the file cannot be read.

    Examples
    --------
    >>> write_centroid_images(Path("centroids.h5"), np.ones((2, 8, 8, 3)))
    >>> read_centroid_images(Path("centroids.h5")).max()
    np.float64(1.0)
    """
    with reading(path) as file:
        return file["images"][:]
