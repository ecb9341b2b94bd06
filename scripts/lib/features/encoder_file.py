"""The file of an encoder of invariant features."""

from pathlib import Path

from lib.base.hdf5 import read_fields, reading, write_fields, writing
from lib.features.invariant import Encoder


def write_encoder(path: Path, encoder: Encoder) -> None:
    """Write the encoder of invariant features."""
    with writing(path) as file:
        write_fields(file, encoder)


def read_encoder(path: Path) -> Encoder:
    """The encoder that `write_encoder` has written."""
    with reading(path) as file:
        return read_fields(file, Encoder)
