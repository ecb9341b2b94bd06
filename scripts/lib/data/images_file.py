"""The file of a dataset's images, images.h5, from which all else is made. Nobody else reads or writes it.

Of vectors without images it has the number of rows, their names and their classes.
"""

import hashlib
import logging
from pathlib import Path

import h5py
import numpy as np

from lib.base.errors import InputError
from lib.base.hdf5 import reading, writing
from lib.data.dataset import BATCH_BYTES, BATCH_IMAGES, Batch, Dataset, LabelColumns
from lib.data.grayscale import LUMA, to_gray
from lib.data.names import distinguishable, listed

SPLITS = ("train", "test", "all")  # a dataset has the first two, or is one whole
MANY_CLASSES = 4000  # 64 KiB, the limit of an attribute, at 16 bytes for each name
ATTRIBUTES = ("source", "sha256", "luma", "arrangement", "n_unreadable")
DESCRIPTIONS = {
    "images": "levels from 0 (black) to 255 (white); axes: image, row, column, in colour also red-green-blue",
    "labels": "class of each image: an index into the attribute class_names of the file",
    "files": "where each image came from, below the attribute source of the file",
}


def splits_of(path: Path) -> list[str]:
    """The splits of a dataset: train and test, or all where it is one whole.

    Raises
    ------
    InputError
        If the file cannot be read.

    Examples
    --------
    >>> from lib.data.formats import Source, open_digits
    >>> write_images(Path("images.h5"), open_digits(Source(Path())), origin="digits", source="scikit-learn")
    >>> splits_of(Path("images.h5"))
    ['train', 'test']
    """
    with reading(path) as file:
        return _splits(file)


def training_split(path: Path) -> str:
    """The split that features are learned from: train, or all where a dataset is one whole.

    Raises
    ------
    InputError
        If the file cannot be read.

    Examples
    --------
    >>> from lib.data.formats import Source, open_digits
    >>> write_images(Path("images.h5"), open_digits(Source(Path())), origin="digits", source="scikit-learn")
    >>> training_split(Path("images.h5"))
    'train'
    """
    return splits_of(path)[0]


def _splits(file: h5py.File) -> list[str]:
    return [split for split in SPLITS if split in file]


def _group(file: h5py.File, split: str, path: Path) -> h5py.Group:
    if split not in file and _splits(file):
        raise InputError(
            f"{path} has no split {split}, but {' and '.join(_splits(file))}; set clustering.splits to "
            "that, or leave it out and run again"
        )
    return file[split]


def read_images(path: Path, split: str, rows: slice | np.ndarray = slice(None)) -> np.ndarray:
    """Images of a split. No others are read.

    Parameters
    ----------
    rows
        Which images: a slice, or indices in any order, also repeated. By default all.

    Returns
    -------
    uint8 (n, height, width) or, in colour, (n, height, width, 3), in the order of `rows`.

    Raises
    ------
    InputError
        If the file cannot be read.

    Examples
    --------
    >>> from lib.data.formats import Source, open_digits
    >>> write_images(Path("images.h5"), open_digits(Source(Path())), origin="digits", source="scikit-learn")
    >>> read_images(Path("images.h5"), "test", np.array([7, 0, 7])).shape
    (3, 32, 32)
    """
    with reading(path) as file:
        images = _group(file, split, path)["images"]
        if isinstance(rows, slice):
            return images[rows]
        increasing, places = np.unique(rows, return_inverse=True)  # HDF5 reads rows in increasing order only
        return images[increasing][places]


def count_images(path: Path, split: str) -> int:
    """How many images, or rows of vectors, a split has.

    Raises
    ------
    InputError
        If the file cannot be read.

    Examples
    --------
    >>> from lib.data.formats import Source, open_digits
    >>> write_images(Path("images.h5"), open_digits(Source(Path())), origin="digits", source="scikit-learn")
    >>> count_images(Path("images.h5"), "test")
    500
    """
    with reading(path) as file:
        return _count(_group(file, split, path))


def read_labels(path: Path, split: str) -> np.ndarray | None:
    """The class of each image of a split.

    Returns
    -------
    uint8 or uint16 (n,), an index into `read_class_names`. None: the dataset has no classes.

    Raises
    ------
    InputError
        If the file cannot be read, or the images could not be sorted into classes.

    Examples
    --------
    >>> from lib.data.formats import Source, open_digits
    >>> write_images(Path("images.h5"), open_digits(Source(Path())), origin="digits", source="scikit-learn")
    >>> read_labels(Path("images.h5"), "test")[:3].tolist()
    [0, 1, 2]
    """
    with reading(path) as file:
        group = _group(file, split, path)
        if "no_classes_because" in file.attrs:
            raise InputError(file.attrs["no_classes_because"])
        return group["labels"][:] if "labels" in group else None


def _count(group: h5py.Group) -> int:
    return int(group.attrs["n"]) if "n" in group.attrs else len(group["images"])


def read_more_labels(path: Path, split: str) -> dict[str, np.ndarray]:
    """Further ways of sorting the rows of vectors into classes, beside `read_labels`.

    Returns
    -------
    (n,) uint16 by the name of the column

    Raises
    ------
    InputError
        If the file cannot be read.

    Examples
    --------
    >>> from lib.data.dataset import Labelling
    >>> labelling = Labelling(np.array([0, 1, 0]), ["a", "b"])
    >>> columns = LabelColumns(3, None, {"topic": labelling, "language": labelling})
    >>> write_rows(Path("images.h5"), columns, source="labels.csv")
    >>> [(name, labels.tolist()) for name, labels in read_more_labels(Path("images.h5"), "all").items()]
    [('language', [0, 1, 0])]
    """
    with reading(path) as file:
        group = _group(file, split, path)
        return {str(item.attrs["column"]): item[:] for item in group.get("more_labels", {}).values()}


def read_files(path: Path, split: str) -> list[str] | None:
    """The file that each image of a split came from. None: the images are no files of their own.

    Raises
    ------
    InputError
        If the file cannot be read.

    Examples
    --------
    >>> from lib.data.formats import Source, open_digits
    >>> write_images(Path("images.h5"), open_digits(Source(Path())), origin="digits", source="scikit-learn")
    >>> read_files(Path("images.h5"), "test") is None
    True
    """
    with reading(path) as file:
        group = _group(file, split, path)
        return group["files"].asstr()[:].tolist() if "files" in group else None


def read_class_names(path: Path) -> list[str] | None:
    """The names of the classes that `read_labels` numbers. None: the dataset has no classes.

    Raises
    ------
    InputError
        If the file cannot be read.

    Examples
    --------
    >>> from lib.data.formats import Source, open_digits
    >>> write_images(Path("images.h5"), open_digits(Source(Path())), origin="digits", source="scikit-learn")
    >>> read_class_names(Path("images.h5"))[:3]
    ['0', '1', '2']
    """
    with reading(path) as file:
        return list(map(str, file.attrs["class_names"])) if "class_names" in file.attrs else None


def read_description(path: Path) -> dict:
    """What the images are, and where they are from.

    Returns
    -------
    `n`: how many images each split has. `shape`: of an image, or None where there are vectors alone. `classes`:
    how many images each class has, by name, or None. `class_columns`: of vectors, how many classes each column of
    their table has, the first being that of `classes`. `source`, `sha256`, `luma`, `arrangement` and
    `n_unreadable`: attributes of the file, or None.

    Raises
    ------
    InputError
        If the file cannot be read.

    Examples
    --------
    >>> from lib.data.formats import Source, open_digits
    >>> write_images(Path("images.h5"), open_digits(Source(Path())), origin="digits", source="scikit-learn")
    >>> description = read_description(Path("images.h5"))
    >>> description["n"], description["shape"], description["source"]
    ({'train': 1297, 'test': 500}, (32, 32), 'scikit-learn')
    """
    with reading(path) as file:
        splits = _splits(file)
        found = {
            "n": {split: _count(file[split]) for split in splits},
            "shape": file[splits[0]]["images"].shape[1:] if "images" in file[splits[0]] else None,
            **{name: file.attrs.get(name) for name in ATTRIBUTES},
            "classes": None,
            "class_columns": {},
        }
        if "labels" in file[splits[0]]:
            labels = np.concatenate([file[split]["labels"][:] for split in splits])
            names = list(map(str, file.attrs["class_names"]))
            found["classes"] = dict(zip(names, np.bincount(labels, minlength=len(names)).tolist(), strict=True))
            group = file[splits[0]]
            if "column" in group["labels"].attrs:
                found["class_columns"][str(group["labels"].attrs["column"])] = len(names)
            for item in group.get("more_labels", {}).values():
                found["class_columns"][str(item.attrs["column"])] = len(item.attrs["class_names"])
    return found


def counts_in_words(n_images: dict[str, int]) -> str:
    """How many images each split has.

    Examples
    --------
    >>> counts_in_words({"test": 10000, "train": 50000})
    '50,000 train and 10,000 test'
    """
    return " and ".join(f"{n_images[split]:,} {split}" for split in SPLITS if split in n_images)


def write_images(
    path: Path,
    dataset: Dataset,
    *,
    origin: str,
    source: str,
    archive: Path | None = None,
    channels: str = "gray",
    luma: tuple[float, float, float] = LUMA,
    n_images: dict[str, int] | None = None,
) -> None:
    """Write the images of a dataset, a batch at a time. Classes without images are left out.

    Parameters
    ----------
    origin
        Where the images are read from, for errors.
    source
        Where the images are from originally; kept as an attribute.
    archive
        A file whose SHA-256 is kept as an attribute.
    channels : "gray" or "rgb"
    luma
        Weights of red, green and blue in gray levels.
    n_images
        How many images each split should have; None: any number.

    Raises
    ------
    InputError
        If a split has another number of images than it should, only one, none that can be read, or images that
        are all the same. If `channels` is "rgb" and the images have no colours. If the file cannot be written.

    Examples
    --------
    >>> from lib.data.formats import Source, open_digits
    >>> write_images(Path("images.h5"), open_digits(Source(Path())), origin="digits", source="scikit-learn")
    """
    with writing(path, large_attributes=len(dataset.class_names or []) > MANY_CLASSES) as file:
        if channels == "rgb" and not dataset.colours:
            raise InputError(f"{origin}: the images have no colours; leave out `channels: rgb`")
        if n_images is not None and n_images != dataset.n_images:
            raise InputError(
                f"{origin} holds {counts_in_words(dataset.n_images)} images, expected {counts_in_words(n_images)} "
                "(`n_images`)"
            )
        for split in dataset.n_images:
            file.create_group(split)
        file.attrs["source"] = source
        if archive:
            with archive.open("rb") as stream:
                file.attrs["sha256"] = hashlib.file_digest(stream, "sha256").hexdigest()
        if dataset.class_names is not None:
            file.attrs["class_names"] = distinguishable(dataset.class_names)
        if dataset.refusal is not None:
            file.attrs["no_classes_because"] = dataset.refusal
        if dataset.arrangement is not None:
            logging.info("%s", dataset.arrangement)
            file.attrs["arrangement"] = dataset.arrangement
        if channels == "gray" and dataset.colours:
            file.attrs["luma"] = luma
        _write_batches(file, dataset, channels=channels, luma=luma, origin=origin)
        _leave_out_classes_without_images(file)
        for split in dataset.n_images:
            images = file[split]["images"]
            _refuse_constant(images, split, origin)
            logging.info("%s: %s images of %s x %s", split, *map("{:,}".format, images.shape[:3]))


def write_rows(path: Path, columns: LabelColumns, *, source: str) -> None:
    """Write what is known of the rows of vectors that have no images. The first column has the classes.

    Parameters
    ----------
    source
        Where the columns are from; kept as an attribute.

    Raises
    ------
    InputError
        If there is one row alone, or the file cannot be written.

    Examples
    --------
    >>> from lib.data.dataset import Labelling
    >>> labelling = Labelling(np.array([0, 1, 0]), ["art", "sport"])
    >>> write_rows(Path("images.h5"), LabelColumns(3, ["x", "y", "z"], {"topic": labelling}), source="labels.csv")
    >>> read_labels(Path("images.h5"), "all").tolist(), read_class_names(Path("images.h5"))
    ([0, 1, 0], ['art', 'sport'])
    """
    if columns.n == 1:
        raise InputError(f"{source}: there is one row alone, and nothing to cluster; add rows")
    n_names = max((len(labelling.names) for labelling in columns.labellings.values()), default=0)
    with writing(path, large_attributes=n_names > MANY_CLASSES) as file:
        file.attrs["source"] = source
        group = file.create_group("all")
        group.attrs["n"] = columns.n
        if columns.names is not None:
            group["files"] = np.array(columns.names, h5py.string_dtype())
            group["files"].attrs["description"] = "the name of each row"
        for number, (column, labelling) in enumerate(columns.labellings.items()):
            name = f"more_labels/{number}" if number else "labels"
            group[name] = labelling.labels.astype(np.uint16)
            group[name].attrs["description"] = "class of each row: an index into the names of the classes"
            group[name].attrs["column"] = column
            (group[name] if number else file).attrs["class_names"] = labelling.names
        logging.info("%s rows; classes: %s", f"{columns.n:,}", ", ".join(columns.labellings) or "none")


def _write_batches(
    file: h5py.File, dataset: Dataset, *, channels: str, luma: tuple[float, float, float], origin: str
) -> None:
    n_read = dict.fromkeys(dataset.n_images, 0)
    for batch in dataset.batches:
        n_read[batch.split] += len(batch.pixels)
        for name, values in _columns(batch, dataset, channels, luma).items():
            if name not in file[batch.split]:
                _create(file[batch.split], name, dataset.n_images[batch.split], values)
            file[batch.split][name][batch.start : batch.start + len(values)] = values
    if n_unreadable := sum(dataset.n_images.values()) - sum(n_read.values()):
        file.attrs["n_unreadable"] = n_unreadable
    for split in n_read:
        if not n_read[split]:
            raise InputError(f"{origin}: none of the images of {split} can be read")
        for column in file[split].values():
            column.resize(n_read[split], axis=0)


def _columns(
    batch: Batch, dataset: Dataset, channels: str, luma: tuple[float, float, float]
) -> dict[str, np.ndarray]:
    """What the file holds of the images of a batch, by name, a row for each image."""
    if not dataset.colours:
        columns = {"images": batch.pixels[:, 0]}
    elif channels == "gray":
        columns = {"images": to_gray(batch.pixels, luma)}
    else:
        columns = {"images": batch.pixels.transpose(0, 2, 3, 1)}
    if batch.labels is not None:
        n_classes = len(dataset.class_names or [])
        columns["labels"] = batch.labels.astype(np.uint8 if n_classes <= 256 else np.uint16)
    if batch.files is not None:
        columns["files"] = np.array(batch.files, h5py.string_dtype())
    return columns


def _create(group: h5py.Group, name: str, n_images: int, first: np.ndarray) -> None:
    """Create a column for all images of a split, of the type and shape of its first rows."""
    chunk = min(n_images, BATCH_IMAGES, max(1, BATCH_BYTES // (first.nbytes // len(first))))
    group.create_dataset(name, (n_images, *first.shape[1:]), first.dtype, chunks=(chunk, *first.shape[1:]))
    group[name].attrs["description"] = DESCRIPTIONS[name]


def _leave_out_classes_without_images(file: h5py.File) -> None:
    """Leave out the classes that have images in no split, and number the others anew."""
    if "class_names" not in file.attrs:
        return
    labels = {split: file[split]["labels"][:] for split in _splits(file)}
    names = file.attrs["class_names"]
    n_images = np.bincount(np.concatenate(list(labels.values())), minlength=len(names))
    kept = np.flatnonzero(n_images)
    if len(kept) == len(names):
        return
    without = names[n_images == 0].tolist()
    logging.info("%s classes have no images and are left out: %s", f"{len(without):,}", listed(without))
    file.attrs["class_names"] = names[kept].tolist()
    for split in labels:
        file[split]["labels"][:] = np.searchsorted(kept, labels[split])


def _refuse_constant(images: h5py.Dataset, split: str, origin: str) -> None:
    first = images[0]
    if len(images) == 1:
        raise InputError(f"{origin}: {split} has one image alone, and there is nothing to cluster; add images")
    if all((images[chunk] == first).all() for chunk in images.iter_chunks()):
        raise InputError(f"{origin}: all images of {split} are the same; there is nothing to cluster")
