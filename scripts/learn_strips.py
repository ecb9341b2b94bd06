"""Learn which directions of the codes of strips tell training images apart, and not views of one image."""

import argparse
import logging
from pathlib import Path

from lib.base.cli import positive_int, run_script
from lib.base.parallel import in_threads
from lib.features.augmentation import are_symmetric
from lib.features.dictionary_file import read_dictionary
from lib.features.patches import random_subset
from lib.features.strips import HALVES, learn_strips
from lib.features.strips_file import write_strips
from lib.features.training_views import is_held_out, read_training_images

PER_NUMBER = 3  # images to learn from, for each number that a strip has


def main(args: argparse.Namespace) -> None:
    images = read_training_images(args.images, args.n_images, args.seed)
    dictionaries = read_dictionary(args.dictionary)
    seen = images[~is_held_out(len(images))]
    n = PER_NUMBER * HALVES * len(dictionaries[0].atoms)
    mirrored = are_symmetric(images)
    logging.info(
        "an image counts as %s",
        "it and its mirror image" if mirrored else "it alone: mirror images are other things",
    )
    with in_threads(args.threads) as parallel_map:
        strips = learn_strips(
            seen[random_subset(len(seen), n, args.seed)],
            dictionaries,
            n_views=args.n_views,
            mirrored=mirrored,
            seed=(args.seed, 0),
            parallel_map=parallel_map,
        )
    write_strips(args.out, strips)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="learn_strips", description=__doc__)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--dictionary", type=Path, required=True, help="made by learn_dictionary.py")
    parser.add_argument("--n-images", type=positive_int, required=True, help="to draw from the training images")
    parser.add_argument("--n-views", type=positive_int, required=True, help="of each image, 2 or more")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--threads", type=int, default=1, help="the result does not depend on it")
    parser.add_argument("--out", type=Path, required=True)
    run_script(main, parser)
