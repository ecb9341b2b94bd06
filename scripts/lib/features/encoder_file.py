"""The file of the encoder of invariant features, encoder.h5."""

from pathlib import Path

from lib.base.hdf5 import read_fields, reading, write_fields, writing
from lib.features.invariant import Encoder


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
