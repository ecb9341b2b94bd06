"""Learn typical patches of the training images, at each of some scales."""

import argparse
import logging
from pathlib import Path

from lib.cli import InputError, positive, run
from lib.patches import learn_words
from lib.storage import read_images, write_fields, writing


def main(args: argparse.Namespace) -> None:
    images = read_images(args.images, "train")
    scales = []
    for reduction in args.reductions:
        try:
            words = learn_words(
                images,
                size=args.size,
                reduction=reduction,
                n_words=args.n_words,
                seed=args.seed,
                n_threads=args.threads,
            )
        except ValueError as error:
            raise InputError(f"{args.images}: {error}; set patches.size or patches.reductions lower") from None
        scales.append(words)
        logging.info("reduced %d times: %d words", reduction, len(words.words))
    with writing(args.out) as file:
        for i, words in enumerate(scales):
            write_fields(file.create_group(str(i)), words)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="learn_words", description=__doc__)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--size", type=positive, required=True, help="side of a patch")
    parser.add_argument(
        "--reductions", type=positive, nargs="+", required=True, help="what the sides of the images are divided by"
    )
    parser.add_argument("--n-words", type=positive, required=True, help="at each scale")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--threads", type=int, default=1, help="the result does not depend on it")
    parser.add_argument("--out", type=Path, required=True)
    run(main, parser)
