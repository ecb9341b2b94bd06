"""Encode images by a dictionary of typical patches, and reduce the result to principal components."""

import argparse
from pathlib import Path

from lib.base.cli import positive_int, run_script
from lib.base.errors import InputError
from lib.base.parallel import in_threads
from lib.data.images_file import SPLITS, read_images, training_split
from lib.features.dictionary_file import read_dictionary
from lib.features.features_file import write_features
from lib.features.patches import encode, normalize_rows, random_subset
from lib.features.principal_components import fit_pca


def main(args: argparse.Namespace) -> None:
    dictionaries = read_dictionary(args.dictionary)
    images = read_images(args.images, training_split(args.images))
    with in_threads(args.threads) as parallel_map:
        X = encode(images[random_subset(len(images), args.n_images, args.seed)], dictionaries, parallel_map)
        if args.n_components > min(X.shape):
            raise InputError(
                f"{args.images}: {args.n_components} components were asked for, and {X.shape[1]} features of "
                f"{len(X)} training images have {min(X.shape)}; set patches.n_components to that or less"
            )
        mean, deviation = X.mean(axis=0), X.std(axis=0)
        deviation[deviation == 0] = 1
        pca = fit_pca((X - mean) / deviation, args.n_components)
        images = read_images(args.images, args.split)
        X = (encode(images, dictionaries, parallel_map) - mean) / deviation
        write_features(args.out, normalize_rows(pca.transform(X)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="encode_patches", description=__doc__)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--split", choices=SPLITS, required=True)
    parser.add_argument("--dictionary", type=Path, required=True, help="made by learn_dictionary.py")
    parser.add_argument(
        "--n-images", type=positive_int, required=True, help="images to fit the components to, at most"
    )
    parser.add_argument("--n-components", type=positive_int, required=True)
    parser.add_argument("--seed", type=int, required=True, help="of the choice of these images")
    parser.add_argument("--threads", type=int, default=1, help="the result does not depend on it")
    parser.add_argument("--out", type=Path, required=True)
    run_script(main, parser)
