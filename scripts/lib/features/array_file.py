"""Tables of numbers that were made elsewhere: .npy, .npz, HDF5, Parquet and CSV."""

import contextlib
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
import pandas as pd

from lib.base.errors import InputError, fault_of_disk, reason_of
from lib.features.external import Rows

SUFFIXES = (".npy", ".npz", ".h5", ".hdf5", ".parquet", ".csv")


class Table(NamedTuple):
    """Rows of numbers, and the file name of each, where the file holds it."""

    rows: Rows  # (n, d)
    names: list[str] | None


class _Content(NamedTuple):
    """What a file holds: an array, or a data frame of all columns but the names; and the names."""

    rows: Any
    names: list[str] | None


@contextlib.contextmanager
def open_table(path: Path, *, key: str | None = None, names_key: str | None = None) -> Iterator[Table]:
    """Yield a table of numbers. A .npy or HDF5 file is read on demand.

    Parameters
    ----------
    key
        Which array of a .npz or HDF5 file, or which column of lists of a Parquet or CSV file; None: the only one
        there is, or all columns of numbers.
    names_key
        Which array or column holds the file names; None: none.

    Raises
    ------
    InputError
        If the file cannot be read, holds anything but a table of numbers, or has no such array or column. Pickled
        Python objects are never loaded.

    Examples
    --------
    >>> np.save("mine.npy", np.eye(2, dtype=np.float16))
    >>> with open_table(Path("mine.npy")) as table:
    ...     table.rows[0:1].tolist(), table.names
    ([[1.0, 0.0]], None)
    """
    with _opened(path, key, names_key) as found:
        table = _numbers_of(path, found, key) if isinstance(found.rows, pd.DataFrame) else Table(*found)
        shape, kind = table.rows.shape, np.dtype(getattr(table.rows, "dtype", object)).kind
        if len(shape) != 2 or 0 in shape or kind not in "iuf":
            raise InputError(f"{path} holds {_described(table.rows)}; a row of numbers for each image is wanted")
        yield table


def read_column(
    path: Path, *, key: str | None = None, names_key: str | None = None
) -> tuple[np.ndarray, list[str] | None]:
    """Read a column of numbers or texts: one value for each image.

    Parameters
    ----------
    key
        Which array of a .npz or HDF5 file, or which column of a Parquet or CSV file; None: the only one.
    names_key
        As for `open_table`.

    Returns
    -------
    (n,) of any type, and the file names, where the file holds them.

    Raises
    ------
    InputError
        As `open_table`, or if there is more than one value for an image.

    Examples
    --------
    >>> _ = Path("mine.csv").write_text("file,cluster\\na.png,3\\nb.png,-1\\n")
    >>> values, names = read_column(Path("mine.csv"), names_key="file")
    >>> values.tolist(), names
    ([3, -1], ['a.png', 'b.png'])
    """
    with _opened(path, key, names_key) as (rows, names):
        if isinstance(rows, pd.DataFrame):
            columns = list(map(str, rows.columns))
            rows = rows.iloc[:, columns.index(_choose(path, columns, key))].to_numpy()
        values = np.asarray(rows[...])
        if values.ndim == 2 and values.shape[1] == 1:
            values = values[:, 0]
        if values.ndim != 1 or not values.size:
            raise InputError(f"{path} holds {_described(values)}; one value for each image is wanted")
        return values, names


@contextlib.contextmanager
def _opened(path: Path, key: str | None, names_key: str | None) -> Iterator[_Content]:
    readers = {".npy": _npy, ".npz": _npz, ".h5": _hdf5, ".hdf5": _hdf5, ".parquet": _parquet, ".csv": _csv}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise InputError(f"{path}: the name should end in {', '.join(SUFFIXES)}")
    with contextlib.ExitStack() as stack:
        try:
            table = stack.enter_context(reader(path, key, names_key))
        except InputError:
            raise
        except OSError as error:
            if error.errno:
                raise InputError(fault_of_disk(error, "" if error.filename else f"{path}: ")) from None
            raise InputError(f"{path} cannot be read: {reason_of(error)}") from None
        except (ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile) as error:
            if "Python objects" in str(error) or "Object arrays" in str(error):
                raise InputError(
                    f"{path} holds Python objects, which are never loaded; save numbers alone"
                ) from None
            raise InputError(f"{path} cannot be read: {reason_of(error)}") from None
        n_rows = table.rows.shape[0] if table.rows.shape else 0
        if table.names is not None and len(table.names) != n_rows:
            raise InputError(f"{path} has {n_rows:,} rows and {len(table.names):,} file names")
        yield table


def _described(rows: Rows) -> str:
    return f"an array of shape {tuple(rows.shape)} and type {getattr(rows, 'dtype', '?')}"


def _choose(path: Path, arrays: list[str], key: str | None, setting: str = "key") -> str:
    """The array to read."""
    if key is None and len(arrays) == 1:
        return arrays[0]
    if key in arrays:
        return key
    wanted = f"has no {key!r}" if key else "holds several arrays"
    raise InputError(f"{path} {wanted}; name one as `{setting}`: {', '.join(arrays) or 'there is none'}")


class _MappedRows:
    """The rows of a .npy file. Each access maps the file anew, so that what was read does not stay in memory."""

    def __init__(self, path: Path):
        self.path = path
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
        self.shape, self.dtype = mapped.shape, mapped.dtype

    def __getitem__(self, rows: slice | np.ndarray) -> np.ndarray:
        return np.array(np.load(self.path, mmap_mode="r", allow_pickle=False)[rows])


@contextlib.contextmanager
def _npy(path: Path, key: str | None, names_key: str | None) -> Iterator[_Content]:
    for name, option in (("key", key), ("file_column", names_key)):
        if option is not None:
            raise InputError(f"{path} holds one array without a name: leave out `{name}`")
    yield _Content(_MappedRows(path), None)


@contextlib.contextmanager
def _npz(path: Path, key: str | None, names_key: str | None) -> Iterator[_Content]:
    with np.load(path, allow_pickle=False) as file:
        names = None if names_key is None else file[_choose(path, file.files, names_key, "file_column")]
        rows = file[_choose(path, [name for name in file.files if name != names_key], key)]
        yield _Content(rows, None if names is None else list(map(str, names.ravel().tolist())))


@contextlib.contextmanager
def _hdf5(path: Path, key: str | None, names_key: str | None) -> Iterator[_Content]:
    with path.open("rb") as bytes_of, h5py.File(bytes_of, "r") as file:
        arrays: list[str] = []
        file.visititems(lambda name, item: arrays.append(name) if isinstance(item, h5py.Dataset) else None)
        names = None
        if names_key is not None:
            names = file[_choose(path, arrays, names_key, "file_column")].asstr()[:].tolist()
        rows = file[_choose(path, [name for name in arrays if name != names_key], key)]
        yield _Content(rows, names)


@contextlib.contextmanager
def _parquet(path: Path, key: str | None, names_key: str | None) -> Iterator[_Content]:
    yield _of_frame(path, pd.read_parquet(path), names_key)


@contextlib.contextmanager
def _csv(path: Path, key: str | None, names_key: str | None) -> Iterator[_Content]:
    names = {} if names_key is None else {names_key: str}
    yield _of_frame(path, pd.read_csv(path, dtype=names, keep_default_na=False), names_key)


def _of_frame(path: Path, frame: pd.DataFrame, names_key: str | None) -> _Content:
    names = None
    if names_key is not None:
        column = _choose(path, list(map(str, frame.columns)), names_key, "file_column")
        names = list(map(str, frame.pop(column).tolist()))
    return _Content(frame, names)


def _numbers_of(path: Path, found: _Content, key: str | None) -> Table:
    """All columns of a data frame, or the lists of one, as an array."""
    frame, names = found
    of_lists = [name for name in frame if frame[name].dtype == object or pd.api.types.is_string_dtype(frame[name])]
    if key is None and not of_lists:
        return Table(frame.to_numpy(), names)
    if key is None and (len(of_lists) > 1 or len(frame.columns) > 1):
        raise InputError(
            f"{path}: the column {of_lists[0]!r} is not of numbers; name the column of lists as `key`, or that of "
            "the file names as `file_column`"
        )
    column = _choose(path, list(map(str, frame.columns)), key)
    try:
        lists = [json.loads(value) if isinstance(value, str) else value for value in frame[column]]
        rows = np.array([np.asarray(value) for value in lists])
    except (ValueError, TypeError):
        raise InputError(f"{path}: not every row of the column {column!r} is a list of as many numbers") from None
    return Table(rows, names)


def read_names(path: Path) -> list[str]:
    r"""The lines of a text file of file names.

    Raises
    ------
    InputError
        If the file cannot be read.

    Examples
    --------
    >>> _ = Path("files.txt").write_text("b.png\na.png\n")
    >>> read_names(Path("files.txt"))
    ['b.png', 'a.png']
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]
    except OSError as error:
        raise InputError(fault_of_disk(error)) from None
    except UnicodeDecodeError:
        raise InputError(f"{path} is no text in UTF-8; a file name in each line is wanted") from None
