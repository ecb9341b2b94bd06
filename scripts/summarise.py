"""Summarise each score over seeds and models: mean and spread; and how similar clusterings of two seeds are."""

import argparse
import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from lib.base.cli import run_script
from lib.base.files import atomic_write
from lib.clustering.clusters_file import read_clusters
from lib.clustering.gap import gap, read_references
from lib.evaluation.agreement import adjusted_rand, contingency_and_noise
from lib.workflow.layout import Clustering, Imported, Results

GROUP = ["dataset", "features", "split", "k"]
NOT_SCORES = [*GROUP, "model_seed", "n_samples", "n_features", "seed", "n_iter", "converged"]


def main(args: argparse.Namespace) -> None:
    results = Results(args)
    table = pd.read_csv(args.metrics)
    is_imported = table["features"].isin(list(results.n_runs))
    table, imported = table[~is_imported].drop(columns="n_noise", errors="ignore"), table[is_imported]
    table.insert(table.columns.get_loc("inertia") + 1, "relative_inertia", relative_inertia(table))
    scores = table.melt(GROUP, [name for name in table if name not in NOT_SCORES], "metric")
    more = list(stabilities(results))
    if args.gap:
        more += gaps(results, table)
    others = pd.DataFrame(more, columns=scores.columns)
    if results.imported:
        tables = [scores, scores_of_imported(imported), others]
        values = pd.concat(
            [table.astype({"k": "Int64"}) for table in tables]
        )  # whole numbers, some of them missing
    else:
        values = pd.concat([scores, others])
    groups = values.groupby([*GROUP, "metric"], sort=False, dropna=False)
    summary = groups["value"].agg(["count", "mean", "std", "min", "max"])
    with atomic_write(args.out) as part:
        summary.rename(columns={"count": "n"}).to_csv(part)


def relative_inertia(table: pd.DataFrame) -> pd.Series:
    """Inertia divided by its mean at the smallest k, as the features of each model have a scale of their own.

    Parameters
    ----------
    table
        Of all clusterings, with the columns features, split, model_seed, k and inertia.
    """
    models = [table["features"], table["split"], table["model_seed"].fillna(-1)]
    at_smallest = table["inertia"].where(table["k"] == table["k"].min())
    return table["inertia"] / at_smallest.groupby(models).transform("mean")


def scores_of_imported(table: pd.DataFrame) -> pd.DataFrame:
    """The scores of clusterings that were made elsewhere, and how many clusters and images in none they have.

    Runs of one clustering may have different numbers of clusters, so their k is left empty.

    Parameters
    ----------
    table
        Their rows of metrics.csv.
    """
    table = table.assign(n_clusters=table["k"], k=None)
    counts = ["n_clusters", "n_noise"]
    scores = [name for name in table if name not in [*NOT_SCORES, *counts] and table[name].notna().any()]
    return table.melt(GROUP, counts + scores, "metric")


def stabilities(results: Results) -> Iterator[list]:
    """Rows of the adjusted Rand index of each two clusterings of one kind of features, one split and one k.

    Likewise of each two runs of a clustering that was made elsewhere. Each image in no cluster is one by itself.
    """
    groups: dict[tuple[str, str, int | None], list[Clustering | Imported]] = {}
    for clustering in results.clusterings():
        groups.setdefault((clustering.space.kind, clustering.split, clustering.k), []).append(clustering)
    for run in results.imported:
        groups.setdefault((run.name, run.split, None), []).append(run)
    for (kind, split, k), group in groups.items():
        labels = [read_clusters(results.clusters(clustering)) for clustering in group]
        for i, j in itertools.combinations(range(len(group)), 2):
            same_space = group[i][0] == group[j][0]  # all runs of one name count as made in one space
            metric = "stability" if same_space else "stability_of_models"
            apart = np.where(labels[i] < 0, len(labels[i]) + np.arange(len(labels[i])), labels[i])
            value = float(adjusted_rand(*contingency_and_noise(apart, labels[j])))
            yield [results.folder.name, kind, split, k, metric, value]


def gaps(results: Results, table: pd.DataFrame) -> list[list]:
    """Rows of the gap statistic of each clustering, and of its standard error."""
    inertias = table.groupby(["features", "split", "k", table["model_seed"].fillna(-1)])["inertia"]
    rows = []
    for space, split in results.clustered_features:
        for k in results.n_clusters:
            path = results.folder / "gap" / space.path / split / f"k{k}.h5"
            references = read_references(path)
            key = [results.folder.name, space.kind, split, k]
            model_seed = -1 if space.model_seed is None else space.model_seed
            found = [gap(own, references) for own in inertias.get_group((space.kind, split, k, model_seed))]
            rows += [[*key, "gap", value] for value, _ in found]
            rows += [[*key, "gap_standard_error", found[0][1]]]
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="summarise", description=__doc__)
    Results.add_arguments(parser)
    parser.add_argument("--metrics", type=Path, required=True)
    parser.add_argument(
        "--gap", action="store_true", help="add the gap statistic, of what gap_reference.py has written"
    )
    parser.add_argument("--out", type=Path, required=True)
    run_script(main, parser)
