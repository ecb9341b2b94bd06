"""Compare the feature spaces: differences between their scores with 95 % intervals and verdicts.

The intervals are of a paired bootstrap: images, seeds and models are resampled with replacement, the same for both
sides of a difference. The clusterings are not made anew.
"""

import argparse
import logging
from pathlib import Path

import numpy as np
import pandas as pd

from lib.base.cli import run_script
from lib.base.files import atomic_write
from lib.clustering.clusters_file import read_clusters
from lib.data.images_file import count_images, read_labels
from lib.evaluation.bootstrap import bootstrap_counts
from lib.evaluation.comparison import Difference, difference, verdict
from lib.evaluation.replicates import (
    INDICES,
    Replicates,
    agreement_replicates,
    index_replicates,
    pairs_to_compare,
)
from lib.evaluation.scores_file import read_scores
from lib.workflow.layout import Clustering, Results, Space

COLUMNS = ["dataset", "split", "k", "metric", "features_a", "features_b", *Difference._fields]
COLUMNS += ["n_seeds", "n_models_a", "n_models_b", "comparable", "verdict"]


def main(args: argparse.Namespace) -> None:
    results = Results(args)
    rows = []
    for split in dict.fromkeys(split for _, split in results.groups):
        models: dict[str, list[Space]] = {}
        for space, other in results.groups:
            if other == split:
                models.setdefault(space.kind, []).append(space)
        if len(models) == 1:
            continue
        counts = bootstrap_counts(count_images(results.images, split), args.replicates, seed=0)
        for k in results.n_clusters:
            clusterings = {
                kind: [[Clustering(space, split, k, seed) for seed in results.seeds] for space in spaces]
                for kind, spaces in models.items()
            }
            agreements = agreements_of(results, split, clusterings, counts)
            indices = indices_of(results, models, clusterings, counts)
            for metric, a, b, values in pairs_to_compare(agreements, indices):
                found = difference(*values, args.replicates)
                comparable = metric not in INDICES
                row = [results.folder.name, split, k, metric, a, b, *found]
                row += [len(results.seeds), *(len(results.model_seeds.get(kind, ())) for kind in (a, b))]
                rows.append([*row, "yes" if comparable else "no", verdict(a, b, found, comparable)])
            logging.info("%s, k = %d: compared", split, k)
    with atomic_write(args.out) as part:
        pd.DataFrame(rows, columns=COLUMNS).to_csv(part, index=False)


def agreements_of(
    results: Results, split: str, clusterings: dict[str, list[list[Clustering]]], counts: list[np.ndarray]
) -> dict[str, Replicates]:
    """Agreement with the classes, by kind of features; empty without classes."""
    classes = read_labels(results.images, split)
    if classes is None:
        return {}
    return {
        kind: agreement_replicates(
            [[read_clusters(results.clusters(x), len(classes)) for x in line] for line in lines], classes, counts
        )
        for kind, lines in clusterings.items()
    }


def indices_of(
    results: Results,
    models: dict[str, list[Space]],
    clusterings: dict[str, list[list[Clustering]]],
    counts: list[np.ndarray],
) -> dict[tuple[str, str], Replicates]:
    """Validity indices, by the kind that clusterings were made in and the kind that they were scored in.

    Of its own kind, a clustering is scored in the space alone that it was made in.
    """
    found = {}
    for made_in, lines in clusterings.items():
        for scored_in in models if results.spaces else [made_in]:
            scores = [
                [
                    [read_scores(results.scores(x, space), x.seed) for x in line]
                    for space in ([line[0].space] if made_in == scored_in else models[scored_in])
                ]
                for line in lines
            ]
            found[made_in, scored_in] = index_replicates(scores, counts)
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="compare", description=__doc__)
    Results.add_arguments(parser)
    parser.add_argument("--replicates", type=int, default=1000, help="of the bootstrap")
    parser.add_argument("--out", type=Path, required=True, help="to write, CSV")
    run_script(main, parser)
