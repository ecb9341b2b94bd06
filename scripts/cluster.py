"""Cluster the features of a split with k-means."""

import argparse
import contextlib
import logging
from pathlib import Path

from lib.cli import InputError, run
from lib.kmeans import kmeans
from lib.storage import open_features, writing

IN_MEMORY = 2**31  # bytes of features; more are read again in each iteration, with the same result


def main(args: argparse.Namespace) -> None:
    with contextlib.ExitStack() as file:
        X = file.enter_context(open_features(args.features))
        if X.nbytes <= IN_MEMORY:
            X = X[:]
            file.close()  # from here on, an error has nothing to do with it
        try:
            result = kmeans(X, args.n_clusters, seed=args.seed, init=args.init, n_threads=args.threads)
        except ValueError as error:
            raise InputError(f"{args.features}: {error}; set clustering.n_clusters lower") from None
    logging.info("%d clusters: inertia %.6g after %d iterations", args.n_clusters, result.inertia, result.n_iter)
    with writing(args.out) as file:
        file["labels"] = result.labels
        file["labels"].attrs["description"] = "cluster of each image, in the order of images.h5"
        file["centroids"] = result.centroids
        file["centroids"].attrs["description"] = "mean of the features of each cluster"
        file.attrs["seed"] = args.seed
        for name in ("inertia", "n_iter", "converged"):
            file.attrs[name] = getattr(result, name)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="cluster", description=__doc__)
    parser.add_argument("--features", type=Path, required=True)
    parser.add_argument("--n-clusters", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--init", choices=["random", "k-means++"], default="random")
    parser.add_argument("--threads", type=int, default=1, help="the result does not depend on it")
    parser.add_argument("--out", type=Path, required=True)
    run(main, parser)
