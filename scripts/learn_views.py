"""Learn what stays the same between views of a training image."""

import argparse
import logging
from pathlib import Path

import numpy as np

from lib.cli import InputError, positive, run
from lib.parallel import blocks, in_threads
from lib.patches import describe, random_rows, read_words
from lib.storage import read_images, write_fields, writing
from lib.views import learn_encoder, views

ROWS = 1000  # images at a time


def main(args: argparse.Namespace) -> None:
    words = read_words(args.words)
    images = read_images(args.images, "train")
    images = images[random_rows(len(images), args.n_images, args.seed)]
    n_prototypes = min(args.n_prototypes, len(images))
    with in_threads(args.threads) as run:
        parts = []
        for rows in blocks(len(images), ROWS):
            seen = views(images[rows], args.n_views, seed=(args.seed, rows.start), run=run)
            # Half precision, as all have to be kept until the second projection is learnt.
            parts.append(describe(seen, words, run).astype(np.float16))
            logging.info("%d of %d images seen", rows.stop, len(images))
        try:
            encoder = learn_encoder(
                parts,
                args.n_views,
                n_prototypes=n_prototypes,
                n_components=args.n_components,
                seed=args.seed,
                n_threads=args.threads,
                run=run,
            )
        except ValueError as error:
            raise InputError(
                f"{args.images}: {error}; set views.n_components or views.n_prototypes lower"
            ) from None
    with writing(args.out) as file:
        write_fields(file, encoder)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="learn_views", description=__doc__)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--words", type=Path, required=True, help="made by learn_words.py")
    parser.add_argument("--n-images", type=positive, required=True, help="to learn from, at most")
    parser.add_argument("--n-views", type=positive, required=True, help="of each image, 2 or more")
    parser.add_argument(
        "--n-prototypes",
        type=positive,
        required=True,
        help="typical images to compare with, at most one for each image",
    )
    parser.add_argument("--n-components", type=positive, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--threads", type=int, default=1, help="the result does not depend on it")
    parser.add_argument("--out", type=Path, required=True)
    run(main, parser)
