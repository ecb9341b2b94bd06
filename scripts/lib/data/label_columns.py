"""Classes in the columns of a table: what each row of vectors is labelled as, and how it is called."""

from pathlib import Path

import numpy as np
import pandas as pd

from lib.base.errors import InputError, fault_of_disk, reason_of
from lib.data.dataset import MOST_CLASSES, LabelColumns, Labelling
from lib.data.names import distinguishable, listed, printable

SUFFIXES = (".csv", ".parquet", ".npy")


def read_label_columns(
    path: Path, class_columns: list[str] | None = None, name_column: str | None = None
) -> LabelColumns:
    r"""Read the classes of rows from a CSV or Parquet file with a header, or from a .npy file of one column.

    Parameters
    ----------
    class_columns
        The columns of classes; None: all but that of the names. The classes are the values that occur.
    name_column
        The column of the names of the rows; None: they have none.

    Raises
    ------
    InputError
        If the file cannot be read or has no such column. If a class or a name is missing, if two rows have one
        name, or if a column of classes has another value in each row.

    Examples
    --------
    >>> _ = Path("labels.csv").write_text("id,topic\na,sport\nb,art\nc,sport\n")
    >>> found = read_label_columns(Path("labels.csv"), name_column="id")
    >>> found.names, found.labellings["topic"].labels.tolist(), found.labellings["topic"].names
    (['a', 'b', 'c'], [1, 0, 1], ['art', 'sport'])
    """
    table = _read(path)
    for wanted in [*(class_columns or []), *([name_column] if name_column else [])]:
        if wanted not in table.columns:
            there = listed([printable(column) for column in table.columns])
            raise InputError(f"{path} has no column {wanted!r}; its columns are: {there}")
    names = None
    if name_column:
        names = _texts(path, name_column, table[name_column])
        doubled = table[name_column].duplicated()
        if doubled.any():
            first = names[int(doubled.argmax())]
            raise InputError(f"{path}: {int(doubled.sum()):,} names occur more than once, the first is {first!r}")
    columns = class_columns or [column for column in table.columns if column != name_column]
    return LabelColumns(len(table), names, {column: _labelling(path, column, table[column]) for column in columns})


def _read(path: Path) -> pd.DataFrame:
    try:
        match path.suffix.lower():
            case ".csv":
                table = pd.read_csv(path, encoding="utf-8-sig", keep_default_na=False, na_values=[""])
            case ".parquet":
                table = pd.read_parquet(path)
            case ".npy":
                column = np.load(path, allow_pickle=False)
                table = pd.DataFrame({"class": column.reshape(len(column))})
            case _:
                raise InputError(f"{path}: the name should end in {', '.join(SUFFIXES)}")
    except OSError as error:
        raise InputError(fault_of_disk(error) if error.errno else f"{path}: {reason_of(error)}") from None
    except (ValueError, TypeError, EOFError) as error:
        if "Object arrays" in str(error):
            raise InputError(f"{path} holds Python objects, which are never loaded; save `.astype(str)`") from None
        raise InputError(f"{path} cannot be read as a table of classes: {reason_of(error)}") from None
    table.columns = table.columns.map(str)
    if table.empty:
        raise InputError(f"{path} has no rows")
    return table


def _texts(path: Path, name: str, column: pd.Series) -> list[str]:
    missing = column.isna()
    if missing.any():
        raise InputError(
            f"{path}: {int(missing.sum()):,} rows have nothing in the column {name!r}, the first is row "
            f"{int(missing.argmax())} (the first of all is 0)"
        )
    return [str(value) for value in column]


def _labelling(path: Path, name: str, column: pd.Series) -> Labelling:
    texts = _texts(path, name, column)
    if column.dtype.kind == "f":
        if (column % 1).any():
            wrong = column[column % 1 != 0].iloc[0]
            raise InputError(f"{path}: the column {name!r} holds {wrong:g}, which is no class")
        column = column.astype(np.int64)
    elif column.dtype.kind not in "iub":
        column = pd.Series(texts)
    labels, values = pd.factorize(column, sort=True)
    if len(values) > MOST_CLASSES or len(values) == len(column) > 2:
        raise InputError(
            f"{path}: the column {name!r} has {len(values):,} values in {len(column):,} rows, which are no "
            "classes; name the columns of classes as `class_columns`, and that of the names as `name_column`"
        )
    return Labelling(labels.astype(np.uint16), distinguishable([str(value) for value in values]))
