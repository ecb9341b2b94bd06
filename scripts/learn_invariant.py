"""Learn an encoder of invariant features: what stays the same between views of a training image."""

import argparse
import logging
from pathlib import Path

import numpy as np

from lib.base.cli import positive_int, run_script
from lib.base.errors import InputError
from lib.base.parallel import blocks, in_threads
from lib.data.images_file import read_images, training_split
from lib.features.augmentation import augmented_views
from lib.features.dictionary_file import read_dictionary
from lib.features.encoder_file import write_encoder
from lib.features.invariant import learn_encoder
from lib.features.patches import encode, random_subset

ROWS = 1000  # images at a time


def main(args: argparse.Namespace) -> None:
    dictionaries = read_dictionary(args.dictionary)
    images = read_images(args.images, training_split(args.images))
    images = images[random_subset(len(images), args.n_images, args.seed)]
    n_prototypes = min(args.n_prototypes, len(images))
    with in_threads(args.threads) as parallel_map:
        batches = []
        for rows in blocks(len(images), ROWS):
            views = augmented_views(
                images[rows], args.n_views, seed=(args.seed, rows.start), parallel_map=parallel_map
            )
            # In half precision: all are kept until the second projection is learned.
            batches.append(encode(views, dictionaries, parallel_map).astype(np.float16))
            logging.info("encoded views of %d of %d images", rows.stop, len(images))
        try:
            encoder = learn_encoder(
                batches,
                args.n_views,
                n_prototypes=n_prototypes,
                n_components=args.n_components,
                seed=args.seed,
                n_threads=args.threads,
                parallel_map=parallel_map,
            )
        except ValueError as error:
            raise InputError(
                f"{args.images}: {error}; set invariant.n_components or invariant.n_prototypes lower"
            ) from None
    write_encoder(args.out, encoder)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="learn_invariant", description=__doc__)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--dictionary", type=Path, required=True, help="made by learn_dictionary.py")
    parser.add_argument("--n-images", type=positive_int, required=True, help="to learn from, at most")
    parser.add_argument("--n-views", type=positive_int, required=True, help="of each image, 2 or more")
    parser.add_argument(
        "--n-prototypes",
        type=positive_int,
        required=True,
        help="typical images to compare with, at most one per training image",
    )
    parser.add_argument("--n-components", type=positive_int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--threads", type=int, default=1, help="the result does not depend on it")
    parser.add_argument("--out", type=Path, required=True)
    run_script(main, parser)
