"""Images from the arrays of a NumPy file."""

import contextlib
import errno
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from lib.base.errors import InputError, reason_of
from lib.data.dataset import MOST_CLASSES, Batch, Dataset, batch_images
from lib.data.images_file import SPLITS
from lib.data.names import listed, printable
from lib.data.photos import LANCZOS, resize
from lib.data.splits import draw_splits

# Usual names of labels, and arr_0 and so on, which np.savez gives to arrays without a name.
LIKE_LABELS = re.compile(
    r"(?=.*(y|label|target|class|categor))"
    r"(y|labels?|targets?|class(es)?|categor(y|ies)|train(ing)?|test(ing)?|val(id(ation)?)?|fine|coarse|true|[\W\d_](ids?)?)+"
    r"|arr_\d+",
    re.IGNORECASE,
)


def open_npz(
    path: Path, *, side: int | None, test_fraction: float | None, resampling: Image.Resampling = LANCZOS
) -> Dataset:
    """Read a NumPy file of images and, if it has them, labels.

    ============================ ======================================================================
    x_train and x_test, or x     images, uint8 (n, height, width) or (n, height, width, 1 or 3);
                                 x is one whole, or split at random
    y_train and y_test, or y     optional labels, (n,) or (n, 1): whole numbers of any type, or texts;
                                 the classes are the values that occur
    class_names                  optional names of labels that are numbers; the first is that of label 0
    ============================ ======================================================================

    Parameters
    ----------
    side
        The side to crop and resize the images to; None: they are squares of one size already.
    test_fraction
        The share of x to choose as test images; None: x is one whole.

    Raises
    ------
    InputError
        If the file cannot be read. If an array is missing or is not as in the table. If an array of another name
        seems to hold the labels.

    Examples
    --------
    >>> np.savez("a.npz", x=np.zeros((10, 8, 8), np.uint8), y=[3, 7] * 5)
    >>> dataset = open_npz(Path("a.npz"), side=None, test_fraction=0.2)
    >>> dataset.n_images, dataset.class_names
    ({'train': 8, 'test': 2}, ['3', '7'])
    """
    arrays, unused = _read(path)
    suffixes = [""] if "x" in arrays else ["_train", "_test"]
    has_labels = f"y{suffixes[0]}" in arrays
    for suffix in suffixes:
        arrays[f"x{suffix}"] = _images(path, arrays, f"x{suffix}", side)
    shapes = [arrays[f"x{suffix}"].shape[1:] for suffix in suffixes]
    if len({shape[2:] if side else shape for shape in shapes}) > 1:
        raise InputError(
            f"{path}: images of x_train are {shapes[0]}, those of x_test {shapes[1]}; they should be alike"
        )
    class_names, labels = _classes(path, arrays, suffixes) if has_labels else (None, {})
    if "class_names" in arrays and arrays[f"y{suffixes[0]}"].dtype.kind in "US":
        unused.append("class_names")  # texts are names already
    if suffixes == [""]:
        split_of = np.array(draw_splits([str(i) for i in range(len(arrays["x"]))], test_fraction, path))
        rows = {split: np.flatnonzero(split_of == split) for split in SPLITS if split in split_of}
    else:
        rows = {split: np.arange(len(arrays[f"x_{split}"])) for split in ("train", "test")}
    new_side = side or shapes[0][0]

    def batches() -> Iterator[Batch]:
        for split, suffix in zip(rows, 2 * suffixes, strict=False):
            for start in range(0, len(rows[split]), batch_images(new_side)):
                batch = rows[split][start : start + batch_images(new_side)]
                x = arrays[f"x{suffix}"][batch]
                x = resize(x, side, resampling) if side else x
                pixels = x.transpose(0, 3, 1, 2) if x.ndim == 4 else x[:, None]
                yield Batch(split, start, pixels, labels[suffix][batch] if has_labels else None)

    n_images = {split: len(numbers) for split, numbers in rows.items()}
    arrangement = "The test images were drawn at random from x." if suffixes == [""] and test_fraction else None
    return Dataset(n_images, new_side, len(shapes[0]) == 3, class_names, batches(), arrangement, unused)


def _read(path: Path) -> tuple[dict[str, np.ndarray], list[str]]:
    """The arrays that are used, by name, and the names of the others, which may be anything."""
    arrays = {}
    with _one_line_errors(path, "it is no NumPy .npz file, or is cut off"), _open_zip(path) as file:
        members = [member for member in file.infolist() if not member.is_dir()]
        names = [member.filename.removesuffix(".npy") for member in members]
        used = choose(path, names)
        for name, member in zip(names, members, strict=True):
            if name in arrays:
                raise InputError(f"{path} holds {name} twice; make it again, with one of them")
            if name in used:
                with _one_line_errors(path, f"its array {name} cannot be read"):
                    arrays[name] = _array(file, member)
    return arrays, [name for name in names if name not in used]


def _open_zip(path: Path) -> zipfile.ZipFile:
    with path.open("rb") as file:
        if file.read(len(np.lib.format.MAGIC_PREFIX)) == np.lib.format.MAGIC_PREFIX:
            raise ValueError("it is .npy, one array without a name")
    return zipfile.ZipFile(path)


def choose(path: Path, names: list[str]) -> set[str]:
    """Which arrays of a file to use, by their names.

    Raises
    ------
    InputError
        If an array is missing. If there is x beside x_train or x_test. If an array of another name seems to hold
        the labels.

    Examples
    --------
    >>> sorted(choose(Path("a.npz"), ["x", "y", "weights"]))
    ['x', 'y']
    """
    found = [name for name in ("x", "x_train", "x_test") if name in names]
    if "x" in found and len(found) > 1:
        raise InputError(
            f"{path} holds {' and '.join(found)}; there should be x_train and x_test, which are the splits, or x, "
            "which is to be split; take out what is not meant"
        )
    suffixes = [""] if found == ["x"] else ["_train", "_test"]
    labels = [f"y{suffix}" for suffix in suffixes]
    has_labels = any(name in names for name in labels)
    wanted = [f"x{suffix}" for suffix in suffixes] + (labels if has_labels else [])
    for name in wanted:
        if name not in names:
            raise InputError(
                f"{path} holds no {name}; its arrays are: {listed([*map(printable, names)])}; there should be "
                "x_train and x_test, or x, and labels for all or none of them, y_train and y_test, or y"
            )
    if not has_labels and (like := [name for name in names if LIKE_LABELS.fullmatch(name)]):
        raise InputError(
            f"{path} holds {listed([*map(printable, like)])}; labels of {' and '.join(wanted)} should be named "
            f"{' and '.join(labels)}; give them this name, or take out what is something else"
        )
    return {*wanted, "class_names"} & set(names) if has_labels else set(wanted)


def _array(file: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    with file.open(member.filename) as stream:
        array = np.lib.format.read_array(stream, allow_pickle=False)
        if stream.read(1):  # only reading past the end checks the checksum
            raise ValueError("it goes on after the last value")
    return array


@contextlib.contextmanager
def _one_line_errors(path: Path, what: str) -> Iterator[None]:
    """Turn what goes wrong in reading a file into the user's one-line error."""
    try:
        yield
    except InputError:
        raise
    except FileNotFoundError:
        raise InputError(f"{path} does not exist") from None
    except MemoryError as error:
        raise InputError(
            f"{path}: {what}, there is not enough memory ({reason_of(error)}); point `source` at a smaller file, "
            "or at a good copy if that size is wrong"
        ) from None
    except Exception as error:  # NumPy can raise anything at damaged bytes
        # EINVAL: damage has made an offset that cannot be. All other errnos are faults of the disk.
        if getattr(error, "errno", None) not in (None, errno.EINVAL):
            raise
        raise InputError(
            f"{path}: {what} ({reason_of(error)}); make it again with np.savez, of numbers and texts and not of "
            "Python objects, or point `source` at a good copy"
        ) from None


def _images(path: Path, arrays: dict[str, np.ndarray], name: str, side: int | None) -> np.ndarray:
    x = arrays[name]
    if x.dtype != np.uint8 or not (x.ndim == 3 or (x.ndim == 4 and x.shape[3] in (1, 3))) or not x.size:
        convert = f"; convert levels from 0 to 1 by (255 * {name}).astype(np.uint8)" if x.dtype.kind == "f" else ""
        raise InputError(
            f"{path}: {name} should be images, uint8 (n, height, width) or (n, height, width, 1 or 3), is "
            f"{x.dtype} {x.shape}{convert}"
        )
    if side is None and x.shape[1] != x.shape[2]:
        raise InputError(
            f"{path}: images of {name} are {x.shape[1]} x {x.shape[2]}, no squares; set the `side` to make of them"
        )
    return x[..., 0] if x.shape[3:] == (1,) else x


def _classes(
    path: Path, arrays: dict[str, np.ndarray], suffixes: list[str]
) -> tuple[list[str], dict[str, np.ndarray]]:
    """The names of the classes and, by suffix, an index into these names for each image."""
    found = {
        suffix: _labels(path, f"y{suffix}", arrays[f"y{suffix}"], len(arrays[f"x{suffix}"])) for suffix in suffixes
    }
    kinds = {arrays[f"y{suffix}"].dtype.kind for suffix in suffixes}
    occurring = {value for values, _ in found.values() for value in values}
    texts = sorted(value for value in occurring if isinstance(value, str))
    numbers = sorted(value for value in occurring if not isinstance(value, str))
    if texts and numbers:
        raise InputError(
            f"{path}: one of y_train and y_test is of numbers, the other of texts; they should be alike"
        )
    if len(occurring) > MOST_CLASSES:
        raise InputError(
            f"{path}: the labels have {len(occurring):,} values; there can be {MOST_CLASSES:,} classes"
        )
    if texts:
        names = texts
    elif "class_names" in arrays:
        all_names = _class_names(path, arrays["class_names"])
        if numbers[0] < 0 or numbers[-1] >= len(all_names):
            reach = f"down to {numbers[0]}" if numbers[0] < 0 else f"up to {numbers[-1]}"
            raise InputError(
                f"{path}: class_names has {len(all_names):,} names, and the labels go {reach}; the first name is "
                "that of label 0; number the labels so, or take class_names out"
            )
        names = [all_names[label] for label in numbers]
    else:
        names = [str(bool(label) if kinds == {"b"} else label) for label in numbers]
    classes = texts or numbers
    if "" in names:
        raise InputError(f"{path}: the label {classes[names.index('')]!r} has a blank name; give it another")
    class_of = {value: i for i, value in enumerate(classes)}
    labels = {suffix: np.array([class_of[v] for v in values])[rows] for suffix, (values, rows) in found.items()}
    return names, labels


def _labels(path: Path, name: str, y: np.ndarray, n_images: int) -> tuple[list[int] | list[str], np.ndarray]:
    """The values that occur, sorted, and an index into these for each image."""
    if y.dtype.kind not in "iubfUS" or y.shape not in ((n_images,), (n_images, 1)):
        one_hot = "; of one-hot labels take the argmax" if y.ndim == 2 and len(y) == n_images else ""
        raise InputError(
            f"{path}: {name} should be whole numbers, ({n_images},) or ({n_images}, 1) as there are images, is "
            f"{y.dtype} {y.shape}{one_hot}"
        )
    y = y.ravel()
    if y.dtype.kind == "f" and (broken := ~(np.isfinite(y) & (y == np.rint(y)))).any():
        raise InputError(
            f"{path}: {name}[{broken.argmax()}] is {y[broken.argmax()]}; labels should be whole numbers or texts"
        )
    values, rows = np.unique(y, return_inverse=True)
    if y.dtype.kind not in "US":
        return [int(value) for value in values.tolist()], rows
    return _texts(path, name, values), rows


def _class_names(path: Path, names: np.ndarray) -> list[str]:
    wanted = f"{path}: class_names should be different texts, (n_classes,), is {names.dtype} {names.shape}"
    if names.ndim != 1 or names.dtype.kind not in "US" or not len(names):
        raise InputError(wanted)
    texts = _texts(path, "class_names", names)
    text, times = Counter(texts).most_common(1)[0]
    if times > 1:
        raise InputError(f"{wanted} with {text!r} more than once")
    return texts


def _texts(path: Path, name: str, array: np.ndarray) -> list[str]:
    """The texts of an array, without spaces around them. They may be bytes in UTF-8."""
    try:
        return [(text.decode() if isinstance(text, bytes) else text).strip() for text in array.tolist()]
    except (ValueError, SystemError):  # bytes in another encoding; characters that Unicode does not have
        raise InputError(f"{path}: {name} holds a text that is no UTF-8; save it as texts of type str") from None
