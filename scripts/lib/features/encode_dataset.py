"""The images of a dataset, in colour and at an encoder's size, through the encoder into a file of features.

It is what encode_onnx.py and encode_keras.py do once the encoder is loaded.
"""

import argparse
import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from lib.base.cli import positive_int, progress_bar
from lib.base.errors import InputError
from lib.data import reader
from lib.data.images_file import SPLITS, count_images
from lib.data.photos import BICUBIC
from lib.features.external import normalized
from lib.features.features_file import write_feature_blocks
from lib.features.image_encoder import ImageEncoder, Preprocessing


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which images, and what is done to them before and after the encoder."""
    reader.add_arguments(parser)
    parser.add_argument("--images", type=Path, required=True, help="images.h5")
    parser.add_argument("--split", choices=SPLITS, required=True)
    parser.add_argument("--model", type=Path, required=True, help="the file of the encoder")
    parser.add_argument("--side", type=positive_int, required=True, help="of the images that it takes, in pixels")
    parser.add_argument("--mean", type=float, nargs=3, required=True, help="of red, green and blue, from 0 to 1")
    parser.add_argument("--std", type=float, nargs=3, required=True)
    parser.add_argument("--normalize", choices=["none", "l2"], default="none")
    parser.add_argument("--batch-size", type=positive_int, default=64)
    parser.add_argument("--threads", type=int, default=1, help="the result does not depend on it")
    parser.add_argument("--out", type=Path, required=True)


def preprocessing_of(args: argparse.Namespace) -> Preprocessing:
    """What is done to an image before the encoder sees it."""
    return Preprocessing(args.side, tuple(args.mean), tuple(args.std))


def encode_dataset(args: argparse.Namespace, encoder: ImageEncoder) -> None:
    """Encode the images of a split, and write their features.

    Memory is bounded: a batch for each thread is there at a time.

    Parameters
    ----------
    args
        With the options of `add_arguments`.
    encoder

    Raises
    ------
    InputError
        If the dataset cannot be read, or is another than when images.h5 was made. If the encoder fails, or a
        feature is NaN or infinite.
    """
    n = count_images(args.images, args.split)
    dataset = reader.open_dataset(args, side=args.side, split=args.split, resampling=BICUBIC)
    batches = reader.colour_batches(dataset, args.split, args.side, encoder.fixed_batch_size or args.batch_size)
    blocks = as_many(n, args.images, encoder.encode_all(batches, args.threads))
    first = next(blocks)
    with progress_bar(total=n, unit=" images") as bar:
        write_feature_blocks(
            args.out,
            (n, first.shape[1]),
            scaled(itertools.chain([first], blocks), args.normalize, args.model, bar),
        )


def as_many(n: int, images: Path, blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """The blocks, if they have as many rows as there are images.

    Raises
    ------
    InputError
        If they have not: the dataset is another than when images.h5 was made.

    Examples
    --------
    >>> [len(block) for block in as_many(3, Path("images.h5"), [np.zeros((2, 5)), np.zeros((1, 5))])]
    [2, 1]
    """
    found = 0
    for block in blocks:
        found += len(block)
        if found > n:
            break
        yield block
    if found != n:
        raise InputError(
            f"{images} has {n:,} images, and the dataset has another number now; delete it and run again"
        )


def scaled(blocks: Iterable[np.ndarray], normalize: str, model: Path, bar: Any) -> Iterator[np.ndarray]:
    """The blocks, each row scaled as `normalize` says. The progress bar moves by one for each row."""
    done = 0
    for block in blocks:
        try:
            yield from normalized(block, np.arange(len(block)), normalize)
        except ValueError as error:
            where = f"images {done:,} to {done + len(block) - 1:,}"
            raise InputError(f"{model}: of the features of {where}, {error}") from None
        done += len(block)
        bar.update(len(block))
