"""The file of the encoder of invariant features, encoder.h5."""

from pathlib import Path

from lib.base.hdf5 import read_fields, reading, write_fields, writing
from lib.features.discriminants import Projection
from lib.features.invariant import Encoder, Layer


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
