"""Cluster the features of a split with k-means."""

import argparse
import logging
from pathlib import Path

from lib.base.cli import run_script
from lib.base.errors import InputError
from lib.clustering.clusters_file import write_clusters
from lib.clustering.kmeans import kmeans
from lib.features.features_file import read_or_open_features


def main(args: argparse.Namespace) -> None:
    with read_or_open_features(args.features) as X:
        try:
            result = kmeans(X, args.n_clusters, seed=args.seed, init=args.init, n_threads=args.threads)
        except ValueError as error:
            split = f"the split {args.features.stem} has {len(X):,} images"
            raise InputError(f"{args.features}: {error} ({split}); set clustering.n_clusters lower") from None
    logging.info("%d clusters: inertia %.6g after %d iterations", args.n_clusters, result.inertia, result.n_iter)
    write_clusters(args.out, result, args.seed)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="cluster", description=__doc__)
    parser.add_argument("--features", type=Path, required=True)
    parser.add_argument("--n-clusters", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--init", choices=["random", "k-means++"], default="random")
    parser.add_argument("--threads", type=int, default=1, help="the result does not depend on it")
    parser.add_argument("--out", type=Path, required=True)
    run_script(main, parser)
