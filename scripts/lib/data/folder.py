"""A folder of photos: which files they are, and the split and class of each. No file is opened here."""

import hashlib
import itertools
import os
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from lib.base.errors import InputError
from lib.data.dataset import MOST_CLASSES
from lib.data.names import printable
from lib.data.split_names import find_splits, split_name
from lib.data.splits import draw_splits

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


class Photo(NamedTuple):
    """A file of a folder of photos."""

    path: str  # relative to the folder, with / between its parts
    split: str
    label: int | None  # an index into the names of the classes


class Folder(NamedTuple):
    """What a folder of photos holds."""

    path: Path
    photos: list[Photo]  # training images first, each split in the order of the paths
    class_names: list[str] | None  # as they are on the disk; None: no classes
    n_others: int  # how many files are hidden or have another suffix
    arrangement: str  # what was taken for splits and what for classes, in a sentence or two

    def n_images(self, split: str) -> int:
        """How many photos a split has."""
        return sum(photo.split == split for photo in self.photos)


def open_folder(path: Path, *, classes: bool, test_fraction: float | None) -> Folder:
    """Find the photos below a folder, and their splits and classes. No photo is opened.

    Parameters
    ----------
    classes
        Whether the photos have classes, as `arrange` takes them from the paths.
    test_fraction
        The share of test images to choose at random, if the folder has no splits; None: it is one whole then.

    Raises
    ------
    InputError
        If there is no such folder, or no photo in it. Also as `refuse_other_splits` and `arrange` do.

    Examples
    --------
    >>> for name in ("train/cat/1.jpg", "train/dog/2.jpg", "test/cat/3.jpg"):
    ...     Path("photos", name).parent.mkdir(parents=True, exist_ok=True)
    ...     Path("photos", name).touch()
    >>> folder = open_folder(Path("photos"), classes=True, test_fraction=0.2)
    >>> folder.n_images("train"), folder.class_names
    (2, ['cat', 'dog'])
    """
    found = _list(path)
    if not found.files:
        raise InputError(
            f"{path} holds no images: none of its {found.n_others:,} files, also in sub-folders, ends in "
            f"{', '.join(SUFFIXES)}; correct `source`, or convert them"
        )
    splits = own_splits(path)
    if not splits:
        refuse_other_splits(found.files, classes=classes, origin=path)
    photos, class_names = arrange(
        found.files, splits=splits, classes=classes, test_fraction=test_fraction, origin=path
    )
    photos.sort(key=lambda photo: photo.split == "test")
    arrangement = describe(splits, class_names, found.n_again, is_whole=photos[0].split == "all")
    return Folder(path, photos, class_names, found.n_others, arrangement)


def describe(
    splits: dict[str, str], class_names: list[str] | None, n_again: int, *, is_whole: bool = False
) -> str:
    """Say what was taken for splits and what for classes.

    Parameters
    ----------
    splits
        As `find_splits` returns them.
    n_again
        How many photos occur more than once, by links to folders.
    is_whole
        Whether the photos are one whole, where there are no splits.

    Examples
    --------
    >>> describe({}, None, 0)
    'No folders were taken for splits: the test images were drawn at random; no folders were taken for classes.'
    """
    if splits:
        train, test = map(printable, splits)
        said = f"The folder {train} was taken for the training images, and {test} for the test images"
    else:
        said = "No folders were taken for splits: "
        said += "the images are one whole" if is_whole else "the test images were drawn at random"
    if class_names is None:
        said += "; no folders were taken for classes."
    else:
        n, where = len(class_names), "in these" if splits else "in the source"
        said += f"; the folders {where} were taken for classes, {n:,} in all."
    like_splits = [name for name in class_names or [] if split_name(name)]
    if like_splits:
        names = ", ".join(map(printable, like_splits[:10]))
        said += f" Among the classes are {names}, although their names are like those of splits."
    if n_again:
        said += f" {n_again:,} images are there more than once, by links to folders."
    return said


def refuse_other_splits(files: list[str], *, classes: bool, origin: object) -> None:
    """Refuse a folder without splits in which other folders look like splits.

    Parameters
    ----------
    files
        Relative paths of photos.
    classes
        Whether the photos have classes.
    origin
        The folder, for the error.

    Raises
    ------
    InputError
        If a folder further down has splits, or all folders are named like splits and would be classes.

    Examples
    --------
    >>> refuse_other_splits(["test/1.jpg", "valid/2.jpg"], classes=True, origin="photos")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    lib.base.errors.InputError: photos: all its folders, test, valid, are named like splits, but ...
    """
    below = defaultdict(set)
    for folder in {file.rpartition("/")[0] for file in files}:
        parts = folder.split("/")
        for i in range(1, len(parts)):
            below["/".join(parts[:i])].add(parts[i])
    inner = {folder: splits for folder in sorted(below) if (splits := find_splits(below[folder]))}
    if len(inner) > 1:
        raise InputError(
            f"{origin}: splits have to be folders of `source` itself, and here they lie in {len(inner):,} of its "
            f"folders, the first is {printable(min(inner))}; move the images into {origin}/train and "
            f"{origin}/test, with these folders below"
        )
    for folder, splits in inner.items():
        raise InputError(
            f"{origin}: the folders {' and '.join(map(printable, splits))} lie in {printable(folder)}, and splits "
            f"have to be folders of `source` itself; set `source` to {origin}/{printable(folder)}, or move the "
            f"images into {origin}/train and {origin}/test"
        )
    names = sorted({file.partition("/")[0] for file in files if "/" in file})
    if classes and names and all(map(split_name, names)):
        raise InputError(
            f"{origin}: all its folders, {', '.join(map(printable, names))}, are named like splits, but they are "
            "not one of training and one of test images; name two of them train and test, or set `source` to one, "
            "or `classes: none` to take the images of all; rename them if they are classes"
        )


def arrange(
    files: list[str], *, splits: dict[str, str], classes: bool, test_fraction: float | None, origin: object
) -> tuple[list[Photo], list[str] | None]:
    """Give each file its split and class.

    The class is the first folder of the path or, if there are splits, the first folder below that of the split. If
    all images of a split lie in one more folder of that split, like Training/Training, the class is below this.

    Parameters
    ----------
    files
        Relative paths of photos.
    splits
        As `find_splits` returns them, if there are any.
    classes
        Whether the photos have classes.
    test_fraction
        The share of test images to choose at random, where there are no splits; None: the images are one whole.
    origin
        The folder, for errors.

    Returns
    -------
    The photos in the order of their paths, and the names of the classes. None: the photos have no classes, as they
    lie in no folders or `classes` is false.

    Raises
    ------
    InputError
        If a split would be empty, if files lie beside the splits or beside the classes, or if there are more than
        65,536 classes.

    Examples
    --------
    >>> splits = {"train": "train", "val": "test"}
    >>> files = ["train/cat/1.jpg", "val/cat/2.jpg"]
    >>> arrange(files, splits=splits, classes=True, test_fraction=0.2, origin="photos")[0][1]
    Photo(path='val/cat/2.jpg', split='test', label=0)
    """
    files = sorted(files)
    if splits:
        train, test = map(printable, splits)
        beside = [file for file in files if file.partition("/")[0] not in splits]
        if beside:
            raise InputError(
                f"{origin} has folders {train} and {test}, and {len(beside):,} images beside them, the first is "
                f"{printable(beside[0])}; move these into {train} or {test}, or out of the folder, or make "
                "`source` a folder of links to what you want"
            )
        inside: dict[str, str] = {}
        for name in splits:
            of_split = [file for file in files if file.startswith(f"{name}/")]
            if not of_split:
                raise InputError(f"{origin}/{printable(name)} holds no images; add some, or move that folder away")
            inside |= zip(of_split, _without_split(of_split), strict=True)
        split_of, inner = [splits[file.partition("/")[0]] for file in files], [inside[file] for file in files]
    else:
        split_of, inner = draw_splits(files, test_fraction, origin), files
    direct = [file for file, rest in zip(files, inner, strict=True) if "/" not in rest]
    if not classes or len(direct) == len(files):
        return [Photo(file, split, None) for file, split in zip(files, split_of, strict=True)], None
    if direct:
        raise InputError(
            f"{origin}: {len(files) - len(direct):,} images lie in folders, which would be their classes, and "
            f"{len(direct):,} beside them, the first is {printable(direct[0])}; move these, or set `classes: none`"
        )
    names = sorted({rest.partition("/")[0] for rest in inner})
    if len(names) > MOST_CLASSES:
        raise InputError(
            f"{origin} has {len(names):,} folders, and there can be {MOST_CLASSES:,} classes; set `classes: none`"
        )
    numbers = {name: i for i, name in enumerate(names)}
    photos = [
        Photo(file, split, numbers[rest.partition("/")[0]])
        for file, split, rest in zip(files, split_of, inner, strict=True)
    ]
    return photos, names


def _without_split(files: list[str]) -> list[str]:
    """The paths below the folder of a split, or below one more such folder in it that holds all files."""
    inner = [file.partition("/")[2] for file in files]
    outer, folder = files[0].partition("/")[0], inner[0].partition("/")[0]
    again = split_name(folder) == split_name(outer) and all(rest.startswith(f"{folder}/") for rest in inner)
    return [rest.partition("/")[2] for rest in inner] if again else inner


def own_splits(path: Path) -> dict[str, str]:
    """The folders of the training and of the test images, as `find_splits` finds them; empty if there are none.

    Raises
    ------
    OSError
        If there is no such folder, or it cannot be listed.

    Examples
    --------
    >>> for name in ("photos/Training", "photos/Test"):
    ...     Path(name).mkdir(parents=True, exist_ok=True)
    >>> own_splits(Path("photos"))
    {'Training': 'train', 'Test': 'test'}
    """
    return find_splits(entry.name for entry in path.iterdir() if entry.is_dir() and not entry.name.startswith("."))


def count_photos(path: Path) -> int:
    """How many photos are below a folder. No photo is opened.

    Raises
    ------
    InputError
        If there is no such folder.
    OSError
        If the folder cannot be read.

    Examples
    --------
    >>> Path("album/cat").mkdir(parents=True)
    >>> for name in ("1.jpg", "2.png", "notes.txt"):
    ...     Path("album/cat", name).touch()
    >>> count_photos(Path("album"))
    2
    """
    return len(_list(path).files)


def folder_digest(path: Path) -> str:
    """A digest of the relative paths, sizes and modification times of the photos below a folder.

    Returns
    -------
    16 hexadecimal digits.

    Raises
    ------
    InputError
        If there is no such folder.

    Examples
    --------
    >>> Path("empty").mkdir()
    >>> folder_digest(Path("empty"))
    'e3b0c44298fc1c14'
    """
    digest = hashlib.sha256()
    for file in sorted(_list(path).files):
        try:
            status = (path / file).stat()
        except OSError:  # a link to nowhere
            digest.update(repr(file).encode())
        else:
            digest.update(repr((file, status.st_size, status.st_mtime_ns)).encode())
    return digest.hexdigest()[:16]


class _Listing(NamedTuple):
    files: list[str]  # relative paths of all photos
    n_others: int  # how many other files there are
    n_again: int  # how many photos lie in folders that were listed before by another path


def _list(root: Path) -> _Listing:
    """What is below a folder.

    Links to folders are followed, except to a folder that holds the link. Within a class each folder is listed
    once, by its own path rather than by that of a link.
    """
    if not root.is_dir():
        raise InputError(f"source {root} does not exist, or is no folder; correct `source` in the config")
    files: list[str] = []
    n_others = n_again = 0
    everywhere: set[str] = set()  # the real paths of listed folders
    seen: dict[tuple[str, ...], set[str]] = defaultdict(set)  # the same, by class and split
    starts = [root]
    for start in starts:  # grows by the links that are found
        for folder, folders, names in os.walk(start, onerror=_refuse):
            inside = Path(folder).relative_to(root).parts
            of_class = inside[: 1 + len(list(itertools.takewhile(split_name, inside)))]
            place = os.path.realpath(folder)
            if any(place in seen[of_class[:n]] for n in range(len(of_class) + 1)):
                folders.clear()
                continue
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            starts += [path for name in folders if (path := Path(folder, name)).is_symlink()]
            photos = [name for name in names if not name.startswith(".") and name.lower().endswith(SUFFIXES)]
            _refuse_dangling(Path(folder, name) for name in names if "." not in name)
            files += [Path(*inside, name).as_posix() for name in photos]
            n_others += len(names) - len(photos)
            n_again += len(photos) if place in everywhere else 0
            seen[of_class].add(place)
            everywhere.add(place)
    return _Listing(files, n_others, n_again)


def _refuse_dangling(paths: Iterable[Path]) -> None:
    for path in paths:
        if path.is_symlink() and not path.exists():
            raise InputError(
                f"the link {printable(str(path))} leads nowhere; bring back what it names, or remove it"
            )


def _refuse(error: OSError) -> None:
    raise InputError(
        f"the folder {printable(error.filename)} cannot be listed ({error.strerror}); correct `source`"
    )
