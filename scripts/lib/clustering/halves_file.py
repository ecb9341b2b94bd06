"""The file of clusterings of halves of the images, HDF5.

It holds `images` (n_halves, m) and `labels` (n_halves, n_starts, m).
"""

from pathlib import Path

import numpy as np

from lib.base.hdf5 import reading, writing


def write_halves(path: Path, halves: list[np.ndarray], labels: np.ndarray, made_of: str = "") -> None:
    """Write the clusterings of halves.

    Parameters
    ----------
    halves
        The numbers of the images of each, as of `random_halves`.
    labels : (n_halves, n_starts, m) int32
        As of `cluster_halves`.
    made_of
        A digest of the features and of how the halves were clustered, as of `digest_of`.

    Raises
    ------
    InputError
        If the disk is full or refuses the file.

    Examples
    --------
    >>> write_halves(Path("k2.h5"), [np.array([0, 2]), np.array([1, 3])], np.array([[[0, 1]], [[1, 0]]]))
    """
    with writing(path) as file:
        file["images"] = np.array(halves, np.int32)
        file["images"].attrs["description"] = "numbers of the images of each half; two and two are one split"
        file["labels"] = labels
        file["labels"].attrs["description"] = "axes: half; start of k-means; image. Its cluster"
        file.attrs["made_of"] = made_of


def read_halves(path: Path) -> tuple[list[np.ndarray], np.ndarray]:
    """The halves, and the clusterings of them, as `write_halves` takes them.

    Raises
    ------
    InputError
        If the file cannot be read.

    Examples
    --------
    >>> write_halves(Path("k2.h5"), [np.array([0, 2]), np.array([1, 3])], np.array([[[0, 1]], [[1, 0]]]))
    >>> halves, labels = read_halves(Path("k2.h5"))
    >>> halves[1].tolist(), labels[1].tolist()
    ([1, 3], [[1, 0]])
    """
    with reading(path) as file:
        return list(file["images"][:]), file["labels"][:]
