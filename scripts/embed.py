"""The autoencoder's code of each image as features."""

import argparse
from pathlib import Path

from lib.cli import run
from lib.storage import SPLITS, read_images, read_model, write_features


def main(args: argparse.Namespace) -> None:
    images = read_images(args.images, args.split)
    from lib import autoencoder

    model = read_model(args.model, autoencoder.keras.saving.load_model)
    write_features(args.out, autoencoder.encode(model, images))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="embed", description=__doc__)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--split", choices=SPLITS, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    run(main, parser)
