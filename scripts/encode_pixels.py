"""Encode images by their pixels: each image flattened, from 0 (black) to 1 (white)."""

import argparse
from pathlib import Path

import numpy as np

from lib.base.cli import run_script
from lib.data.images_file import SPLITS, read_images
from lib.features.features_file import write_features


def main(args: argparse.Namespace) -> None:
    images = read_images(args.images, args.split)
    write_features(args.out, images.reshape(len(images), -1) / np.float32(255))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="encode_pixels", description=__doc__)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--split", choices=SPLITS, required=True)
    parser.add_argument("--out", type=Path, required=True)
    run_script(main, parser)
