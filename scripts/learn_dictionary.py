"""Learn a dictionary of typical patches of the training images for each scale."""

import argparse
import logging
from pathlib import Path

from lib.base.cli import positive_int, run_script
from lib.base.errors import InputError
from lib.data.images_file import read_images, training_split
from lib.features.dictionary_file import write_dictionary
from lib.features.patches import learn_dictionary, scales_of


def main(args: argparse.Namespace) -> None:
    images = read_images(args.images, training_split(args.images))
    dictionaries = []
    for downsampling in args.downsampling or scales_of(images.shape[1]):
        try:
            dictionary = learn_dictionary(
                images,
                size=args.size,
                downsampling=downsampling,
                n_atoms=args.n_atoms,
                seed=args.seed,
                n_threads=args.threads,
            )
        except ValueError as error:
            raise InputError(f"{args.images}: {error}; set patches.size or patches.downsampling lower") from None
        dictionaries.append(dictionary)
        logging.info("downsampled by %d: %d atoms", downsampling, len(dictionary.atoms))
    write_dictionary(args.out, dictionaries)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="learn_dictionary", description=__doc__)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--size", type=positive_int, required=True, help="side of a patch in pixels")
    parser.add_argument(
        "--downsampling",
        type=positive_int,
        nargs="+",
        help="what the sides of the images are divided by: a scale for each number; else it follows from the side",
    )
    parser.add_argument("--n-atoms", type=positive_int, required=True, help="at each scale")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--threads", type=int, default=1, help="the result does not depend on it")
    parser.add_argument("--out", type=Path, required=True)
    run_script(main, parser)
