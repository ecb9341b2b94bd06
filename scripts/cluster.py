"""Cluster the features of a split with k-means, once for each seed."""

import argparse
import logging
from pathlib import Path

from lib.base.cli import run_script
from lib.base.errors import InputError
from lib.base.files import digest_of
from lib.clustering.clusters_file import is_made_of, write_clusters
from lib.clustering.kmeans import kmeans
from lib.features.features_file import read_or_open_features


def main(args: argparse.Namespace) -> None:
    """Write the clusterings that are not there yet."""
    made_of = digest_of(args.features, args.n_clusters, args.init, args.code_digest)
    missing = [i for i, path in enumerate(args.out) if not is_made_of(path, made_of)]
    logging.info("%d of %d clusterings are there already", len(args.out) - len(missing), len(args.out))
    if not missing:
        return
    with read_or_open_features(args.features) as X:
        for seed, out in [(args.seeds[i], args.out[i]) for i in missing]:
            try:
                result = kmeans(X, args.n_clusters, seed=seed, init=args.init, n_threads=args.threads)
            except ValueError as error:
                split = f"the split {args.features.stem} has {len(X):,} images"
                raise InputError(
                    f"{args.features}: {error} ({split}); take {args.n_clusters} out of clustering.n_clusters"
                ) from None
            logging.info(
                "seed %d, %d clusters: inertia %.6g after %d iterations",
                seed,
                args.n_clusters,
                result.inertia,
                result.n_iter,
            )
            write_clusters(out, result, seed, made_of)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="cluster", description=__doc__)
    parser.add_argument("--features", type=Path, required=True)
    parser.add_argument("--n-clusters", type=int, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", required=True)
    parser.add_argument("--init", choices=["random", "k-means++"], default="random")
    parser.add_argument("--code-digest", default="", help="of this program; what another one made is made again")
    parser.add_argument("--threads", type=int, default=1, help="the result does not depend on it")
    parser.add_argument("--out", type=Path, nargs="+", required=True, help="to write, one file for each seed")
    run_script(main, parser)
