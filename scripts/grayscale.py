"""Turn images, whatever they come in, into one HDF5 file: grayscale, or in colour."""

import argparse
import hashlib
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
from tqdm import tqdm

from lib import cifar, cli, images
from lib.cli import InputError, run
from lib.folder import Folder, open_folder, shown, told_apart
from lib.images import Batch, Dataset
from lib.npz import open_npz
from lib.photos import read_photos
from lib.storage import SPLITS, writing

MANY_CLASSES = 4000  # a name takes 16 bytes in the attribute
DESCRIPTIONS = {
    "images": "levels from 0 (black) to 255 (white); axes: image, row, column, in colour also red-green-blue",
    "labels": "class of each image: an index into the attribute class_names of the file",
    "files": "where each image came from, below the attribute source of the file",
}


def main(args: argparse.Namespace) -> None:
    try:
        dataset = FORMATS[args.format](args)
        if dataset.unused:
            logging.info("%s: not used: %s", origin(args), images.listed([*map(shown, dataset.unused)]))
        with writing(args.out, large_attributes=len(dataset.class_names or []) > MANY_CLASSES) as file:
            write(file, dataset, args)
            leave_out_classes_without_images(file)
            for split in SPLITS:
                pictures = file[split]["images"]
                refuse_constant(pictures, origin(args))
                logging.info("%s: %s images of %s x %s", split, *map("{:,}".format, pictures.shape[:3]))
    except InputError as error:
        raise InputError(
            f"{error} (the archive is from {args.source})" if args.archive and args.source else error
        ) from None


def origin(args: argparse.Namespace) -> str:
    return str(args.archive or args.source or args.format)


def open_cifar10(args: argparse.Namespace) -> Dataset:
    return open_cifar(args, cifar.CIFAR10)


def open_cifar100(args: argparse.Namespace) -> Dataset:
    return open_cifar(args, cifar.CIFAR100[args.classes or "fine"])


def open_cifar(args: argparse.Namespace, layout: cifar.Layout) -> Dataset:
    archive = cifar.open_cifar(args.archive, layout)
    n_images = {split: archive.n_images(split) for split in SPLITS}
    batches = cifar.read_cifar(archive)
    return Dataset(n_images, images.SIDE, True, archive.class_names, batches, unused=archive.unused)


def open_digits(args: argparse.Namespace) -> Dataset:
    splits = images.digits()
    n_images = {split: len(labels) for split, (_, labels) in splits.items()}
    batches = (Batch(split, 0, gray[:, None], labels) for split, (gray, labels) in splits.items())
    return Dataset(n_images, images.SIDE, False, [str(digit) for digit in range(10)], batches)


def open_arrays(args: argparse.Namespace) -> Dataset:
    return open_npz(args.archive, side=args.side, test_fraction=args.test_fraction)


def open_photos(args: argparse.Namespace) -> Dataset:
    path = Path(args.source)
    if args.out.resolve().is_relative_to(path.resolve()):
        raise InputError(f"{path} holds the results too, {args.out}; move the images into a folder of their own")
    folder = open_folder(path, classes=args.classes != "none", test_fraction=args.test_fraction)
    counts = map("{:,}".format, (len(folder.photos), len(folder.class_names or []), folder.n_others))
    logging.info(
        "%s: %s images, %s classes, and %s files of other kinds, or hidden, which were passed over", path, *counts
    )
    if folder.class_names:
        logging.info("classes: %s", images.listed(told_apart(folder.class_names)))
    side = args.side or images.SIDE
    n_images = {split: folder.n_images(split) for split in SPLITS}
    batches = read_folder(folder, side, args.unreadable)
    return Dataset(n_images, side, True, folder.class_names, batches, folder.arrangement)


def read_folder(folder: Folder, side: int, what_if_unreadable: str) -> Iterator[Batch]:
    unreadable: list[tuple[str, str]] = []
    bar = tqdm(folder.photos, unit="images", file=cli.terminal, disable=None, leave=False)
    yield from read_photos(folder.path, bar, side, unreadable)
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


FORMATS = {
    "cifar-binary": open_cifar10,
    "cifar100-binary": open_cifar100,
    "digits": open_digits,
    "folder": open_photos,
    "npz": open_arrays,
}


def write(file: h5py.File, dataset: Dataset, args: argparse.Namespace) -> None:
    if args.channels == "rgb" and not dataset.colours:
        raise InputError(f"{origin(args)}: the images have no colours; leave out `channels: rgb`")
    for split in SPLITS:
        found = dataset.n_images[split]
        if args.n_images and found != args.n_images[split]:
            raise InputError(
                f"{origin(args)} holds {found:,} {split} images, expected {args.n_images[split]:,} (`n_images`)"
            )
        file.create_group(split)
    file.attrs["source"] = args.source or str(args.archive or "sklearn.datasets.load_digits")
    if args.archive:
        with args.archive.open("rb") as stream:
            file.attrs["sha256"] = hashlib.file_digest(stream, "sha256").hexdigest()
    if dataset.class_names is not None:
        file.attrs["class_names"] = told_apart(dataset.class_names)
    if dataset.arrangement is not None:
        logging.info("%s", dataset.arrangement)
        file.attrs["arrangement"] = dataset.arrangement
    if args.channels == "gray" and dataset.colours:
        file.attrs["luma"] = args.luma
    n_read = dict.fromkeys(SPLITS, 0)
    for batch in dataset.batches:
        n_read[batch.split] += len(batch.pixels)
        for name, values in columns(batch, dataset, args).items():
            if name not in file[batch.split]:
                create(file[batch.split], name, dataset.n_images[batch.split], values)
            file[batch.split][name][batch.start : batch.start + len(values)] = values
    if n_unreadable := sum(dataset.n_images.values()) - sum(n_read.values()):
        file.attrs["n_unreadable"] = n_unreadable
    for split in SPLITS:
        if not n_read[split]:
            raise InputError(f"{origin(args)}: none of the {split} images can be read")
        for column in file[split].values():
            column.resize(n_read[split], axis=0)


def leave_out_classes_without_images(file: h5py.File) -> None:
    """Number the classes anew if some have images in neither split."""
    if "class_names" not in file.attrs:
        return
    labels = {split: file[split]["labels"][:] for split in SPLITS}
    names = file.attrs["class_names"]
    n_images = np.bincount(np.concatenate(list(labels.values())), minlength=len(names))
    found = np.flatnonzero(n_images)
    if len(found) == len(names):
        return
    without = names[n_images == 0].tolist()
    logging.info("%s classes have no images and are left out: %s", f"{len(without):,}", images.listed(without))
    file.attrs["class_names"] = names[found].tolist()
    for split in SPLITS:
        file[split]["labels"][:] = np.searchsorted(found, labels[split])


def columns(batch: Batch, dataset: Dataset, args: argparse.Namespace) -> dict[str, np.ndarray]:
    """What is kept of each image, a row each."""
    if not dataset.colours:
        found = {"images": batch.pixels[:, 0]}
    elif args.channels == "gray":
        found = {"images": images.to_gray(batch.pixels, args.luma)}
    else:
        found = {"images": batch.pixels.transpose(0, 2, 3, 1)}
    if batch.labels is not None:
        found["labels"] = batch.labels.astype(np.uint8 if len(dataset.class_names) <= 256 else np.uint16)
    if batch.files is not None:
        found["files"] = np.array(batch.files, h5py.string_dtype())
    return found


def create(group: h5py.Group, name: str, n_images: int, first: np.ndarray) -> None:
    """Make room for a column, of which the first rows are known."""
    chunk = min(n_images, images.BATCH_IMAGES, max(1, images.BATCH_BYTES // (first.nbytes // len(first))))
    group.create_dataset(name, (n_images, *first.shape[1:]), first.dtype, chunks=(chunk, *first.shape[1:]))
    group[name].attrs["description"] = DESCRIPTIONS[name]


def refuse_constant(pictures: h5py.Dataset, origin: str) -> None:
    first = pictures[0]
    split = pictures.parent.name[1:]
    if len(pictures) == 1:
        raise InputError(f"{origin}: there is one {split} image alone, and nothing to cluster; add images")
    if all((pictures[chunk] == first).all() for chunk in pictures.iter_chunks()):
        raise InputError(f"{origin}: all images of {split} are the same; there is nothing to cluster")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="grayscale", description=__doc__)
    parser.add_argument("--format", choices=FORMATS, required=True)
    parser.add_argument("--archive", type=Path, help="for cifar-binary, cifar100-binary and npz")
    parser.add_argument("--channels", choices=["gray", "rgb"], default="gray")
    parser.add_argument("--luma", type=float, nargs=3, default=images.LUMA, metavar=("R", "G", "B"))
    parser.add_argument(
        "--classes",
        choices=["folders", "none", "fine", "coarse"],
        help="of a folder: folders (default) or none; of cifar100-binary: fine (default) or coarse",
    )
    parser.add_argument("--side", type=int, help=f"of a folder, {images.SIDE} if not given; of npz, as it is")
    parser.add_argument(
        "--test-fraction", type=float, default=0.2, help="of a folder or npz that has no splits itself"
    )
    parser.add_argument("--unreadable", choices=["refuse", "skip"], default="refuse", help="photos of a folder")
    parser.add_argument("--n-images", type=json.loads, help='expected, as {"train": 50000, "test": 10000}')
    parser.add_argument("--source", help="the folder, or where the archive came from, to be kept with the images")
    parser.add_argument("--out", type=Path, required=True)
    run(main, parser)
