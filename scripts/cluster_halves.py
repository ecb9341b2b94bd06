"""Cluster halves of the images of a split in one feature space, to see what other images would do."""

import argparse
import logging
from pathlib import Path

from lib.base.cli import positive_int, run_script
from lib.base.errors import InputError
from lib.base.files import digest_of
from lib.base.hdf5 import is_made_of
from lib.clustering.halves import cluster_halves, n_starts, random_halves
from lib.clustering.halves_file import write_halves
from lib.features.features_file import read_or_open_features


def main(args: argparse.Namespace) -> None:
    """Write the clusterings of halves that are not there yet, one file for each number of clusters."""
    digest = digest_of(args.features, args.space, args.learned, args.init, args.n_init, args.code_digest)
    with read_or_open_features(args.features) as X:
        halves = random_halves(len(X))
        options = {
            "space": args.space,
            "n_starts": n_starts(args.learned),
            "init": args.init,
            "n_init": args.n_init,
            "n_threads": args.threads,
        }
        for k, out in zip(args.n_clusters, args.out, strict=True):
            made_of = f"{digest}, {k} clusters"
            if is_made_of(out, made_of):
                logging.info("%d clusters: they are there already", k)
                continue
            try:
                labels = cluster_halves(X, k, halves, **options)
            except ValueError as error:
                raise InputError(f"{args.features}: {error}") from None
            logging.info(
                "%d clusters: %d halves of %d images clustered, each from %d starts",
                *(k, len(labels), len(halves[0]), labels.shape[1]),
            )
            if k > 1 and not len(labels):
                logging.warning(
                    "%s, split %s: half of the %d images have fewer distinct points than clustering.n_clusters, "
                    "%d: no intervals for it",
                    *(args.space, args.features.stem, len(X), k),
                )
            write_halves(out, halves, labels, made_of)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="cluster_halves", description=__doc__)
    parser.add_argument("--features", type=Path, required=True)
    parser.add_argument("--space", required=True, help="the name of the feature space, for the seeds of k-means")
    parser.add_argument("--n-clusters", type=int, nargs="+", required=True)
    parser.add_argument("--learned", action="store_true", help="the space is one of several models")
    parser.add_argument("--init", choices=["random", "k-means++"], default="random")
    parser.add_argument("--n-init", type=positive_int, default=1, help="starts, of which the best is kept")
    parser.add_argument("--code-digest", default="", help="of this program; what another one made is made again")
    parser.add_argument("--threads", type=int, default=1, help="the result does not depend on it")
    parser.add_argument(
        "--out", type=Path, nargs="+", required=True, help="to write, one for each number of clusters"
    )
    run_script(main, parser)
