"""What stays the same between views of each image as features."""

import argparse
from pathlib import Path

import numpy as np

from lib.cli import run
from lib.parallel import blocks, in_threads
from lib.patches import describe, read_words
from lib.storage import SPLITS, read_fields, read_images, reading, write_features
from lib.views import Encoder

ROWS = 1000  # images at a time


def main(args: argparse.Namespace) -> None:
    words = read_words(args.words)
    with reading(args.encoder) as file:
        encoder = read_fields(file, Encoder)
    images = read_images(args.images, args.split)
    with in_threads(args.threads) as run:
        parts = [encoder(describe(images[rows], words, run)) for rows in blocks(len(images), ROWS)]
    write_features(args.out, np.concatenate(parts))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="views", description=__doc__)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--split", choices=SPLITS, required=True)
    parser.add_argument("--words", type=Path, required=True, help="made by learn_words.py")
    parser.add_argument("--encoder", type=Path, required=True, help="made by learn_views.py")
    parser.add_argument("--threads", type=int, default=1, help="the result does not depend on it")
    parser.add_argument("--out", type=Path, required=True)
    run(main, parser)
