"""Reading the file of a model, model.keras."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from lib.base.hdf5 import reading_errors

Model = TypeVar("Model")


def read_model(path: Path, load: Callable[..., Model]) -> Model:
    """What Keras' `load_model` makes of a .keras file, which is a zip archive.

    The archive is read here first: Keras says of one that it may not read, or that is cut off, that it does not
    exist.

    Parameters
    ----------
    path
        Of the .keras file.
    load
        `keras.saving.load_model`. It is an argument so that this module does not load Keras.

    Raises
    ------
    InputError
        If the file cannot be read, or is damaged.

    Examples
    --------
    >>> with zipfile.ZipFile("model.keras", "w") as archive:
    ...     archive.writestr("config.json", "{}")
    >>> read_model(Path("model.keras"), lambda path, compile: path.name)
    'model.keras'
    """
    with reading_errors(path):
        with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
            if damaged := archive.testzip():
                raise zipfile.BadZipFile(f"{damaged} in it is broken")
        return load(path, compile=False)
