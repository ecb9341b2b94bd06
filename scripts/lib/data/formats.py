"""The formats of datasets. A new format is a function here, and its name in `FORMATS`."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from lib.base.cli import progress_bar
from lib.base.errors import InputError
from lib.data.cifar import CIFAR10, CIFAR100, Layout, open_cifar, read_cifar
from lib.data.dataset import SIDE, Batch, Dataset
from lib.data.digits import digits
from lib.data.folder import Folder, open_folder
from lib.data.names import distinguishable, listed
from lib.data.npz import open_npz
from lib.data.photos import LANCZOS, read_photos


class Source(NamedTuple):
    """Where a dataset is, and settings. Each format reads the settings that concern it."""

    path: Path  # an archive, or a folder of photos
    classes: str | None = None  # of a folder: folders or none; of CIFAR-100: fine or coarse
    side: int | None = None
    test_fraction: float | None = None  # of a folder or an array without splits; None: it is one whole
    unreadable: str = "refuse"  # or skip
    split: str | None = None  # of a folder: read no photos of others
    resampling: Image.Resampling = LANCZOS  # of a folder or an array


def open_cifar10(source: Source) -> Dataset:
    """An archive in the binary layout of CIFAR-10.

    Raises
    ------
    InputError
        As `lib.data.cifar.open_cifar` and `read_cifar` do.

    Examples
    --------
    >>> open_cifar10(Source(Path("missing.tar")))
    Traceback (most recent call last):
    lib.base.errors.InputError: missing.tar does not exist
    """
    return _open_cifar(source.path, CIFAR10)


def open_cifar100(source: Source) -> Dataset:
    """An archive in the binary layout of CIFAR-100, with the fine classes or the coarse ones.

    Raises
    ------
    InputError
        As `lib.data.cifar.open_cifar` and `read_cifar` do.

    Examples
    --------
    >>> open_cifar100(Source(Path("missing.tar"), classes="coarse"))
    Traceback (most recent call last):
    lib.base.errors.InputError: missing.tar does not exist
    """
    return _open_cifar(source.path, CIFAR100[source.classes or "fine"])


def _open_cifar(path: Path, layout: Layout) -> Dataset:
    archive = open_cifar(path, layout)
    n_images = {split: archive.n_images(split) for split in ("train", "test")}
    return Dataset(n_images, SIDE, True, archive.class_names, read_cifar(archive), unused=archive.unused)


def open_digits(source: Source) -> Dataset:
    """The digits that come with scikit-learn. They have no path.

    Examples
    --------
    >>> open_digits(Source(Path())).n_images
    {'train': 1297, 'test': 500}
    """
    splits = digits()
    n_images = {split: len(labels) for split, (_, labels) in splits.items()}
    batches = (Batch(split, 0, gray[:, None], labels) for split, (gray, labels) in splits.items())
    return Dataset(n_images, SIDE, False, [str(digit) for digit in range(10)], batches)


def open_arrays(source: Source) -> Dataset:
    """The arrays of a NumPy file.

    Raises
    ------
    InputError
        As `lib.data.npz.open_npz` does.

    Examples
    --------
    >>> import numpy as np
    >>> np.savez("a.npz", x=np.zeros((10, 8, 8), np.uint8))
    >>> open_arrays(Source(Path("a.npz"), test_fraction=0.5)).n_images
    {'train': 5, 'test': 5}
    """
    return open_npz(
        source.path, side=source.side, test_fraction=source.test_fraction, resampling=source.resampling
    )


def open_photos(source: Source) -> Dataset:
    """The photos of a folder. The log says what is in it.

    The classes are those of its folders, also if `classes` is none: then the scores do not see them, and photos
    that cannot be sorted into classes are not refused.

    Raises
    ------
    InputError
        As `lib.data.folder.open_folder` does. While the batches are read: if photos are unreadable, and
        `unreadable` is not skip.

    Examples
    --------
    >>> Path("photos").mkdir()
    >>> open_photos(Source(Path("photos")))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    lib.base.errors.InputError: photos holds no images: none of its 0 files, also in sub-folders, ends in ...
    """
    refusal = None
    try:
        folder = open_folder(source.path, classes=True, test_fraction=source.test_fraction)
    except InputError as error:
        if source.classes != "none":
            raise
        folder = open_folder(source.path, classes=False, test_fraction=source.test_fraction)
        refusal = str(error)
    counts = map("{:,}".format, (len(folder.photos), len(folder.class_names or []), folder.n_others))
    logging.info(
        "%s: %s images, %s classes, and %s files that are hidden or of other kinds, which are ignored",
        folder.path,
        *counts,
    )
    if folder.class_names:
        logging.info("classes: %s", listed(distinguishable(folder.class_names)))
    side = source.side or SIDE
    n_images = {split: folder.n_images(split) for split in dict.fromkeys(x.split for x in folder.photos)}
    if source.split:
        folder = folder._replace(photos=[photo for photo in folder.photos if photo.split == source.split])
    batches = _read_folder(folder, side, source.unreadable, source.resampling)
    return Dataset(n_images, side, True, folder.class_names, batches, folder.arrangement, refusal=refusal)


def _read_folder(folder: Folder, side: int, if_unreadable: str, resampling: Image.Resampling) -> Iterator[Batch]:
    unreadable: list[tuple[str, str]] = []
    with progress_bar(folder.photos, unit=" images") as photos:
        yield from read_photos(folder.path, photos, side, unreadable, resampling)
    unreadable.sort()
    for path, reason in unreadable:
        logging.info("%s cannot be read: %s", path, reason)
    if unreadable and if_unreadable == "refuse":
        raise InputError(
            f"{folder.path}: {len(unreadable):,} of {len(folder.photos):,} images cannot be read, the first is "
            f"{unreadable[0][0]} (the log names all); remove them, or set `unreadable: skip`"
        )
    if unreadable:
        logging.info("skipped %s of %s images", *map("{:,}".format, (len(unreadable), len(folder.photos))))


FORMATS: dict[str, Callable[[Source], Dataset]] = {
    "cifar-binary": open_cifar10,
    "cifar100-binary": open_cifar100,
    "digits": open_digits,
    "folder": open_photos,
    "npz": open_arrays,
}
