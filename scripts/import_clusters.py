"""Take a clustering that was made elsewhere: a label for each image."""

import argparse
import logging
from pathlib import Path

import numpy as np

from lib.base.cli import run_script
from lib.base.errors import InputError
from lib.clustering.clusters_file import write_labels
from lib.clustering.labels import numbered
from lib.data.images_file import SPLITS, splits_of
from lib.features.array_file import read_column, read_names
from lib.features.external import rows_of_splits


def main(args: argparse.Namespace) -> None:
    """Write the clustering of one split."""
    values, names, unread = read_column(args.source, key=args.key, names_key=args.file_column)
    splits = splits_of(args.images) if args.all_splits else [args.split]
    try:
        names = read_names(args.files) if args.files else names
        order = rows_of_splits(args.images, splits, len(values), names, unread)[args.split]
        numbered(values)  # of the whole file, so that a row that is refused has its number there
        found = numbered(values[order])
        if found.n_clusters < 2:
            what = "are noise" if found.n_clusters == 0 else "are in one cluster, or noise"
            raise ValueError(f"all of {len(found.labels):,} {what}; two clusters or more are wanted")
    except ValueError as error:
        raise InputError(f"{args.source}: {error}") from None
    n_noise = np.count_nonzero(found.labels < 0)
    logging.info("%d clusters, %d of %d images are noise", found.n_clusters, n_noise, len(found.labels))
    write_labels(args.out, found, args.run)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="import_clusters", description=__doc__)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--split", choices=SPLITS, required=True)
    parser.add_argument("--source", type=Path, required=True, help="a table with a column of labels")
    parser.add_argument(
        "--all-splits", action="store_true", help="it has the rows of all splits, not of this alone"
    )
    parser.add_argument("--key", help="the array of a .npz or HDF5 file, or the column of a table")
    parser.add_argument("--files", type=Path, help="a text file with the file name of each row")
    parser.add_argument("--file-column", help="the array or column of the file names")
    parser.add_argument("--run", type=int, default=0, help="the number of this clustering among several")
    parser.add_argument("--out", type=Path, required=True)
    run_script(main, parser)
