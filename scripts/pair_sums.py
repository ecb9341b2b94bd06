"""Sum the distances of a chunk of all pairs of points, for the validity indices of clusterings not yet scored."""

import argparse
from pathlib import Path

from lib.base.cli import chunk_of, run_script
from lib.base.files import digest_of
from lib.clustering.clusters_file import read_clusters
from lib.evaluation.noise import partial_sums_without_noise
from lib.evaluation.partial_sums import within_memory
from lib.evaluation.scores_file import write_pair_sums
from lib.evaluation.update_scores import missing_scores
from lib.features.features_file import read_features
from lib.workflow.layout import Results, Space

MAX_BYTES = 2e9  # of the sums of clusterings that share the distances


def main(args: argparse.Namespace) -> None:
    X = read_features(args.features)
    made_of = digest_of(args.features, args.evaluate_digest)
    clusterings = missing_scores(Results(args).scored_in(Space(args.space)), made_of)
    labellings = [read_clusters(path, len(X)) for path in clusterings.values()]
    chunk, n_chunks = args.chunk
    sums = [
        of_labels
        for some in within_memory(labellings, MAX_BYTES)
        for of_labels in partial_sums_without_noise(X, some, chunk - 1, n_chunks, n_threads=args.threads)
    ]
    write_pair_sums(args.out, dict(zip(clusterings, sums, strict=True)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="pair_sums", description=__doc__)
    parser.add_argument("--features", type=Path, required=True, help="the space to score in")
    parser.add_argument("--space", required=True, help="its name")
    Results.add_arguments(parser)
    parser.add_argument(
        "--evaluate-digest", default="", help="of evaluate.py; what another one scored is not there"
    )
    parser.add_argument("--chunk", type=chunk_of, required=True, help="which chunk of how many, such as 3-of-8")
    parser.add_argument("--threads", type=int, default=1, help="the result does not depend on it")
    parser.add_argument("--out", type=Path, required=True)
    run_script(main, parser)
