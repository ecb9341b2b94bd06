"""Write the images of a dataset of any format to one HDF5 file, in gray levels or in colour."""

import argparse
import json
import logging
from pathlib import Path

from lib.base.cli import run_script
from lib.base.errors import InputError
from lib.data.dataset import SIDE
from lib.data.enough_images import too_many_clusters
from lib.data.grayscale import LUMA
from lib.data.images_file import write_images
from lib.data.names import listed, printable
from lib.data.reader import add_arguments, open_dataset, path_of_dataset


def main(args: argparse.Namespace) -> None:
    path = path_of_dataset(args)
    if args.format == "folder" and args.out.resolve().is_relative_to(path.resolve()):
        raise InputError(f"{path} holds the results too, {args.out}; move the images into a folder of their own")
    origin = str(args.archive or args.source or args.format)
    try:
        dataset = open_dataset(args, side=args.side)
        if dataset.unused:
            logging.info("%s: not used: %s", origin, listed([*map(printable, dataset.unused)]))
        if lines := too_many_clusters(dataset.n_images, args.clustered_splits, args.n_clusters, origin):
            raise InputError("; ".join(lines))
        write_images(
            args.out,
            dataset,
            origin=origin,
            source=args.source or str(args.archive or "sklearn.datasets.load_digits"),
            archive=args.archive,
            channels=args.channels,
            luma=args.luma,
            n_images=args.n_images,
        )
    except InputError as error:
        raise InputError(
            f"{error} (the archive is from {args.source})" if args.archive and args.source else error
        ) from None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="prepare_images", description=__doc__)
    add_arguments(parser)
    parser.add_argument("--channels", choices=["gray", "rgb"], default="gray")
    parser.add_argument("--luma", type=float, nargs=3, default=LUMA, metavar=("R", "G", "B"))
    parser.add_argument("--side", type=int, help=f"of a folder, by default {SIDE}; of npz, by default as it is")
    parser.add_argument(
        "--n-images", type=json.loads, help='expected, as {"train": 50000, "test": 10000} or {"all": 60000}'
    )
    parser.add_argument("--n-clusters", type=int, nargs="+", default=[], help="to refuse where images are fewer")
    parser.add_argument("--clustered-splits", nargs="+", default=[], help="where they have to be as many")
    parser.add_argument("--out", type=Path, required=True)
    run_script(main, parser)
