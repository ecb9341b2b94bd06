"""The formats that images come in. A new one is a function here and its name in `FORMATS`."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from lib.base.cli import progress_bar
from lib.base.errors import InputError
from lib.data.cifar import CIFAR10, CIFAR100, Layout, open_cifar, read_cifar
from lib.data.dataset import SIDE, Batch, Dataset
from lib.data.digits import digits
from lib.data.folder import Folder, open_folder
from lib.data.images_file import SPLITS
from lib.data.names import distinguishable, listed
from lib.data.npz import open_npz
from lib.data.photos import read_photos


class Source(NamedTuple):
    """Where images come from, and the settings of their format; each format reads those that concern it."""

    archive: Path | None = None
    folder: Path | None = None
    classes: str | None = None
    side: int | None = None
    test_fraction: float = 0.2
    unreadable: str = "refuse"


def open_cifar10(source: Source) -> Dataset:
    return _open_cifar(source, CIFAR10)


def open_cifar100(source: Source) -> Dataset:
    return _open_cifar(source, CIFAR100[source.classes or "fine"])


def _open_cifar(source: Source, layout: Layout) -> Dataset:
    archive = open_cifar(source.archive, layout)
    n_images = {split: archive.n_images(split) for split in SPLITS}
    return Dataset(n_images, SIDE, True, archive.class_names, read_cifar(archive), unused=archive.unused)


def open_digits(source: Source) -> Dataset:
    splits = digits()
    n_images = {split: len(labels) for split, (_, labels) in splits.items()}
    batches = (Batch(split, 0, gray[:, None], labels) for split, (gray, labels) in splits.items())
    return Dataset(n_images, SIDE, False, [str(digit) for digit in range(10)], batches)


def open_arrays(source: Source) -> Dataset:
    return open_npz(source.archive, side=source.side, test_fraction=source.test_fraction)


def open_photos(source: Source) -> Dataset:
    folder = open_folder(source.folder, classes=source.classes != "none", test_fraction=source.test_fraction)
    counts = map("{:,}".format, (len(folder.photos), len(folder.class_names or []), folder.n_others))
    logging.info(
        "%s: %s images, %s classes, and %s files of other kinds, or hidden, which were passed over",
        folder.path,
        *counts,
    )
    if folder.class_names:
        logging.info("classes: %s", listed(distinguishable(folder.class_names)))
    side = source.side or SIDE
    n_images = {split: folder.n_images(split) for split in SPLITS}
    batches = _read_folder(folder, side, source.unreadable)
    return Dataset(n_images, side, True, folder.class_names, batches, folder.arrangement)


def _read_folder(folder: Folder, side: int, what_if_unreadable: str) -> Iterator[Batch]:
    unreadable: list[tuple[str, str]] = []
    with progress_bar(folder.photos, unit="images") as photos:
        yield from read_photos(folder.path, photos, side, unreadable)
    unreadable.sort()
    for path, reason in unreadable:
        logging.info("%s cannot be read: %s", path, reason)
    if unreadable and what_if_unreadable == "refuse":
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
