"""Images from the arrays of a NumPy file."""

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from lib.cli import InputError
from lib.folder import MOST_CLASSES
from lib.images import Batch, Dataset, batch_images
from lib.photos import resize
from lib.splits import drawn_for_test

NAMES = {"x", "x_train", "x_test", "y", "y_train", "y_test", "class_names"}


def open_npz(path: Path, *, side: int | None, test_fraction: float) -> Dataset:
    """Read a NumPy file with x_train and x_test or, to be split at random, x.

    These are images, uint8 (n, height, width) or (n, height, width, 1 or 3). y_train and y_test, or y, which
    need not be there, are their classes, whole numbers from 0 on, (n,) or (n, 1); class_names, which need not
    be there either, are names for them.

    Parameters
    ----------
    side
        To crop and resize the images to; None: they are squares already, all of one size.
    test_fraction
        Share of test images to draw of x.

    Raises
    ------
    InputError
        If the file cannot be read, or an array is missing or is not as said above.
    """
    arrays = _read(path)
    parts = [""] if "x" in arrays else ["_train", "_test"]
    has_labels = any(f"y{part}" in arrays for part in parts)
    for part in parts:
        x = arrays[f"x{part}"] = _images(path, arrays, f"x{part}", side)
        if has_labels:
            arrays[f"y{part}"] = _labels(path, arrays, f"y{part}", len(x))
    shapes = [arrays[f"x{part}"].shape[1:] for part in parts]
    if len({shape[2:] if side else shape for shape in shapes}) > 1:
        raise InputError(
            f"{path}: images of x_train are {shapes[0]}, those of x_test {shapes[1]}; they should be alike"
        )
    class_names = _class_names(path, arrays, [arrays[f"y{part}"] for part in parts]) if has_labels else None
    if parts == [""]:
        drawn = np.array(drawn_for_test([str(i) for i in range(len(arrays["x"]))], test_fraction, path))
        rows = {"train": np.flatnonzero(~drawn), "test": np.flatnonzero(drawn)}
    else:
        rows = {split: np.arange(len(arrays[f"x_{split}"])) for split in ("train", "test")}
    new_side = side or shapes[0][0]

    def batches() -> Iterator[Batch]:
        for split, part in zip(rows, 2 * parts, strict=False):
            for start in range(0, len(rows[split]), batch_images(new_side)):
                some = rows[split][start : start + batch_images(new_side)]
                x = arrays[f"x{part}"][some]
                x = resize(x, side) if side else x
                pixels = x.transpose(0, 3, 1, 2) if x.ndim == 4 else x[:, None]
                yield Batch(split, start, pixels, arrays[f"y{part}"][some] if has_labels else None)

    n_images = {split: len(numbers) for split, numbers in rows.items()}
    return Dataset(n_images, new_side, len(shapes[0]) == 3, class_names, batches())


def _read(path: Path) -> dict[str, np.ndarray | None]:
    """All arrays that have a meaning here; None for the others."""
    name = None
    try:
        file = np.load(path, allow_pickle=False)
        if isinstance(file, np.ndarray):
            raise ValueError("it holds one array without a name")
        with file:
            arrays = dict.fromkeys(file.files)
            for name in NAMES & arrays.keys():
                arrays[name] = file[name]
            return arrays
    except FileNotFoundError:
        raise InputError(f"{path} does not exist") from None
    except (ValueError, EOFError, OSError, zlib.error, zipfile.BadZipFile) as error:
        if getattr(error, "errno", None):  # a fault of the disk
            raise
        what = f"its array {name} cannot be read" if name else "it is no NumPy .npz file, or is cut off"
        raise InputError(f"{path}: {what} ({error}); make it again, or point `source` at a good copy") from None


def _get(path: Path, arrays: dict[str, np.ndarray], name: str) -> np.ndarray:
    if name not in arrays:
        raise InputError(
            f"{path} holds no {name}; its arrays are: {', '.join(arrays)}; there should be x_train and x_test, "
            "or x, and labels for all or none of them, y_train and y_test, or y"
        )
    return arrays[name]


def _images(path: Path, arrays: dict[str, np.ndarray], name: str, side: int | None) -> np.ndarray:
    x = _get(path, arrays, name)
    if x.dtype != np.uint8 or not (x.ndim == 3 or (x.ndim == 4 and x.shape[3] in (1, 3))) or not x.size:
        raise InputError(
            f"{path}: {name} should be images, uint8 (n, height, width) or (n, height, width, 1 or 3), is "
            f"{x.dtype} {x.shape}"
        )
    if side is None and x.shape[1] != x.shape[2]:
        raise InputError(
            f"{path}: images of {name} are {x.shape[1]} x {x.shape[2]}, no squares; set the `side` to make of them"
        )
    return x[..., 0] if x.shape[3:] == (1,) else x


def _labels(path: Path, arrays: dict[str, np.ndarray], name: str, n_images: int) -> np.ndarray:
    y = _get(path, arrays, name)
    if y.dtype.kind not in "iu" or y.shape not in ((n_images,), (n_images, 1)):
        raise InputError(
            f"{path}: {name} should be whole numbers, ({n_images},) or ({n_images}, 1) as there are images, is "
            f"{y.dtype} {y.shape}"
        )
    y = y.ravel()
    if y.min() < 0 or y.max() >= MOST_CLASSES:
        bad = (y < 0) | (y >= MOST_CLASSES)
        raise InputError(
            f"{path}: {name}[{bad.argmax()}] is {y[bad.argmax()]}; classes are numbered from 0 to "
            f"{MOST_CLASSES - 1:,}"
        )
    return y


def _class_names(path: Path, arrays: dict[str, np.ndarray], labels: list[np.ndarray]) -> list[str]:
    n_classes = 1 + max(int(y.max()) for y in labels)
    if "class_names" not in arrays:
        return [str(number) for number in range(n_classes)]
    names = arrays["class_names"]
    if names.ndim != 1 or names.dtype.kind not in "US" or len(set(names.tolist())) < len(names):
        raise InputError(
            f"{path}: class_names should be different texts, (n_classes,), is {names.dtype} {names.shape}"
        )
    if len(names) < n_classes:
        raise InputError(
            f"{path}: class_names has {len(names):,} names, and the labels go up to {n_classes - 1:,}"
        )
    return [name.decode(errors="replace") if isinstance(name, bytes) else name for name in names.tolist()]
