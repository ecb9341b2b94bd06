"""The images of a dataset as they come, for what needs more than images.h5 has: colours, and the full size."""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from lib.base.errors import InputError
from lib.data.dataset import Dataset
from lib.data.formats import FORMATS, Source
from lib.data.photos import BICUBIC, LANCZOS, resize


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what a dataset is."""
    parser.add_argument("--format", choices=FORMATS, required=True)
    parser.add_argument("--archive", type=Path, help="of cifar-binary, cifar100-binary and npz")
    parser.add_argument(
        "--classes",
        choices=["folders", "none", "fine", "coarse"],
        help="of a folder: folders (default), or none: its folders need not be classes; of cifar100-binary: fine "
        "(default) or coarse",
    )
    parser.add_argument("--test-fraction", type=float, help="of a folder or npz without splits; by default none")
    parser.add_argument("--unreadable", choices=["refuse", "skip"], default="refuse", help="of photos")
    parser.add_argument("--source", help="the folder, or where the archive is from; images.h5 keeps it")


def path_of_dataset(args: argparse.Namespace) -> Path:
    """The folder of photos, or the archive. The digits have no path."""
    option = "source" if args.format == "folder" else "archive"
    path = getattr(args, option)
    if not path and args.format != "digits":
        raise InputError(f"--format {args.format} needs --{option}")
    return Path(path or "")


def open_dataset(
    args: argparse.Namespace,
    *,
    side: int | None,
    split: str | None = None,
    resampling: Image.Resampling = LANCZOS,
) -> Dataset:
    """Open a dataset.

    Parameters
    ----------
    args
        With the options of `add_arguments`.
    side
        Of a folder or npz: the side to scale the images to.
    split
        Of a folder: read no photos of others.
    resampling
        How these are scaled.
    """
    path = path_of_dataset(args)
    source = Source(path, args.classes, side, args.test_fraction, args.unreadable, split, resampling)
    return FORMATS[args.format](source)


def colour_batches(dataset: Dataset, split: str, side: int, batch_size: int) -> Iterator[np.ndarray]:
    """The images of a split in colour, (batch_size, 3, side, side) uint8; the last batch may be smaller."""
    waiting: list[np.ndarray] = []
    for batch in dataset.batches:
        if batch.split != split:
            continue
        pixels = batch.pixels.repeat(3, axis=1) if batch.pixels.shape[1] == 1 else batch.pixels
        if pixels.shape[2] != side:
            pixels = resize(pixels.transpose(0, 2, 3, 1), side, BICUBIC).transpose(0, 3, 1, 2)
        for image in pixels:
            waiting.append(image)
            if len(waiting) == batch_size:
                yield np.stack(waiting)
                waiting = []
    if waiting:
        yield np.stack(waiting)
