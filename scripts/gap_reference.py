"""Cluster the reference data of the gap statistic: points without clusters, in the box of the features."""

import argparse
import logging
from pathlib import Path

from lib.base.cli import run_script
from lib.base.errors import InputError
from lib.clustering.gap import n_distinct, reference, write_references
from lib.clustering.kmeans import kmeans
from lib.features.features_file import read_features


def main(args: argparse.Namespace) -> None:
    X, k = read_features(args.features), args.n_clusters
    inertias = []
    for seed in range(args.references):
        points = reference(X, seed)
        try:
            inertia = kmeans(points, k, seed=seed, init=args.init, n_threads=args.threads).inertia
        except ValueError as error:
            if not n_distinct(points) < k <= n_distinct(X):
                raise InputError(f"{args.features}: {error}; take {k} out of clustering.n_clusters") from None
            inertia = 0.0  # rounding made points coincide, and each distinct one has a cluster of its own
        inertias.append(inertia)
        logging.info("reference %d of %d: inertia %.6g", seed + 1, args.references, inertia)
    write_references(args.out, inertias)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="gap_reference", description=__doc__)
    parser.add_argument("--features", type=Path, required=True)
    parser.add_argument("--n-clusters", type=int, required=True)
    parser.add_argument("--init", choices=["random", "k-means++"], default="random")
    parser.add_argument("--references", type=int, default=10, help="how many sets of reference data")
    parser.add_argument("--threads", type=int, default=1, help="the result hardly depends on it")
    parser.add_argument("--out", type=Path, required=True)
    run_script(main, parser)
