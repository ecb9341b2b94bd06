"""The files of the encoder of invariant features, encoder.h5, and of the sums that it is learned from."""

from pathlib import Path

from lib.base.hdf5 import read_fields, reading, write_fields, writing
from lib.features.invariant import Encoder, ViewSums


def write_encoder(path: Path, encoder: Encoder) -> None:
    """Write the encoder of invariant features.

    Raises
    ------
    InputError
        If the disk does not take the file.

    Examples
    --------
    >>> import numpy as np
    >>> from lib.features.invariant import Projection
    >>> first, second = Projection(np.zeros(2), np.eye(2)), Projection(np.zeros(5), np.eye(5))
    >>> write_encoder(Path("encoder.h5"), Encoder(first, np.ones((3, 2)), second))
    """
    with writing(path) as file:
        write_fields(file, encoder)


def read_encoder(path: Path) -> Encoder:
    """The encoder that `write_encoder` wrote.

    Raises
    ------
    InputError
        If the file cannot be read, or is not one of an encoder.

    Examples
    --------
    >>> import numpy as np
    >>> from lib.features.invariant import Projection
    >>> first, second = Projection(np.zeros(2), np.eye(2)), Projection(np.zeros(5), np.eye(5))
    >>> write_encoder(Path("encoder.h5"), Encoder(first, np.ones((3, 2)), second))
    >>> read_encoder(Path("encoder.h5")).prototypes.shape
    (3, 2)
    """
    with reading(path) as file:
        return Encoder(*read_fields(file, Encoder))


def write_view_sums(path: Path, sums: ViewSums) -> None:
    """Write what the views of a chunk of the images add to the covariances.

    Raises
    ------
    InputError
        If the disk does not take the file.

    Examples
    --------
    >>> import numpy as np
    >>> write_view_sums(Path("1-of-8.h5"), ViewSums(np.zeros(3), np.zeros((3, 3)), np.zeros((3, 3))))
    """
    with writing(path) as file:
        write_fields(file, sums)


def read_view_sums(path: Path) -> ViewSums:
    """What `write_view_sums` wrote.

    Raises
    ------
    InputError
        If the file cannot be read, or is not one of such sums.

    Examples
    --------
    >>> import numpy as np
    >>> write_view_sums(Path("1-of-8.h5"), ViewSums(np.zeros(3), np.zeros((3, 3)), np.zeros((3, 3))))
    >>> read_view_sums(Path("1-of-8.h5")).within.shape
    (3, 3)
    """
    with reading(path) as file:
        return ViewSums(*read_fields(file, ViewSums))
