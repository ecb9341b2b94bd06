"""The file of the dictionaries of patches, dictionary.h5."""

from collections.abc import Sequence
from pathlib import Path

from lib.base.hdf5 import read_fields, reading, write_fields, writing
from lib.features.patches import Dictionary


def write_dictionary(path: Path, dictionaries: Sequence[Dictionary]) -> None:
    """Write the dictionaries, one for each scale.

    Raises
    ------
    InputError
        If the disk does not take the file.

    Examples
    --------
    >>> import numpy as np
    >>> dictionary = Dictionary(2, 1, 1, np.zeros(4), np.eye(4), np.eye(4)[:3])
    >>> write_dictionary(Path("dictionary.h5"), [dictionary])
    """
    with writing(path) as file:
        for i, dictionary in enumerate(dictionaries):
            write_fields(file.create_group(str(i)), dictionary)


def read_dictionary(path: Path) -> list[Dictionary]:
    """The dictionaries that `write_dictionary` wrote, one for each scale.

    Raises
    ------
    InputError
        If the file cannot be read, or is not one of dictionaries.

    Examples
    --------
    >>> import numpy as np
    >>> write_dictionary(Path("dictionary.h5"), [Dictionary(2, 1, 1, np.zeros(4), np.eye(4), np.eye(4)[:3])])
    >>> [dictionary.atoms.shape for dictionary in read_dictionary(Path("dictionary.h5"))]
    [(3, 4)]
    """
    with reading(path) as file:
        return [Dictionary(*read_fields(file[str(i)], Dictionary)) for i in range(len(file))]
