"""Encode each image, in colour and at the encoder's size, by an encoder in an ONNX file."""

import argparse
import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from lib.base.cli import positive_int, progress_bar, run_script
from lib.base.errors import InputError
from lib.data.images_file import SPLITS, count_images
from lib.data.photos import BICUBIC
from lib.data.reader import add_arguments, colour_batches, open_dataset
from lib.features.external import normalized
from lib.features.features_file import write_feature_blocks
from lib.features.onnx_encoder import CPU, OnnxEncoder, Preprocessing


def main(args: argparse.Namespace) -> None:
    preprocessing = Preprocessing(args.side, tuple(args.mean), tuple(args.std))
    encoder = OnnxEncoder(args.model, preprocessing, output=args.output, provider=args.provider)
    n = count_images(args.images, args.split)
    dataset = open_dataset(args, side=args.side, split=args.split, resampling=BICUBIC)
    batches = colour_batches(dataset, args.split, args.side, encoder.fixed_batch_size or args.batch_size)
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
    for block in blocks:
        try:
            yield from normalized(block, np.arange(len(block)), normalize)
        except ValueError as error:
            raise InputError(f"{model}: of the features, {error}") from None
        bar.update(len(block))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="encode_onnx", description=__doc__)
    add_arguments(parser)
    parser.add_argument("--images", type=Path, required=True, help="images.h5")
    parser.add_argument("--split", choices=SPLITS, required=True)
    parser.add_argument("--model", type=Path, required=True, help="an ONNX file")
    parser.add_argument("--side", type=positive_int, required=True, help="of the images that it takes, in pixels")
    parser.add_argument("--mean", type=float, nargs=3, required=True, help="of red, green and blue, from 0 to 1")
    parser.add_argument("--std", type=float, nargs=3, required=True)
    parser.add_argument("--output", help="its name; by default the first")
    parser.add_argument("--normalize", choices=["none", "l2"], default="none")
    parser.add_argument("--batch-size", type=positive_int, default=64)
    parser.add_argument("--provider", default=CPU, help="of ONNX Runtime")
    parser.add_argument("--threads", type=int, default=1, help="the result does not depend on it")
    parser.add_argument("--out", type=Path, required=True)
    run_script(main, parser)
