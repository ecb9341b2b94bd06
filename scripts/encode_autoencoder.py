"""Encode images by the autoencoder: the code of each image is its features."""

import argparse
from pathlib import Path

from lib.base.cli import run_script
from lib.data.images_file import SPLITS, read_images
from lib.features.features_file import write_features


def main(args: argparse.Namespace) -> None:
    images = read_images(args.images, args.split)
    from lib.features import autoencoder

    model = autoencoder.load(args.model)
    write_features(args.out, autoencoder.encode(model, images))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="encode_autoencoder", description=__doc__)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--split", choices=SPLITS, required=True)
    parser.add_argument("--model", type=Path, required=True, help="made by train.py")
    parser.add_argument("--out", type=Path, required=True)
    run_script(main, parser)
