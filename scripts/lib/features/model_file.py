"""The file of a model, read without a word of Keras' own on what is wrong with it."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

from lib.base.hdf5 import reading_errors


def read_model(path: Path, load: Callable):
    """What Keras' `load_model` makes of a .keras file, which is a zip archive.

    Keras takes one that it may not read, or that is cut off, for one that is not there: so it is read here first.
    """
    with reading_errors(path):
        with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
            if broken := archive.testzip():
                raise zipfile.BadZipFile(f"{broken} in it is broken")
        return load(path, compile=False)
