"""Estimate the silhouettes of clusterings of the same images in one feature space, from a sample of the images."""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path

from lib.base.cli import positive_int, run_script
from lib.base.errors import InputError
from lib.base.files import digest_of
from lib.clustering.clusters_file import read_clusters
from lib.evaluation.sampled_silhouette import sampled_silhouette_without_noise
from lib.evaluation.update_scores import update_scores
from lib.features.features_file import read_features
from lib.workflow.layout import Results, Space


def main(args: argparse.Namespace) -> None:
    X = read_features(args.features)

    def score(clusterings: Mapping[str, Path]) -> Iterator[dict]:
        for path in clusterings.values():
            labels = read_clusters(path, len(X))
            try:
                mean, lower, upper = sampled_silhouette_without_noise(
                    X, labels, args.n_samples, n_threads=args.threads
                )
            except ValueError as error:
                raise InputError(f"{args.features}: {error}") from None
            yield {"silhouette": mean, "silhouette_lower": lower, "silhouette_upper": upper}

    files = Results(args).scored_in(Space(args.space))
    update_scores(files, X.shape[1], digest_of(args.features, args.n_samples, args.code_digest), score)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="sample_silhouette", description=__doc__)
    parser.add_argument("--features", type=Path, required=True, help="the space to score in")
    parser.add_argument("--space", required=True, help="its name")
    Results.add_arguments(parser)
    parser.add_argument("--n-samples", type=positive_int, required=True, help="images of each cluster")
    parser.add_argument("--code-digest", default="", help="of this program; what another one made is made again")
    parser.add_argument("--threads", type=int, default=1, help="the result does not depend on it")
    run_script(main, parser)
