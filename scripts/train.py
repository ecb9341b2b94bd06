"""Train the autoencoder on the training images."""

import argparse
import csv
import logging
from pathlib import Path

from lib.cli import InputError, replacing, run
from lib.storage import SPLITS, read_images


def main(args: argparse.Namespace) -> None:
    images, validation = (read_images(args.images, split) for split in SPLITS)
    # After the cheap checks: TensorFlow takes seconds to import.
    from lib import autoencoder

    try:
        model, history = autoencoder.train(
            images,
            validation,
            filters=args.filters,
            epochs=args.epochs,
            batch_size=args.batch_size,
            learning_rate=args.learning_rate,
            seed=args.seed,
            log=logging.info,
        )
    except (ValueError, autoencoder.DeadCodeError) as error:
        raise InputError(f"{args.images}: {error}") from None
    with replacing(args.history) as part, part.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(autoencoder.Epoch._fields)
        writer.writerows(history)
    with replacing(args.model) as part:
        autoencoder.save(model, part)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="train", description=__doc__)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--filters", type=int, nargs="+", default=[3, 1])
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--learning-rate", type=float, default=0.001)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", type=Path, required=True, help="to write, .keras")
    parser.add_argument("--history", type=Path, required=True, help="to write, .csv")
    run(main, parser)
