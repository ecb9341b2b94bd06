"""The files of the encoder of invariant features, encoder.h5, and of the sums that it is learned from."""

from pathlib import Path

from lib.base.hdf5 import read_fields, reading, write_fields, writing
from lib.features.invariant import Encoder, Layer, Projection, ViewSums


def write_encoder(path: Path, encoder: Encoder) -> None:
    """Write the encoder of invariant features.

    Raises
    ------
    InputError
        If the disk does not take the file.

    Examples
    --------
    >>> import numpy as np
    >>> layer = Layer(np.ones((3, 2)), Projection(np.zeros(5), np.eye(5)))
    >>> write_encoder(Path("encoder.h5"), Encoder(Projection(np.zeros(2), np.eye(2)), [layer]))
    """
    with writing(path) as file:
        write_fields(file.create_group("first"), encoder.first)
        for i, layer in enumerate(encoder.layers):
            write_fields(file.create_group(f"layers/{i}"), layer)


def read_encoder(path: Path) -> Encoder:
    """The encoder that `write_encoder` wrote.

    Raises
    ------
    InputError
        If the file cannot be read, or is not one of an encoder.

    Examples
    --------
    >>> import numpy as np
    >>> layer = Layer(np.ones((3, 2)), Projection(np.zeros(5), np.eye(5)))
    >>> write_encoder(Path("encoder.h5"), Encoder(Projection(np.zeros(2), np.eye(2)), [layer]))
    >>> read_encoder(Path("encoder.h5")).layers[0].prototypes.shape
    (3, 2)
    """
    with reading(path) as file:
        layers = [read_fields(file[f"layers/{i}"], Layer) for i in range(len(file["layers"]))]
        return Encoder(read_fields(file["first"], Projection), layers)


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
