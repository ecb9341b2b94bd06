"""Take features that were made elsewhere: a row of numbers for each image."""

import argparse
from pathlib import Path

import numpy as np

from lib.base.cli import run_script
from lib.base.errors import InputError, reason_of
from lib.data.images_file import SPLITS, splits_of, training_split
from lib.features.array_file import open_table, read_names
from lib.features.external import Rows, moments, normalized, rows_of_splits
from lib.features.features_file import write_feature_blocks


def main(args: argparse.Namespace) -> None:
    """Write the features of one split."""
    with open_table(args.source, key=args.key, names_key=args.file_column) as table:
        try:
            names = read_names(args.files) if args.files else table.names
            splits = splits_of(args.images) if args.all_splits else [args.split]
            orders = rows_of_splits(args.images, splits, table.rows.shape[0], names, table.unread)
            fit = fitted(args, table.rows, orders) if args.normalize == "standardize" else None
            write_feature_blocks(
                args.out,
                (len(orders[args.split]), table.rows.shape[1]),
                normalized(table.rows, orders[args.split], args.normalize, fit),
            )
        except (ValueError, OSError) as error:
            raise InputError(f"{args.source}: {reason_of(error)}") from None


def fitted(args: argparse.Namespace, rows: Rows, orders: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of the training images, or of all."""
    learned_from = training_split(args.images)
    if learned_from in orders:
        return moments(rows, orders[learned_from])
    if args.train_source is None:
        raise ValueError("to standardize, the rows of the training images are needed too; name them as `train`")
    with open_table(args.train_source, key=args.key, names_key=args.file_column) as table:
        if table.rows.shape[1] != rows.shape[1]:
            raise ValueError(f"{rows.shape[1]} columns, and {args.train_source} has {table.rows.shape[1]}")
        return moments(table.rows, np.arange(table.rows.shape[0]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="encode_external", description=__doc__)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--split", choices=SPLITS, required=True)
    parser.add_argument("--source", type=Path, required=True, help="a table of numbers")
    parser.add_argument(
        "--all-splits", action="store_true", help="it has the rows of all splits, not of this alone"
    )
    parser.add_argument("--train-source", type=Path, help="the rows of the training images, to standardize")
    parser.add_argument("--key", help="the array of a .npz or HDF5 file, or the column of lists of a table")
    parser.add_argument("--files", type=Path, help="a text file with the file name of each row")
    parser.add_argument("--file-column", help="the array or column of the file names")
    parser.add_argument("--normalize", choices=["none", "l2", "standardize"], default="none")
    parser.add_argument("--out", type=Path, required=True)
    run_script(main, parser)
