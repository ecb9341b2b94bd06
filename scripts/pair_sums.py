"""Sum the distances of a chunk of all pairs of points, for the validity indices of several clusterings."""

import argparse
from pathlib import Path

from lib.base.cli import chunk_of, run_script
from lib.clustering.clusters_file import read_clusters, read_seed
from lib.evaluation.noise import partial_sums_without_noise
from lib.evaluation.scores_file import write_pair_sums
from lib.features.features_file import read_features


def main(args: argparse.Namespace) -> None:
    X = read_features(args.features)
    labellings = [read_clusters(path, len(X)) for path in args.clusters]
    chunk, n_chunks = args.chunk
    sums = partial_sums_without_noise(X, labellings, chunk - 1, n_chunks, n_threads=args.threads)
    write_pair_sums(args.out, dict(zip(map(read_seed, args.clusters), sums, strict=True)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="pair_sums", description=__doc__)
    parser.add_argument("--features", type=Path, required=True)
    parser.add_argument("--clusters", type=Path, nargs="+", required=True)
    parser.add_argument("--chunk", type=chunk_of, required=True, help="which chunk of how many, such as 3-of-8")
    parser.add_argument("--threads", type=int, default=1, help="the result does not depend on it")
    parser.add_argument("--out", type=Path, required=True)
    run_script(main, parser)
