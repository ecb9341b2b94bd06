"""How much of each typical patch is in each quarter of an image as features, by their principal components."""

import argparse
from pathlib import Path

from sklearn.decomposition import PCA

from lib.cli import InputError, positive, run
from lib.parallel import in_threads
from lib.patches import describe, random_rows, read_words, unit
from lib.storage import SPLITS, read_images, write_features


def main(args: argparse.Namespace) -> None:
    words = read_words(args.words)
    images = read_images(args.images, "train")
    with in_threads(args.threads) as run:
        X = describe(images[random_rows(len(images), args.n_images, args.seed)], words, run)
        if args.n_components > min(X.shape):
            raise InputError(
                f"{args.images}: {args.n_components} components were asked for, and {X.shape[1]} features of "
                f"{len(X)} training images have {min(X.shape)}; set patches.n_components to that or less"
            )
        mean, deviation = X.mean(axis=0), X.std(axis=0)
        deviation[deviation == 0] = 1
        pca = PCA(args.n_components, svd_solver="covariance_eigh").fit((X - mean) / deviation)
        images = read_images(args.images, args.split)
        X = (describe(images, words, run) - mean) / deviation
        write_features(args.out, unit(pca.transform(X)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="patches", description=__doc__)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--split", choices=SPLITS, required=True)
    parser.add_argument("--words", type=Path, required=True, help="made by learn_words.py")
    parser.add_argument("--n-images", type=positive, required=True, help="training images to fit to, at most")
    parser.add_argument("--n-components", type=positive, required=True)
    parser.add_argument("--seed", type=int, required=True, help="of which images to fit to")
    parser.add_argument("--threads", type=int, default=1, help="the result does not depend on it")
    parser.add_argument("--out", type=Path, required=True)
    run(main, parser)
