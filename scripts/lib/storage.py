"""The HDF5 files that pass from rule to rule: images, features, clusters."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

from lib.cli import InputError

SPLITS = ("train", "test")


@contextlib.contextmanager
def reading(path: Path) -> Iterator[h5py.File]:
    """Open an HDF5 file to read; anything unreadable in it is the user's one-line error."""
    try:
        with h5py.File(path) as file:
            yield file
    except FileNotFoundError:
        raise InputError(f"{path} does not exist") from None
    except (OSError, KeyError) as error:
        raise InputError(f"{path} is damaged or not of this workflow ({error}); delete it and run again") from None


def read_images(path: Path, split: str) -> np.ndarray:
    """The images of one split, uint8 (n, height, width)."""
    with reading(path) as file:
        return file[split]["images"][:]


def read_labels(path: Path, split: str) -> np.ndarray | None:
    """The classes of one split, uint8 (n,), or None where the dataset has none."""
    with reading(path) as file:
        return file[split]["labels"][:] if "labels" in file[split] else None


def write_features(path: Path, splits: dict[str, np.ndarray], **attributes: str) -> None:
    """Write the features of each split, (n, d), as float32."""
    with h5py.File(path, "w") as file:
        file.attrs.update(attributes)
        for split, features in splits.items():
            n, d = features.shape
            chunks = (min(n, max(1, 2**20 // (4 * d))), d)
            dataset = file.create_dataset(f"{split}/features", shape=(n, d), dtype=np.float32, chunks=chunks)
            dataset.attrs["description"] = (
                "a row for each image, in the order of images.h5; a column for each feature"
            )
            for start in range(0, n, chunks[0]):
                dataset[start : start + chunks[0]] = features[start : start + chunks[0]]


def read_features(path: Path, split: str) -> np.ndarray:
    """The features of one split, float32 (n, d), all finite."""
    with reading(path) as file:
        features = file[split]["features"][:]
    bad = ~np.isfinite(features).all(axis=1)
    if bad.any():
        raise InputError(
            f"{path}: {bad.sum()} of {len(bad)} rows of {split}/features hold NaN or infinity, "
            f"the first is row {bad.argmax()}; delete the file and run again"
        )
    return features
