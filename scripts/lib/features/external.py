"""Features that were made elsewhere: which row is of which image, and how the rows are scaled."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

import numpy as np

from lib.data.images_file import count_images, read_files

BYTES_AT_ONCE = 2**26


class Rows(Protocol):
    """(n, d) numbers: an array, or an open file of them."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    def __getitem__(self, rows: slice | np.ndarray) -> np.ndarray: ...


def match_names(names: Sequence[str], wanted: Sequence[str]) -> np.ndarray:
    """The row of each wanted name.

    Parameters
    ----------
    names
        Of all rows.
    wanted
        Of all images, each once.

    Returns
    -------
    (n_wanted,) int64

    Raises
    ------
    ValueError
        If a name is missing, there more than once, or not wanted.

    Examples
    --------
    >>> match_names(["b.png", "a.png"], ["a.png", "b.png"]).tolist()
    [1, 0]
    >>> match_names(["a.png"], ["a.png", "b.png", "c.png"])
    Traceback (most recent call last):
    ValueError: no row has the name b.png, c.png (2 of 3 names)
    """
    doubled = [name for name, n in Counter(names).items() if n > 1]
    if doubled:
        raise ValueError(f"more than one row has the name {_first(doubled, len(set(names)))}")
    row_of = {name: row for row, name in enumerate(names)}
    known = set(wanted)
    missing = [name for name in wanted if name not in row_of]
    extra = [name for name in names if name not in known]
    if missing:
        also = f"; and rows have names that are not wanted: {_first(extra, len(names))}" if extra else ""
        raise ValueError(f"no row has the name {_first(missing, len(wanted))}{also}")
    if extra:
        raise ValueError(f"rows have names that are not wanted: {_first(extra, len(names))}")
    return np.array([row_of[name] for name in wanted], dtype=np.int64)


def _first(names: Collection[str], n_all: int) -> str:
    return f"{', '.join(list(names)[:3])}{', …' if len(names) > 3 else ''} ({len(names):,} of {n_all:,} names)"


def rows_of_splits(
    images: Path,
    splits: list[str],
    n_rows: int,
    names: list[str] | None,
    unread: Mapping[str, np.ndarray] = MappingProxyType({}),
) -> dict[str, np.ndarray]:
    """The row of each image of each split, by file name if the rows have names, else by their order.

    Parameters
    ----------
    images
        images.h5 of the dataset.
    splits
        Those whose rows there are, in the order of `SPLITS`.
    names
        File names of the rows, if they have any.
    unread
        Columns of the file that may be names: without `names`, none of them may say another order.

    Returns
    -------
    (n,) int64 for each split

    Raises
    ------
    ValueError
        If rows and images do not fit.

    Examples
    --------
    >>> from lib.data.formats import Source, open_digits
    >>> from lib.data.images_file import write_images
    >>> write_images(Path("images.h5"), open_digits(Source(Path())), origin="digits", source="scikit-learn")
    >>> rows_of_splits(Path("images.h5"), ["train", "test"], 1797, None)["test"][:2].tolist()
    [1297, 1298]
    """
    counts = {split: count_images(images, split) for split in splits}
    n_images = sum(counts.values())
    ends = np.cumsum(list(counts.values()))
    found = [read_files(images, split) for split in splits]
    wanted = None if None in found else [name for of_split in found for name in of_split or ()]
    if names is None:
        _check_order(unread, wanted)
        if n_rows != n_images:
            of = " and ".join(f"{n:,} {split}" for split, n in counts.items())
            raise ValueError(
                f"{n_rows:,} rows, and the dataset has {n_images:,} ({of}); as many are wanted, in its order"
            )
        order = np.arange(n_images)
    else:
        if len(names) != n_rows:
            raise ValueError(f"{n_rows:,} rows, and names of {len(names):,}")
        if wanted is None:
            raise ValueError(
                "the dataset has no names to match; leave out those of the rows, and give them in its order"
            )
        order = match_names(names, wanted)
    return dict(zip(splits, np.split(order, ends[:-1]), strict=True))


def _check_order(unread: Mapping[str, np.ndarray], wanted: list[str] | None) -> None:
    """Refuse to go by the order of the rows where a column that nobody named may say another order."""
    for column, values in unread.items():
        texts = list(map(str, values))
        if texts == wanted:
            continue
        is_text = values.dtype.kind not in "iu"
        suspicious = not is_text and len(values) - 1 == np.ptp(values) and (np.diff(values) < 0).any()
        if wanted is not None:
            all_different = len(set(texts)) == len(texts)
            suspicious |= not set(wanted).isdisjoint(texts) or (is_text and all_different)
        if suspicious:
            raise ValueError(
                f"the column {column!r} may say which row is whose; name it as `file_column` if it has the names, "
                "or leave it out of the file if the rows are in the right order"
            )


def take(rows: Rows, order: np.ndarray) -> np.ndarray:
    """Rows in an order of one's own, of an array or an open HDF5 dataset, which wants ascending numbers.

    Examples
    --------
    >>> take(np.array([[0], [1], [2]]), np.array([2, 0])).tolist()
    [[2], [0]]
    """
    ascending = np.argsort(order)
    numbers = order[ascending]
    first, last = int(numbers[0]), int(numbers[-1])
    is_range = last - first + 1 == len(numbers)
    found = np.asarray(rows[slice(first, last + 1) if is_range else numbers])
    result = np.empty_like(found)
    result[ascending] = found
    return result


def blocks(rows: Rows, order: np.ndarray) -> Iterator[np.ndarray]:
    """The rows of an order in float64, some at a time.

    Raises
    ------
    ValueError
        If a value is not finite, or too large for float32.

    Examples
    --------
    >>> [block.tolist() for block in blocks(np.array([[0], [1], [2]]), np.array([2, 0]))]
    [[[2.0], [0.0]]]
    """
    step = max(1, BYTES_AT_ONCE // (8 * rows.shape[1]))
    for start in range(0, len(order), step):
        numbers = order[start : start + step]
        block = take(rows, numbers).astype(np.float64)
        bad = np.argwhere(~(np.abs(block) <= np.finfo(np.float32).max))
        if len(bad):
            row, column = bad[0]
            raise ValueError(
                f"row {numbers[row]} has a value that is not finite in column {column} (the first is 0)"
            )
        yield block


def moments(rows: Rows, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean and the standard deviation of each column over the rows of an order, (d,) float64 each.

    Where all values are the same, the deviation is given as 1.

    Examples
    --------
    >>> mean, deviation = moments(np.array([[0.0, 5], [2, 5]]), np.array([0, 1]))
    >>> mean.tolist(), deviation.tolist()
    ([1.0, 5.0], [1.0, 1.0])
    """
    mean = sum(block.sum(axis=0) for block in blocks(rows, order)) / len(order)
    variance = sum(((block - mean) ** 2).sum(axis=0) for block in blocks(rows, order)) / len(order)
    return mean, np.where(variance > 0, np.sqrt(variance), 1.0)


def normalized(
    rows: Rows, order: np.ndarray, normalize: str, fit: tuple[np.ndarray, np.ndarray] | None = None
) -> Iterator[np.ndarray]:
    """The features of the images of an order, some at a time.

    Parameters
    ----------
    normalize
        none; l2: each row is scaled to length 1; standardize: each column by `fit`.
    fit
        As of `moments`.

    Yields
    ------
    float32 rows

    Raises
    ------
    ValueError
        If a value is not finite, or a row of length 0 is to have length 1.

    Examples
    --------
    >>> [block.tolist() for block in normalized(np.array([[3.0, 4], [0, 2]]), np.array([1, 0]), "l2")]
    [[[0.0, 1.0], [0.6000000238418579, 0.800000011920929]]]
    """
    done = 0
    for block in blocks(rows, order):
        if normalize == "l2":
            scale = np.abs(block).max(axis=1, keepdims=True)
            if not scale.all():
                row = order[done + int((scale[:, 0] == 0).argmax())]
                raise ValueError(f"row {row} (the first is 0) is all zeros and cannot have length 1")
            block = block / scale  # so that no square is too large or too small
            block = block / np.linalg.norm(block, axis=1, keepdims=True)
        elif normalize == "standardize" and fit is not None:
            block = (block - fit[0]) / fit[1]
        done += len(block)
        yield block.astype(np.float32)
