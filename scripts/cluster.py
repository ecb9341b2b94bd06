"""Cluster the features of a split with k-means, once for each number of clusters and seed."""

import argparse
import logging
from pathlib import Path

from lib.base.cli import positive_int, run_script
from lib.base.errors import InputError
from lib.base.files import digest_of
from lib.base.hdf5 import is_made_of
from lib.clustering.clusters_file import write_clusters
from lib.clustering.kmeans import kmeans
from lib.features.features_file import read_or_open_features


def main(args: argparse.Namespace) -> None:
    """Write the clusterings that are not there yet."""
    digest = digest_of(args.features, args.init, args.n_init, args.code_digest)
    clusterings = list(zip(args.n_clusters, args.seeds, args.out, strict=True))
    missing = [(k, seed, out) for k, seed, out in clusterings if not is_made_of(out, f"{digest}, {k} clusters")]
    logging.info("%d of %d clusterings are there already", len(args.out) - len(missing), len(args.out))
    if not missing:
        return
    with read_or_open_features(args.features) as X:
        for k, seed, out in missing:
            try:
                result = kmeans(X, k, seed=seed, init=args.init, n_init=args.n_init, n_threads=args.threads)
            except ValueError as error:
                split = f"the split {args.features.stem} has {len(X):,} images"
                raise InputError(
                    f"{args.features}: {error} ({split}); take {k} out of clustering.n_clusters"
                ) from None
            logging.info(
                "seed %d, %d clusters: inertia %.6g after %d iterations", seed, k, result.inertia, result.n_iter
            )
            write_clusters(out, result, seed, f"{digest}, {k} clusters")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="cluster", description=__doc__)
    parser.add_argument("--features", type=Path, required=True)
    parser.add_argument("--n-clusters", type=int, nargs="+", required=True, help="of each clustering")
    parser.add_argument("--seeds", type=int, nargs="+", required=True, help="of each clustering")
    parser.add_argument("--init", choices=["random", "k-means++"], default="random")
    parser.add_argument("--n-init", type=positive_int, default=1, help="starts, of which the best is kept")
    parser.add_argument("--code-digest", default="", help="of this program; what another one made is made again")
    parser.add_argument("--threads", type=int, default=1, help="the result does not depend on it")
    parser.add_argument("--out", type=Path, nargs="+", required=True, help="to write, a file for each clustering")
    run_script(main, parser)
