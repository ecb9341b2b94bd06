"""Encode images by the principal components of their pixels, fitted to the training images, or to all."""

import argparse
from pathlib import Path

import numpy as np

from lib.base.cli import positive_int, run_script
from lib.base.errors import InputError
from lib.base.parallel import in_threads
from lib.data.images_file import SPLITS, read_images, training_split
from lib.features.features_file import write_features
from lib.features.principal_components import fit_pca


def main(args: argparse.Namespace) -> None:
    # In one thread, or the last digits would follow the number of cores.
    with in_threads(1):
        learned_from = training_split(args.images)
        pixels = read_pixels(args.images, learned_from)
        if args.n_components > min(pixels.shape):
            raise InputError(
                f"{args.images}: {args.n_components} components were asked for, and {len(pixels)} training images "
                f"of {pixels.shape[1]} pixels have {min(pixels.shape)}; set pca.n_components to that or less"
            )
        pca = fit_pca(pixels, args.n_components, whiten=args.whiten == "true")
        if args.split != learned_from:
            pixels = read_pixels(args.images, args.split)
        write_features(args.out, pca.transform(pixels))


def read_pixels(path: Path, split: str) -> np.ndarray:
    """The pixels of a split, from 0 to 1: float32 (n, d)."""
    images = read_images(path, split)
    return images.reshape(len(images), -1) / np.float32(255)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="encode_pca", description=__doc__)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--split", choices=SPLITS, required=True)
    parser.add_argument("--n-components", type=positive_int, required=True)
    parser.add_argument(
        "--whiten", choices=["true", "false"], required=True, help="scale each component to variance 1"
    )
    parser.add_argument("--out", type=Path, required=True)
    run_script(main, parser)
