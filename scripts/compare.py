"""Compare the feature spaces: differences between their scores with 95 % intervals and verdicts.

The scores that this rests on are written to a table of their own.
"""

import argparse
import functools
import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from lib.base.cli import run_script
from lib.base.errors import InputError
from lib.base.files import atomic_write
from lib.clustering.clusters_file import read_clusters
from lib.clustering.halves_file import read_halves
from lib.data.images_file import count_images, read_labels, read_more_labels
from lib.evaluation.comparison import (
    COLUMNS,
    MEASURES,
    OWN_SPACE,
    Differences,
    ScoresByName,
    comparison_table,
    decisive_measure,
    differences,
    fixed_differences,
    parse_metric,
)
from lib.evaluation.half_scores import agreement_scores, stacked
from lib.evaluation.replicates import REPLICATE_COLUMNS, replicates_table
from lib.evaluation.scores_file import read_half_scores, read_indices
from lib.evaluation.uncertainty import Scores
from lib.workflow.layout import Clustering, Results, Space

INDICES = ("silhouette", "dunn")
N_RUNS = "n_runs"  # of a clustering that was made elsewhere, which is on side b


def main(args: argparse.Namespace) -> None:
    results = Results(args)
    tables, replicates = [], []
    for split in dict.fromkeys(split for _, split in results.clustered_features):
        models: dict[str, list[Space]] = {}
        for space, other in results.clustered_features:
            if other == split:
                models.setdefault(space.kind, []).append(space)
        fixed = [name for name in results.n_runs if any(run[:2] == (name, split) for run in results.imported)]
        if len(models) + len(fixed) == 1:
            continue
        classes, more = None, {}
        if results.has_classes:
            classes, more = read_labels(results.images, split), read_more_labels(results.images, split)
        try:
            decisive = decisive_measure(args.decisive, classes is not None)
        except ValueError as error:
            raise InputError(f"evaluation.decisive_measure: {error}") from None
        learned = {kind: spaces[0].model_seed is not None for kind, spaces in models.items()}
        found: dict[int, Differences] = {}
        for k in results.n_clusters:
            found[k] = {}
            if len(models) > 1:
                found[k], scores = compared_features(results, models, split, k, classes, more)
                replicates.append(scores.assign(dataset=results.folder.name, split=split))
            if fixed:
                found[k] |= fixed_differences(mean_scores(results, split, k), models, fixed)
            logging.info("%s, k = %d: compared", split, k)
        counts = {kind: len(spaces) if learned[kind] else 0 for kind, spaces in models.items()}
        counts |= dict.fromkeys(fixed, 0)
        table = comparison_table(found, decisive, n_seeds=len(results.seeds), n_models=counts)
        tables.append(table.assign(dataset=results.folder.name, split=split))
    table = pd.concat(tables) if tables else pd.DataFrame()
    columns = ["dataset", "split", *COLUMNS]
    if results.imported:
        table[N_RUNS] = table["features_b"].map(results.n_runs).astype("Int64")
        columns.append(N_RUNS)
    with atomic_write(args.out) as part:
        table.reindex(columns=columns).to_csv(part, index=False)
    scores = pd.concat(replicates) if replicates else pd.DataFrame()
    with atomic_write(args.replicates) as part:
        scores.reindex(columns=["dataset", "split", *REPLICATE_COLUMNS]).to_csv(part, index=False)


def compared_features(
    results: Results,
    models: dict[str, list[Space]],
    split: str,
    k: int,
    classes: np.ndarray | None,
    more: dict[str, np.ndarray],
) -> tuple[Differences, pd.DataFrame]:
    """The differences between feature spaces, and the scores that these rest on."""
    agreements = agreements_of(results, models, split, k, classes, more) if classes is not None else {}
    indices = indices_of(results, models, split, k)
    halves, _ = read_halves(results.halves(next(iter(models.values()))[0], split, k))
    found = differences(
        agreements,
        indices,
        learned={kind: spaces[0].model_seed is not None for kind, spaces in models.items()},
        half_size=len(halves[0]),
        n_images=count_images(results.images, split),
    )
    return found, replicates_table(
        agreements,
        indices,
        k=k,
        models={kind: [(space.path, space.model_seed) for space in spaces] for kind, spaces in models.items()},
        seeds=results.seeds,
    )


def mean_scores(results: Results, split: str, k: int) -> dict[str, dict[str, float]]:
    """Scores by kind of features and by clustering that was made elsewhere: means over seeds, models and runs.

    Those that only one side has, like the inertia, are left out.
    """
    table = pd.read_csv(results.folder / "metrics.csv", float_precision="round_trip")
    is_fixed = table["features"].isin(list(results.n_runs))
    rows = table[(table["split"] == split) & (is_fixed | (table["k"] == k))]
    metrics = [
        name for name in table if name not in OWN_SPACE and parse_metric(name).score in (*MEASURES, *OWN_SPACE)
    ]
    return {str(name): of_name[metrics].mean().to_dict() for name, of_name in rows.groupby("features", sort=False)}


def agreements_of(
    results: Results,
    models: dict[str, list[Space]],
    split: str,
    k: int,
    classes: np.ndarray,
    more: dict[str, np.ndarray],
) -> Mapping[str, ScoresByName]:
    """Agreement with the classes, and with those of more columns, by kind of features."""
    found = {}
    for kind, spaces in models.items():
        labels = [
            [
                read_clusters(results.clusters(Clustering(space, split, k, seed)), len(classes))
                for seed in results.seeds
            ]
            for space in spaces
        ]
        of_halves = [read_halves(results.halves(space, split, k)) for space in spaces]
        halves = of_halves[0][0]
        half_labels = [x for _, x in of_halves]
        found[kind] = dict(agreement_scores(labels, half_labels, classes, halves))
        for column, of_column in more.items():
            scores = agreement_scores(labels, half_labels, of_column, halves)
            found[kind] |= {f"{measure}_with_{column}": scores[measure] for measure in scores}
    return found


def indices_of(
    results: Results, models: dict[str, list[Space]], split: str, k: int
) -> Mapping[tuple[str, str], ScoresByName]:
    """Validity indices, by the kind that clusterings were made in and the kind that they were scored in.

    Of its own kind, a clustering is scored in the space alone that it was made in.
    """
    indices = functools.cache(read_indices)  # a file has those of many clusterings
    found = {}
    for made_in, spaces in models.items():
        for scored_in in models if results.spaces else [made_in]:
            pairs = [
                [(space, other) for other in ([space] if made_in == scored_in else models[scored_in])]
                for space in spaces
            ]
            found[made_in, scored_in] = index_scores(
                [
                    [
                        [
                            indices(results.scores(clustering, other))[clustering.path]
                            for clustering in (Clustering(space, split, k, seed) for seed in results.seeds)
                        ]
                        for space, other in line
                    ]
                    for line in pairs
                ],
                [
                    [read_half_scores(results.half_scores(other, split, k), space.path) for space, other in line]
                    for line in pairs
                ],
            )
    return found


def index_scores(scores: list[list[list[dict]]], half_silhouettes: list[list[np.ndarray]]) -> ScoresByName:
    """The validity indices of clusterings, by name.

    What other images would do to Dunn's index is not known, as two pairs of images decide it.

    Parameters
    ----------
    scores
        For each model, space that it is scored in, and seed: the scores as `read_indices` gives them.
    half_silhouettes
        For each model and space, (n_starts, n_halves).
    """
    first = scores[0][0][0]
    halves = stacked(half_silhouettes)
    found = {}
    for index in INDICES:
        if index in first:
            whole = np.array([[[score[index] for score in x] for x in of_model] for of_model in scores], float)
            found[index] = Scores(whole, halves if index == "silhouette" else halves[..., :0])
    if "silhouette_lower" in first:
        # The samples of the seeds are not independent, so the mean over the seeds is no surer than each of them.
        margins = [
            (score["silhouette_upper"] - score["silhouette_lower"]) / 2 / 1.96
            for of_model in scores
            for x in of_model
            for score in x
        ]
        found["silhouette"] = found["silhouette"]._replace(sampling=float(np.mean(np.square(margins))))
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="compare", description=__doc__)
    Results.add_arguments(parser)
    parser.add_argument("--decisive", choices=MEASURES, help="the measure that decides")
    parser.add_argument("--out", type=Path, required=True, help="to write, CSV")
    parser.add_argument("--replicates", type=Path, required=True, help="to write, CSV: the scores behind it")
    run_script(main, parser)
