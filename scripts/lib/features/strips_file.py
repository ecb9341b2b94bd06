"""The file of the projections of strips, strips.h5."""

from pathlib import Path

from lib.base.hdf5 import read_fields, reading, write_fields, writing
from lib.features.discriminants import Projection
from lib.features.strips import Strips


def write_strips(path: Path, strips: Strips) -> None:
    """Write the projections of strips.

    Raises
    ------
    InputError
        If the disk does not take the file.

    Examples
    --------
    >>> import numpy as np
    >>> write_strips(Path("strips.h5"), Strips(True, [Projection(np.zeros(2), np.eye(2))]))
    """
    with writing(path) as file:
        file["mirrored"] = strips.mirrored
        for i, projection in enumerate(strips.projections):
            write_fields(file.create_group(f"projections/{i}"), projection)


def read_strips(path: Path) -> Strips:
    """The projections that `write_strips` wrote.

    Raises
    ------
    InputError
        If the file cannot be read, or is not one of such projections.

    Examples
    --------
    >>> import numpy as np
    >>> write_strips(Path("strips.h5"), Strips(True, [Projection(np.zeros(2), np.eye(2))]))
    >>> read_strips(Path("strips.h5")).mirrored
    True
    """
    with reading(path) as file:
        group = file["projections"]
        projections = [Projection(*read_fields(group[str(i)], Projection)) for i in range(len(group))]
        return Strips(bool(file["mirrored"][()]), projections)
