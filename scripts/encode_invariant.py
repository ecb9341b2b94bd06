"""Encode images by the encoder of invariant features, which learned what stays the same between views."""

import argparse
from pathlib import Path

import numpy as np

from lib.base.cli import run_script
from lib.base.parallel import blocks, in_threads
from lib.data.images_file import SPLITS, read_images
from lib.features.dictionary_file import read_dictionary
from lib.features.encoder_file import read_encoder
from lib.features.features_file import write_features
from lib.features.strips import ROWS, encode_strips
from lib.features.strips_file import read_strips


def main(args: argparse.Namespace) -> None:
    dictionaries = read_dictionary(args.dictionary)
    strips = read_strips(args.strips)
    encoder = read_encoder(args.encoder)
    images = read_images(args.images, args.split)
    with in_threads(args.threads) as parallel_map:
        features = parallel_map(
            lambda rows: encoder(encode_strips(images[rows], dictionaries, strips)), blocks(len(images), ROWS)
        )
    write_features(args.out, np.concatenate(features))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="encode_invariant", description=__doc__)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--split", choices=SPLITS, required=True)
    parser.add_argument("--dictionary", type=Path, required=True, help="made by learn_dictionary.py")
    parser.add_argument("--strips", type=Path, required=True, help="made by learn_strips.py")
    parser.add_argument("--encoder", type=Path, required=True, help="made by learn_invariant.py")
    parser.add_argument("--threads", type=int, default=1, help="the result does not depend on it")
    parser.add_argument("--out", type=Path, required=True)
    run_script(main, parser)
