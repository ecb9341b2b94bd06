"""Turn an archive of colour images, or a bundled dataset, into one HDF5 file: grayscale, or in colour."""

import argparse
import hashlib
import json
import logging
from pathlib import Path

import h5py
import numpy as np

from lib import images
from lib.cli import InputError, run
from lib.storage import SPLITS, writing

DESCRIPTIONS = {
    "images": "levels from 0 (black) to 255 (white); axes: image, row, column, in colour also red-green-blue",
    "labels": "class of each image: an index into the attribute class_names of the file",
}


def main(args: argparse.Namespace) -> None:
    with writing(args.out) as file:
        if args.format == "digits":
            write_digits(file)
        else:
            try:
                write_cifar(file, args)
            except InputError as error:
                raise InputError(
                    f"{error} (the archive is from {args.source})" if args.source else error
                ) from None
        for split in SPLITS:
            refuse_constant(file[split]["images"], args.archive or args.format)
            logging.info("%s: %s images of %d x %d", split, *map("{:,}".format, file[split]["images"].shape[:3]))


def write_cifar(file: h5py.File, args: argparse.Namespace) -> None:
    archive = images.open_cifar(args.archive)
    for split in SPLITS:
        found = archive.n_images(split)
        if args.n_images and found != args.n_images[split]:
            raise InputError(
                f"{args.archive} holds {found:,} {split} images, expected {args.n_images[split]:,} (`n_images`)"
            )
        create(file, split, found, images.SIDE, colours=(3,) if args.channels == "rgb" else ())
    file.attrs["class_names"] = archive.class_names
    file.attrs["source"] = args.source or str(args.archive)
    with args.archive.open("rb") as stream:
        file.attrs["sha256"] = hashlib.file_digest(stream, "sha256").hexdigest()
    if args.channels == "gray":
        file.attrs["luma"] = args.luma
    for batch in images.read_cifar(archive):
        rows = slice(batch.start, batch.start + len(batch.labels))
        file[batch.split]["images"][rows] = (
            images.to_gray(batch.rgb, args.luma) if args.channels == "gray" else batch.rgb.transpose(0, 2, 3, 1)
        )
        file[batch.split]["labels"][rows] = batch.labels


def write_digits(file: h5py.File) -> None:
    for split, (gray, labels) in images.digits().items():
        create(file, split, *gray.shape[:2])
        file[split]["images"][:] = gray
        file[split]["labels"][:] = labels
    file.attrs["class_names"] = [str(digit) for digit in range(10)]
    file.attrs["source"] = "sklearn.datasets.load_digits"


def create(file: h5py.File, split: str, n_images: int, side: int, colours: tuple[int, ...] = ()) -> None:
    group = file.create_group(split)
    chunk = min(n_images, images.BATCH_IMAGES)
    shape = (side, side, *colours)
    group.create_dataset("images", (n_images, *shape), np.uint8, chunks=(chunk, *shape))
    group.create_dataset("labels", (n_images,), np.uint8, chunks=(chunk,))
    for name, description in DESCRIPTIONS.items():
        group[name].attrs["description"] = description


def refuse_constant(pictures: h5py.Dataset, origin: str) -> None:
    first = pictures[0]
    if all((pictures[chunk] == first).all() for chunk in pictures.iter_chunks()):
        raise InputError(
            f"{origin}: all images of {pictures.parent.name[1:]} are the same; there is nothing to cluster"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="grayscale", description=__doc__)
    parser.add_argument("--format", choices=["cifar-binary", "digits"], required=True)
    parser.add_argument("--archive", type=Path, help="for cifar-binary")
    parser.add_argument("--channels", choices=["gray", "rgb"], default="gray")
    parser.add_argument("--luma", type=float, nargs=3, default=images.LUMA, metavar=("R", "G", "B"))
    parser.add_argument("--n-images", type=json.loads, help='expected, as {"train": 50000, "test": 10000}')
    parser.add_argument("--source", help="where the archive came from, to be kept with the images")
    parser.add_argument("--out", type=Path, required=True)
    run(main, parser)
