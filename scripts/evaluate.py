"""Score clusterings of the same images in one feature space: silhouette and Dunn's index."""

import argparse
from pathlib import Path

from lib.base.cli import run_script
from lib.clustering.clusters_file import read_clusters, read_seed
from lib.evaluation.noise import combine_without_noise, partial_sums_without_noise
from lib.evaluation.scores_file import read_pair_sums, write_scores
from lib.features.features_file import read_features


def main(args: argparse.Namespace) -> None:
    X = read_features(args.features)
    labellings = [read_clusters(path, len(X)) for path in args.clusters]
    seeds = [read_seed(path) for path in args.clusters]
    if args.pair_sums:
        sums = [[read_pair_sums(path, i) for path in args.pair_sums] for i in range(len(labellings))]
    else:
        sums = [[found] for found in partial_sums_without_noise(X, labellings, 0, 1, n_threads=args.threads)]
    found = [combine_without_noise(*of_one) for of_one in zip(labellings, sums, strict=True)]
    scores = {seed: result._asdict() for seed, result in zip(seeds, found, strict=True)}
    write_scores(args.out, X.shape[1], scores)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="evaluate", description=__doc__)
    parser.add_argument("--features", type=Path, required=True, help="the space to score in")
    parser.add_argument("--clusters", type=Path, nargs="+", required=True, help="made in this space or another")
    parser.add_argument("--pair-sums", type=Path, nargs="*", help="of all chunks, if they are computed already")
    parser.add_argument("--threads", type=int, default=1, help="the result does not depend on it")
    parser.add_argument("--out", type=Path, required=True)
    run_script(main, parser)
