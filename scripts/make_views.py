"""Make views of a chunk of the training images, and encode them."""

import argparse
from pathlib import Path

from lib.base.cli import chunk_of, positive_int, run_script
from lib.base.parallel import in_threads
from lib.features.dictionary_file import read_dictionary
from lib.features.strips_file import read_strips
from lib.features.training_views import encoded_views, read_training_images
from lib.features.views_file import write_views


def main(args: argparse.Namespace) -> None:
    with in_threads(args.threads) as parallel_map:
        views = encoded_views(
            read_training_images(args.images, args.n_images, args.seed),
            args.chunk,
            read_dictionary(args.dictionary),
            read_strips(args.strips),
            n_views=args.n_views,
            seed=(args.seed, 1),
            parallel_map=parallel_map,
        )
    write_views(args.out, views)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="make_views", description=__doc__)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--dictionary", type=Path, required=True, help="made by learn_dictionary.py")
    parser.add_argument("--strips", type=Path, required=True, help="made by learn_strips.py")
    parser.add_argument("--n-images", type=positive_int, required=True, help="to draw from the training images")
    parser.add_argument("--n-views", type=positive_int, required=True, help="of each image, 2 or more")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--chunk", type=chunk_of, required=True, help="which chunk of how many, such as 3-of-8")
    parser.add_argument("--threads", type=int, default=1, help="the result does not depend on it")
    parser.add_argument("--out", type=Path, required=True)
    run_script(main, parser)
