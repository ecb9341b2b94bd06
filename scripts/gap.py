"""Cluster points without clusters, spread over the same space as the features, for the gap statistic."""

import argparse
import json
import logging
import math
from pathlib import Path

from lib.cli import InputError, replacing, run
from lib.gap import reference
from lib.kmeans import kmeans
from lib.storage import read_features


def main(args: argparse.Namespace) -> None:
    X = read_features(args.features)
    inertias = []
    for seed in range(args.references):
        try:
            result = kmeans(reference(X, seed), args.n_clusters, seed=seed, init=args.init, n_threads=args.threads)
        except ValueError as error:
            raise InputError(f"{args.features}: {error}; set clustering.n_clusters lower") from None
        inertias.append(result.inertia)
        logging.info("reference %d of %d: inertia %.6g", seed + 1, args.references, result.inertia)
    with replacing(args.out) as part:
        part.write_text(json.dumps({"log_inertia": [math.log(inertia) for inertia in inertias]}) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="gap", description=__doc__)
    parser.add_argument("--features", type=Path, required=True)
    parser.add_argument("--n-clusters", type=int, required=True)
    parser.add_argument("--init", choices=["random", "k-means++"], default="random")
    parser.add_argument("--references", type=int, default=10, help="sets of points to cluster")
    parser.add_argument("--threads", type=int, default=1, help="the result hardly depends on it")
    parser.add_argument("--out", type=Path, required=True)
    run(main, parser)
