"""Reading and writing HDF5: whole files, one-line errors, no locks. What a file holds is up to each format."""

import contextlib
import io
import traceback
import typing
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import h5py

from lib.base.errors import InputError, fault_of_disk, reason_of
from lib.base.files import atomic_write

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

Record = TypeVar("Record", bound=NamedTuple)


@contextlib.contextmanager
def reading_errors(path: Path) -> Iterator[None]:
    """Turn what goes wrong in reading a file that the workflow made into the user's one-line error.

    Only the reading of that file belongs in the block.

    Raises
    ------
    InputError
        If the file is missing, or the disk does not give it. If its format is broken: only then the message says
        to delete it. If the file is whole, and of something else.

    Examples
    --------
    >>> with reading_errors(Path("X.h5")):
    ...     {}["features"]
    Traceback (most recent call last):
    lib.base.errors.InputError: X.h5 is not of this workflow, or damaged ('features'); move it away and run again
    """
    try:
        yield
    except Exception as error:
        # The frames of h5py hold the file. If they outlive Python, HDF5 crashes when it closes the file.
        traceback.clear_frames(error.__traceback__)
        message = _message(error, path)
        if message is None:
            raise
        raise InputError(message) from None


def _message(error: Exception, path: Path) -> str | None:
    """What an error says of a file that the workflow made; None: reading raises no errors of this kind."""
    match error:
        case FileNotFoundError():
            return f"{error.filename or path} does not exist"
        case OSError() if error.errno:
            return fault_of_disk(error, "" if error.filename else f"{path}: ")
        case OSError() | EOFError() | zipfile.BadZipFile() | zlib.error():
            return f"{path} is damaged ({reason_of(error)}); delete it and run again"
        case KeyError() | TypeError() | ValueError() | AttributeError() | RuntimeError():
            return f"{path} is not of this workflow, or damaged ({reason_of(error)}); move it away and run again"
    return None


@contextlib.contextmanager
def opened(path: Path) -> Iterator[h5py.File]:
    """Open an HDF5 file to read, without a lock.

    HDF5 opens a file object of Python: by itself it would lock the file, which some file systems cannot. No lock
    is needed, because `writing` replaces whole files.

    Examples
    --------
    >>> with writing(Path("X.h5")) as file:
    ...     file["x"] = [1, 2]
    >>> with opened(Path("X.h5")) as file:
    ...     file["x"][:].tolist()
    [1, 2]
    """
    with path.open("rb") as disk, h5py.File(disk) as file:
        yield file


@contextlib.contextmanager
def reading(path: Path) -> Iterator[h5py.File]:
    """Open an HDF5 file to read. Only its reading belongs in the block.

    Raises
    ------
    InputError
        As `reading_errors` does.

    Examples
    --------
    >>> with reading(Path("missing.h5")) as file:
    ...     file["x"][:]
    Traceback (most recent call last):
    lib.base.errors.InputError: missing.h5 does not exist
    """
    with reading_errors(path), opened(path) as file:
        yield file


@contextlib.contextmanager
def writing(path: Path, *, large_attributes: bool = False) -> Iterator[h5py.File]:
    """Write an HDF5 file whole or not at all, as `atomic_write` does.

    Parameters
    ----------
    large_attributes
        Allow attributes of more than 64 KiB. They need a newer file format, which holds the time of writing. So
        the bytes differ each time.

    Raises
    ------
    InputError
        If the disk is full, or the operating system refuses to write.

    Examples
    --------
    >>> with writing(Path("X.h5")) as file:
    ...     file["x"] = [1, 2]
    """
    libver = ("v108", "latest") if large_attributes else None
    with atomic_write(path) as part, _PatientFile(part, "r+") as disk:
        with h5py.File(disk, "w", libver=libver) as file:
            yield file
        if disk.error:
            raise disk.error


def is_made_of(path: Path, made_of: str) -> bool:
    """Whether a file is there, whole, and its attribute `made_of` says that it was made of this and in this way.

    Parameters
    ----------
    made_of
        A digest, as of `digest_of`.

    Examples
    --------
    >>> with writing(Path("X.h5")) as file:
    ...     file.attrs["made_of"] = "c0ffee"
    >>> [is_made_of(Path(path), digest) for path in ("X.h5", "Y.h5") for digest in ("c0ffee", "decade")]
    [True, False, False, False]
    """
    return bool(groups_made_of(path, {"/": made_of}))


def groups_made_of(path: Path, made_of: Mapping[str, str]) -> list[str]:
    """The groups of a file of which their attribute `made_of` says that they were made of this and in this way.

    Parameters
    ----------
    path
        A file that may be missing, damaged or older. Then no group is.
    made_of
        A digest, as of `digest_of`, for the name of each group.

    Examples
    --------
    >>> with writing(Path("X.h5")) as file:
    ...     file.create_group("a").attrs["made_of"] = "c0ffee"
    ...     file.create_group("b").attrs["made_of"] = "decade"
    >>> groups_made_of(Path("X.h5"), {"a": "c0ffee", "b": "c0ffee", "c": "c0ffee"})
    ['a']
    """
    if not path.exists():
        return []
    try:
        with reading(path) as file:
            return [
                name
                for name, digest in made_of.items()
                if name in file and file[name].attrs.get("made_of") == digest
            ]
    except InputError:  # a damaged file is made again
        return []


class _PatientFile(io.FileIO):
    """A file that pretends to write after the first error, and keeps that error: HDF5 crashes on a full disk."""

    error: OSError | None = None

    def write(self, data: "ReadableBuffer") -> int:
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


def write_fields(group: h5py.Group, record: NamedTuple) -> None:
    """Write a named tuple: arrays and numbers as datasets, each nested named tuple as a group.

    Examples
    --------
    >>> class Point(NamedTuple):
    ...     x: int
    >>> with writing(Path("point.h5")) as file:
    ...     write_fields(file, Point(3))
    ...     list(file)
    ['x']
    """
    for name, value in record._asdict().items():
        if hasattr(value, "_asdict"):
            write_fields(group.create_group(name), value)
        else:
            group[name] = value


def read_fields(group: h5py.Group, kind: type[Record]) -> Record:
    """Read a named tuple that `write_fields` has written.

    Parameters
    ----------
    kind
        The class of the named tuple.

    Examples
    --------
    >>> class Point(NamedTuple):
    ...     x: int
    >>> with writing(Path("point.h5")) as file:
    ...     write_fields(file, Point(3))
    >>> with reading(Path("point.h5")) as file:
    ...     read_fields(file, Point)
    Point(x=np.int64(3))
    """
    types = typing.get_type_hints(kind)
    return kind(
        *(
            read_fields(group[name], types[name]) if hasattr(types[name], "_fields") else group[name][()]
            for name in kind._fields
        )
    )
