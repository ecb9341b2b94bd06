"""The HDF5 files that pass from rule to rule: images, features, clusters."""

import contextlib
import io
import traceback
import typing
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import numpy as np

from lib.cli import InputError, fault_of_disk, replacing

SPLITS = ("train", "test")


@contextlib.contextmanager
def told(path: Path) -> Iterator[None]:
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
    with told(path), opened(path) as file:
        yield file


@contextlib.contextmanager
def writing(path: Path, *, large_attributes: bool = False) -> Iterator[h5py.File]:
    """Write an HDF5 file that takes its place when the block ends well, and is not there otherwise.

    Attributes of more than 64 KiB need a newer format, which has the time in it: the bytes will differ.
    """
    libver = ("v108", "latest") if large_attributes else None
    with replacing(path) as part, _PatientFile(part, "r+") as disk:
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


def read_model(path: Path, load: Callable):
    """What Keras' `load_model` makes of a .keras file, which is a zip archive.

    Keras takes one that it may not read, or that is cut off, for one that is not there: so it is read here first.
    """
    with told(path):
        with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
            if broken := archive.testzip():
                raise zipfile.BadZipFile(f"{broken} in it is broken")
        return load(path, compile=False)


def read_images(path: Path, split: str) -> np.ndarray:
    """The images of one split, uint8 (n, height, width) or, in colour, (n, height, width, 3)."""
    with reading(path) as file:
        return file[split]["images"][:]


def count_images(path: Path, split: str) -> int:
    """How many images a split has."""
    with reading(path) as file:
        return len(file[split]["images"])


def read_labels(path: Path, split: str) -> np.ndarray | None:
    """The classes of one split, uint8 or uint16 (n,), or None where the dataset has none."""
    with reading(path) as file:
        return file[split]["labels"][:] if "labels" in file[split] else None


def write_features(path: Path, features: np.ndarray) -> None:
    """Write the features of a split, (n, d), as float32."""
    n, d = features.shape
    rows = min(n, max(1, 2**20 // (4 * d)))
    with writing(path) as file:
        dataset = file.create_dataset("features", (n, d), np.float32, chunks=(rows, d))
        dataset.attrs["description"] = "axes: image, in the order of images.h5; feature"
        for start in range(0, n, rows):
            dataset[start : start + rows] = features[start : start + rows]


@contextlib.contextmanager
def open_features(path: Path) -> Iterator[h5py.Dataset]:
    """The features of a split, float32 (n, d), all finite, to be read by and by."""
    with contextlib.ExitStack() as stack:
        with told(path):
            features = stack.enter_context(opened(path))["features"]
            n, d = features.shape
            rows = max(1, 2**24 // max(1, d))
            bad = np.concatenate([~np.isfinite(features[i : i + rows]).all(axis=1) for i in range(0, n, rows)])
        if bad.any():
            raise InputError(
                f"{path}: {bad.sum()} of {len(bad)} rows hold NaN or infinity, "
                f"the first is row {bad.argmax()}; move it away and run again"
            )
        yield features


def read_features(path: Path) -> np.ndarray:
    """The features of a split, float32 (n, d), all finite."""
    with open_features(path) as features:
        return features[:]


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


def read_seed(path: Path) -> int:
    """The seed of a clustering."""
    with reading(path) as file:
        return int(file.attrs["seed"])


def read_scores(path: Path, seed: int) -> dict:
    """What evaluate.py found of the clustering of a seed: indices, and `silhouette_samples` unless estimated."""
    with reading(path) as file:
        group = file[f"seed{seed}"]
        return dict(file.attrs) | dict(group.attrs) | {name: dataset[:] for name, dataset in group.items()}


def read_clusters(path: Path, n: int | None = None) -> np.ndarray:
    """The cluster of each point, int32 (n,); of n points, if that is given."""
    with reading(path) as file:
        labels = file["labels"][:]
    if n is not None and len(labels) != n:
        raise InputError(
            f"{path} has {len(labels)} labels for {n} rows of features; it is of other images: "
            "move it away and run again"
        )
    return labels
