"""Cluster the reference data of the gap statistic: points without clusters, in the box of the features."""

import argparse
import logging
from pathlib import Path

import numpy as np

from lib.base.cli import positive_int, run_script
from lib.base.errors import InputError
from lib.base.files import digest_of
from lib.base.hdf5 import is_made_of
from lib.clustering.gap import n_distinct, reference, write_references
from lib.clustering.kmeans import kmeans
from lib.features.features_file import read_features


def main(args: argparse.Namespace) -> None:
    """Write the inertias that are not there yet, one file for each number of clusters."""
    digest = digest_of(args.features, args.references, args.init, args.n_init, args.code_digest)
    made_of = {k: f"{digest}, {k} clusters" for k in args.n_clusters}
    missing = {k: out for k, out in zip(args.n_clusters, args.out, strict=True) if not is_made_of(out, made_of[k])}
    logging.info("%d of %d sets of references are there already", len(args.out) - len(missing), len(args.out))
    if not missing:
        return
    X = read_features(args.features)
    inertias: dict[int, list[float]] = {k: [] for k in missing}
    for seed in range(args.references):
        points = reference(X, seed)
        for k, found in inertias.items():
            found.append(inertia_of(points, k, seed, X, args))
            logging.info("reference %d of %d, %d clusters: inertia %.6g", seed + 1, args.references, k, found[-1])
    for k, out in missing.items():
        write_references(out, inertias[k], made_of[k])


def inertia_of(points: np.ndarray, k: int, seed: int, X: np.ndarray, args: argparse.Namespace) -> float:
    """The inertia of reference data of X in k clusters.

    Parameters
    ----------
    points, X : (n, d) float

    Raises
    ------
    InputError
        If X has fewer distinct points than that.
    """
    try:
        return kmeans(points, k, seed=seed, init=args.init, n_init=args.n_init, n_threads=args.threads).inertia
    except ValueError as error:
        if not n_distinct(points) < k <= n_distinct(X):
            raise InputError(f"{args.features}: {error}; take {k} out of clustering.n_clusters") from None
        return 0.0  # rounding made points coincide, and each distinct one has a cluster of its own


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="gap_reference", description=__doc__)
    parser.add_argument("--features", type=Path, required=True)
    parser.add_argument("--n-clusters", type=int, nargs="+", required=True)
    parser.add_argument("--init", choices=["random", "k-means++"], default="random")
    parser.add_argument("--n-init", type=positive_int, default=1, help="starts, of which the best is kept")
    parser.add_argument("--references", type=int, default=10, help="how many sets of reference data")
    parser.add_argument("--code-digest", default="", help="of this program; what another one made is made again")
    parser.add_argument("--threads", type=int, default=1, help="the result hardly depends on it")
    parser.add_argument(
        "--out", type=Path, nargs="+", required=True, help="to write, one for each number of clusters"
    )
    run_script(main, parser)
