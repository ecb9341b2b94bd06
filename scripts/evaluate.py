"""Score clusterings of the same images in one feature space: silhouette and Dunn's index."""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path

from lib.base.cli import run_script
from lib.base.files import digest_of
from lib.clustering.clusters_file import read_clusters
from lib.evaluation.noise import combine_without_noise, partial_sums_without_noise
from lib.evaluation.partial_sums import within_memory
from lib.evaluation.scores_file import read_pair_sums
from lib.evaluation.update_scores import update_scores
from lib.features.features_file import read_features
from lib.workflow.layout import Results, Space


def main(args: argparse.Namespace) -> None:
    X = read_features(args.features)

    def score(clusterings: Mapping[str, Path]) -> Iterator[dict]:
        labellings = [read_clusters(path, len(X)) for path in clusterings.values()]
        if args.pair_sums:
            for name, labels in zip(clusterings, labellings, strict=True):
                chunks = [read_pair_sums(chunk, name) for chunk in args.pair_sums]
                yield combine_without_noise(labels, chunks)._asdict()
            return
        for some in within_memory(labellings):
            sums = partial_sums_without_noise(X, some, 0, 1, n_threads=args.threads)
            for labels, of_labels in zip(some, sums, strict=True):
                yield combine_without_noise(labels, [of_labels])._asdict()

    files = Results(args).scored_in(Space(args.space))
    update_scores(files, X.shape[1], digest_of(args.features, args.code_digest), score)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="evaluate", description=__doc__)
    parser.add_argument("--features", type=Path, required=True, help="the space to score in")
    parser.add_argument("--space", required=True, help="its name")
    Results.add_arguments(parser)
    parser.add_argument("--pair-sums", type=Path, nargs="*", help="of all chunks, if they are computed already")
    parser.add_argument("--code-digest", default="", help="of this program; what another one made is made again")
    parser.add_argument("--threads", type=int, default=1, help="the result does not depend on it")
    run_script(main, parser)
