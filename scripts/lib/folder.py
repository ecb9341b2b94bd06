"""A folder of photos: which files they are, and the split and class of each. No file is opened here."""

import hashlib
import os
import re
from pathlib import Path
from typing import NamedTuple

from lib.cli import InputError
from lib.splits import drawn_for_test

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
MOST_CLASSES = 2**16


class Photo(NamedTuple):
    path: str  # relative to the folder, with / between its parts
    split: str
    label: int | None  # an index into the names of the classes


class Folder(NamedTuple):
    """What a folder holds."""

    path: Path
    photos: list[Photo]  # those for training first, and in the order of their paths
    class_names: list[str] | None  # None: no classes
    n_others: int  # hidden files, and those with another suffix

    def n_images(self, split: str) -> int:
        return sum(photo.split == split for photo in self.photos)


def open_folder(path: Path, *, classes: bool, test_fraction: float) -> Folder:
    """Find the photos below a folder, and their splits and classes, as `arrange` does.

    Raises
    ------
    InputError
        If there is no such folder, or none of its files is a photo, and as `arrange` does.
    """
    files, n_others = _list(path)
    if not files:
        raise InputError(
            f"{path} holds no images: none of its {n_others:,} files, also in sub-folders, ends in "
            f"{', '.join(SUFFIXES)}; correct `source`, or convert them"
        )
    has_splits = all((path / split).is_dir() for split in ("train", "test"))
    photos, class_names = arrange(
        files, has_splits=has_splits, classes=classes, test_fraction=test_fraction, origin=path
    )
    photos.sort(key=lambda photo: photo.split == "test")
    return Folder(path, photos, class_names, n_others)


def arrange(
    files: list[str], *, has_splits: bool, classes: bool, test_fraction: float, origin: object
) -> tuple[list[Photo], list[str] | None]:
    """Give each file its split and class.

    Parameters
    ----------
    files
        Relative paths of photos.
    has_splits
        Their first part is train or test; otherwise the test images are drawn.
    classes
        Take the first folder below (that of the split, if there are splits) for the class, if there is one.
    test_fraction
        Share of test images to draw.
    origin
        What the files are from, for the errors.

    Raises
    ------
    InputError
        If a split would be empty, or some files lie beside the splits or beside the classes.
    """
    files = sorted(files)
    if has_splits:
        parts = [file.partition("/") for file in files]
        beside = [file for file, (first, _, _) in zip(files, parts, strict=True) if first not in ("train", "test")]
        if beside:
            raise InputError(
                f"{origin} has folders train and test, and {len(beside):,} images beside them, the first is "
                f"{shown(beside[0])}; move these into train or test, or out of the folder"
            )
        splits, inner = [first for first, _, _ in parts], [rest for _, _, rest in parts]
        for split in ("train", "test"):
            if split not in splits:
                raise InputError(f"{origin}/{split} holds no images; add some, or move that folder away")
    else:
        drawn = drawn_for_test(files, test_fraction, origin)
        splits, inner = ["test" if test else "train" for test in drawn], files
    direct = [file for file, rest in zip(files, inner, strict=True) if "/" not in rest]
    if not classes or len(direct) == len(files):
        return [Photo(file, split, None) for file, split in zip(files, splits, strict=True)], None
    if direct:
        raise InputError(
            f"{origin}: {len(files) - len(direct):,} images lie in folders, which would be their classes, and "
            f"{len(direct):,} beside them, the first is {shown(direct[0])}; move these, or set `classes: none`"
        )
    names = sorted({rest.partition("/")[0] for rest in inner})
    if len(names) > MOST_CLASSES:
        raise InputError(
            f"{origin} has {len(names):,} folders, and there can be {MOST_CLASSES:,} classes; set `classes: none`"
        )
    numbers = {name: i for i, name in enumerate(names)}
    photos = [
        Photo(file, split, numbers[rest.partition("/")[0]])
        for file, split, rest in zip(files, splits, inner, strict=True)
    ]
    return photos, [shown(name) for name in names]


def content_digest(path: Path) -> str:
    """A digest of the photos below a folder, by their relative paths, sizes and times of change.

    Raises
    ------
    InputError
        If there is no such folder.
    """
    digest = hashlib.sha256()
    for file in sorted(_list(path)[0]):
        try:
            status = (path / file).stat()
        except OSError:  # a link to nowhere
            digest.update(repr(file).encode())
        else:
            digest.update(repr((file, status.st_size, status.st_mtime_ns)).encode())
    return digest.hexdigest()[:16]


def shown(name: str) -> str:
    """A name that fits into a line of text: without line breaks, and bytes that are no UTF-8."""
    return re.sub(r"[\x00-\x1f\x7f\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", name)


def _list(root: Path) -> tuple[list[str], int]:
    """The relative paths of all photos below a folder, and how many other files there are.

    Links to folders are followed, but each folder is looked into once.
    """
    if not root.is_dir():
        raise InputError(f"source {root} does not exist, or is no folder; correct `source` in the config")
    files, n_others, seen = [], 0, set()
    for folder, folders, names in os.walk(root, onerror=_refuse, followlinks=True):
        place = os.path.realpath(folder)
        if place in seen:
            folders.clear()
            continue
        seen.add(place)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        photos = [name for name in names if not name.startswith(".") and name.lower().endswith(SUFFIXES)]
        files += [(Path(folder, name)).relative_to(root).as_posix() for name in photos]
        n_others += len(names) - len(photos)
    return files, n_others


def _refuse(error: OSError) -> None:
    raise InputError(f"the folder {error.filename} cannot be listed ({error.strerror}); correct `source`")
