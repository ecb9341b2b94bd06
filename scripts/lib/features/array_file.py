"""Tables of numbers that were made elsewhere: .npy, .npz, HDF5, Parquet and CSV."""

import contextlib
import json
import zipfile
from collections.abc import Iterator, Mapping
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
    unread: dict[str, np.ndarray]  # arrays or columns beside them that may be names


class Column(NamedTuple):
    """A value of each row, and as of `Table`."""

    values: np.ndarray  # (n,)
    names: list[str] | None
    unread: dict[str, np.ndarray]


class _Content(NamedTuple):
    """What a file holds: an array, or a data frame of all columns but the names; and as of `Table`."""

    rows: Any
    names: list[str] | None
    unread: dict[str, np.ndarray]


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
        table = Table(*(_numbers_of(path, found, key) if isinstance(found.rows, pd.DataFrame) else found))
        shape, kind = table.rows.shape, np.dtype(getattr(table.rows, "dtype", object)).kind
        if len(shape) != 2 or 0 in shape or kind not in "iuf":
            raise InputError(f"{path} holds {_described(table.rows)}; rows of numbers (n, d) are wanted")
        yield table


def read_column(path: Path, *, key: str | None = None, names_key: str | None = None) -> Column:
    """Read a column of numbers or texts: one value for each row.

    Parameters
    ----------
    key
        Which array of a .npz or HDF5 file, or which column of a Parquet or CSV file; None: the only one.
    names_key
        As for `open_table`.

    Raises
    ------
    InputError
        As `open_table`, or if there is more than one value for an image.

    Examples
    --------
    >>> _ = Path("mine.csv").write_text("file,cluster\\na.png,3\\nb.png,-1\\n")
    >>> found = read_column(Path("mine.csv"), names_key="file")
    >>> found.values.tolist(), found.names
    ([3, -1], ['a.png', 'b.png'])
    """
    with _opened(path, key, names_key) as found:
        if isinstance(found.rows, pd.DataFrame):
            found = _one_column(path, found, key)
        values = np.asarray(found.rows[...])
        if values.ndim == 2 and values.shape[1] == 1:
            values = values[:, 0]
        if values.ndim != 1 or not values.size:
            raise InputError(f"{path} holds {_described(values)}; one value for each row is wanted")
        return Column(values, found.names, found.unread)


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
                    f"{path} holds Python objects, which are never loaded; save numbers, or texts "
                    "as `.astype(str)` makes them"
                ) from None
            raise InputError(f"{path} cannot be read: {reason_of(error)}") from None
        n_rows = table.rows.shape[0] if table.rows.shape else 0
        if table.names is not None and len(table.names) != n_rows:
            raise InputError(f"{path} has {n_rows:,} rows, and names of {len(table.names):,}")
        yield table


def _described(rows: Rows) -> str:
    return f"an array of shape {tuple(rows.shape)} and type {getattr(rows, 'dtype', '?')}"


def _choose(path: Path, arrays: list[str], key: str | None, setting: str = "key") -> str:
    """The array to read."""
    if key is None and len(arrays) == 1:
        return arrays[0]
    if key in arrays:
        return key
    if not arrays:
        raise InputError(f"{path} holds nothing to read")
    wanted = (
        f"has no {key!r}; name one of these" if key else "holds several arrays or columns; name the one to read"
    )
    names = "" if key else ", and that of the file names as `file_column`"
    raise InputError(f"{path} {wanted} as `{setting}`{names}: {', '.join(arrays)}")


def _unread(columns: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """The columns of texts, and of whole numbers that are all different: they may be names of the rows."""
    found = {}
    for name, column in columns.items():
        values = pd.Series(column)
        if values.dtype == object and not isinstance(values.iloc[0], str | bytes):
            continue  # lists
        whole = pd.api.types.is_integer_dtype(values) and values.is_unique
        if whole or not pd.api.types.is_numeric_dtype(values):
            found[name] = values.to_numpy()
    return found


def _one_array(path: Path, arrays: Mapping[str, Any], key: str | None, names_key: str | None) -> _Content:
    """One of the arrays of a file, and another for the names."""
    names = None if names_key is None else arrays[_choose(path, list(arrays), names_key, "file_column")]
    chosen = _choose(path, [name for name in arrays if name != names_key], key)
    rows = arrays[chosen]
    n = rows.shape[:1]
    others = {
        name: array[:] for name, array in arrays.items() if name not in (chosen, names_key) and array.shape == n
    }
    return _Content(rows, None if names is None else list(map(str, names[:].ravel().tolist())), _unread(others))


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
    yield _Content(_MappedRows(path), None, {})


@contextlib.contextmanager
def _npz(path: Path, key: str | None, names_key: str | None) -> Iterator[_Content]:
    with np.load(path, allow_pickle=False) as file:
        yield _one_array(path, file, key, names_key)


@contextlib.contextmanager
def _hdf5(path: Path, key: str | None, names_key: str | None) -> Iterator[_Content]:
    with path.open("rb") as bytes_of, h5py.File(bytes_of, "r") as file:
        arrays: dict[str, Any] = {}

        def add(name: str, item: h5py.Group | h5py.Dataset) -> None:
            if isinstance(item, h5py.Dataset):
                arrays[name] = item.asstr() if h5py.check_string_dtype(item.dtype) else item

        file.visititems(add)
        yield _one_array(path, arrays, key, names_key)


@contextlib.contextmanager
def _parquet(path: Path, key: str | None, names_key: str | None) -> Iterator[_Content]:
    frame = pd.read_parquet(path)
    index = frame.index  # the names, if it was saved as such; but what only counts is dropped
    if index.name is not None or not (pd.api.types.is_integer_dtype(index) and index.is_monotonic_increasing):
        frame = frame.reset_index()
    yield _of_frame(path, frame, names_key)


@contextlib.contextmanager
def _csv(path: Path, key: str | None, names_key: str | None) -> Iterator[_Content]:
    names = {} if names_key is None else {names_key: str}
    yield _of_frame(path, pd.read_csv(path, dtype=names, keep_default_na=False), names_key)


def _of_frame(path: Path, frame: pd.DataFrame, names_key: str | None) -> _Content:
    frame.columns = frame.columns.map(str)
    names = None
    if names_key is not None:
        names = list(map(str, frame.pop(_choose(path, list(frame.columns), names_key, "file_column")).tolist()))
    return _Content(frame, names, {})


def _one_column(path: Path, found: _Content, key: str | None) -> _Content:
    """One column of a data frame."""
    frame = found.rows
    chosen = _choose(path, list(frame.columns), key)
    return found._replace(rows=frame[chosen].to_numpy(), unread=_unread(frame.drop(columns=chosen)))


def _numbers_of(path: Path, found: _Content, key: str | None) -> _Content:
    """All columns of a data frame, or the lists of one, as an array."""
    frame = found.rows
    of_lists = [name for name in frame if frame[name].dtype == object or pd.api.types.is_string_dtype(frame[name])]
    if key is None and not of_lists:
        counts = [name for name in frame if len(frame.columns) > 1 and _is_index(name, frame[name])]
        if counts:
            raise InputError(
                f"{path}: the column {counts[0]!r} numbers the rows and is no feature; leave it out (pandas does "
                "with `index=False`), or name it as `file_column` if it has the names of the rows"
            )
        return found._replace(rows=frame.to_numpy())
    if key is None and (len(of_lists) > 1 or len(frame.columns) > 1):
        raise InputError(
            f"{path}: the column {of_lists[0]!r} is not of numbers; name the column of lists as `key`, and that "
            "of the file names as `file_column`"
        )
    column = _one_column(path, found, key)
    try:
        lists = [json.loads(value) if isinstance(value, str) else value for value in column.rows]
        rows = np.array([np.asarray(value) for value in lists])
    except (ValueError, TypeError):
        name = of_lists[0] if key is None else key
        raise InputError(f"{path}: not every row of the column {name!r} is a list of as many numbers") from None
    return column._replace(rows=rows)


def _is_index(name: str, column: pd.Series) -> bool:
    """Whether a column is the index of a pandas frame, or numbers the rows in any order."""
    if name.startswith(("Unnamed: ", "__index_level_")):  # as pandas and Arrow call what has no name
        return True
    return (
        pd.api.types.is_integer_dtype(column)
        and column.is_unique
        and column.max() - column.min() == len(column) - 1
    )


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
