"""The HDF5 files that pass from rule to rule: images, features, clusters."""

import contextlib
import io
import traceback
import typing
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import h5py

from lib.base.errors import InputError, fault_of_disk
from lib.base.files import atomic_write


@contextlib.contextmanager
def reading_errors(path: Path) -> Iterator[None]:
    """Whatever goes wrong in reading a file that the workflow made, as the user's one-line error.

    Nothing but reading it belongs in the block. Only a file whose own format is broken is to be deleted: not
    one that the disk does not give, and not one that is whole and of something else.
    """
    try:
        yield
    except Exception as error:
        # Frames of h5py hold on to the file. If they outlive Python, HDF5 calls it to let go, and crashes.
        traceback.clear_frames(error.__traceback__)
        message = _message(error, path)
        if message is None:
            raise
        raise InputError(message) from None


def _message(error: Exception, path: Path) -> str | None:
    """What is wrong with a file that the workflow made; None: nothing that its reading could have found."""
    match error:
        case FileNotFoundError():
            return f"{error.filename or path} does not exist"
        case OSError() if error.errno:
            return fault_of_disk(error, "" if error.filename else f"{path}: ")
        case OSError() | EOFError() | zipfile.BadZipFile() | zlib.error():
            return f"{path} is damaged ({_line(error)}); delete it and run again"
        case KeyError() | TypeError() | ValueError() | AttributeError() | RuntimeError():
            return f"{path} is not of this workflow, or damaged ({_line(error)}); move it away and run again"
    return None


def _line(error: Exception) -> str:
    return " ".join(str(error).split())


@contextlib.contextmanager
def opened(path: Path) -> Iterator[h5py.File]:
    """Open an HDF5 file to read.

    Through a file of Python's: HDF5 itself would lock it, which some file systems cannot. No lock is needed,
    as `writing` puts only whole files in their place.
    """
    with path.open("rb") as disk, h5py.File(disk) as file:
        yield file


@contextlib.contextmanager
def reading(path: Path) -> Iterator[h5py.File]:
    """Open an HDF5 file to read; anything unreadable in it is the user's one-line error, as of `told`."""
    with reading_errors(path), opened(path) as file:
        yield file


@contextlib.contextmanager
def writing(path: Path, *, large_attributes: bool = False) -> Iterator[h5py.File]:
    """Write an HDF5 file that takes its place when the block ends well, and is not there otherwise.

    Attributes of more than 64 KiB need a newer format, which has the time in it: the bytes will differ.
    """
    libver = ("v108", "latest") if large_attributes else None
    with atomic_write(path) as part, _PatientFile(part, "r+") as disk:
        with h5py.File(disk, "w", libver=libver) as file:
            yield file
        if disk.error:
            raise disk.error


class _PatientFile(io.FileIO):
    """A file that keeps the first error of writing for later: HDF5 crashes on a full disk."""

    error: OSError | None = None

    def write(self, data) -> int:
        view = memoryview(data).cast("B")
        written = 0
        while written < len(view) and not self.error:
            try:
                written += super().write(view[written:])
            except OSError as error:
                self.error = error
        return len(view)

    def truncate(self, size: int | None = None) -> int:
        try:
            return super().truncate(size)
        except OSError as error:
            self.error = self.error or error
            return size or 0


def write_fields(group: h5py.Group, record: tuple) -> None:
    """Write a named tuple of arrays and numbers, and of such tuples."""
    for name, value in record._asdict().items():
        if hasattr(value, "_asdict"):
            write_fields(group.create_group(name), value)
        else:
            group[name] = value


def read_fields(group: h5py.Group, kind: type) -> tuple:
    """Read a named tuple that `write_fields` has written."""
    types = typing.get_type_hints(kind)
    return kind(
        *(
            read_fields(group[name], types[name]) if hasattr(types[name], "_fields") else group[name][()]
            for name in kind._fields
        )
    )
