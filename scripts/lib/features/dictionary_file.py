"""The file of a dictionary of patches."""

from collections.abc import Sequence
from pathlib import Path

from lib.base.hdf5 import read_fields, reading, write_fields, writing
from lib.features.patches import Dictionary


def write_dictionary(path: Path, dictionaries: Sequence[Dictionary]) -> None:
    """Write the dictionary of each scale."""
    with writing(path) as file:
        for i, dictionary in enumerate(dictionaries):
            write_fields(file.create_group(str(i)), dictionary)


def read_dictionary(path: Path) -> list[Dictionary]:
    """The dictionary of each scale, as `write_dictionary` has written them."""
    with reading(path) as file:
        return [read_fields(file[str(i)], Dictionary) for i in range(len(file))]
