"""Sum what views of a chunk of the training images add to the covariances of their features."""

import argparse
from pathlib import Path

from lib.base.cli import chunk_of, positive_int, run_script
from lib.base.parallel import in_threads
from lib.features.dictionary_file import read_dictionary
from lib.features.encoder_file import write_view_sums
from lib.features.invariant import view_sums
from lib.features.patches import n_features
from lib.features.training_views import batches_of, encoded_views, read_training_images


def main(args: argparse.Namespace) -> None:
    dictionaries = read_dictionary(args.dictionary)
    images, _, mirror = read_training_images(args.images, args.n_images, args.seed)
    chunk, n_chunks = args.chunk
    with in_threads(args.threads) as parallel_map:
        batches = batches_of(images)[chunk - 1 :: n_chunks]
        views = encoded_views(
            images,
            batches,
            dictionaries,
            args.n_views,
            mirror=mirror,
            seed=(args.seed,),
            parallel_map=parallel_map,
        )
        sums = view_sums(views, n_features(dictionaries), args.n_views, len(images), parallel_map=parallel_map)
    write_view_sums(args.out, sums)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="sum_views", description=__doc__)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--dictionary", type=Path, required=True, help="made by learn_dictionary.py")
    parser.add_argument("--n-images", type=positive_int, required=True, help="to learn from, at most")
    parser.add_argument("--n-views", type=positive_int, required=True, help="of each image, 2 or more")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--chunk", type=chunk_of, required=True, help="which chunk of how many, such as 3-of-8")
    parser.add_argument("--threads", type=int, default=1, help="the result does not depend on it")
    parser.add_argument("--out", type=Path, required=True)
    run_script(main, parser)
