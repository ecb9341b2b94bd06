"""Collect the scores of all clusterings into one table, a row for each, and compare them with the classes."""

import argparse
import csv
import functools
from collections.abc import Callable
from pathlib import Path

import numpy as np

from lib.base.cli import run_script
from lib.base.files import atomic_write
from lib.clustering.clusters_file import read_cluster_names, read_clusters, read_fit
from lib.data.images_file import read_labels, read_more_labels
from lib.evaluation.agreement import agreement, contingency_and_noise
from lib.evaluation.scores_file import read_indices
from lib.workflow.layout import Clustering, Imported, Results

INDICES = ("silhouette", "silhouette_lower", "silhouette_upper", "dunn")


Indices = dict[str, dict]  # of one file, by the path of each clustering


def main(args: argparse.Namespace) -> None:
    results = Results(args)
    indices = functools.cache(read_indices)  # a file has those of many clusterings
    splits = {split for _, split in results.clustered_features}
    classes = {split: labellings(results.images, split) if results.has_classes else {} for split in splits}
    rows = [score(results, x, classes[x.split], indices) for x in results.clusterings()]
    columns = list(rows[0])
    if results.imported:
        rows += [score_imported(results, x, classes[x.split], indices) for x in results.imported]
        columns.append("n_noise")
    with atomic_write(args.out) as part, part.open("w", newline="") as file:
        table = csv.DictWriter(file, columns, lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


def labellings(images: Path, split: str) -> dict[str, np.ndarray]:
    """The classes of a split, by what is added to the names of the scores: nothing for the first column."""
    classes = read_labels(images, split)
    more = {f"_with_{column}": labels for column, labels in read_more_labels(images, split).items()}
    return ({} if classes is None else {"": classes}) | more


def score(
    results: Results, clustering: Clustering, classes: dict[str, np.ndarray], indices: Callable[[Path], Indices]
) -> dict:
    """The row of a clustering: in which space, split, k and seed, how it was found, and its scores.

    Parameters
    ----------
    classes
        As of `labellings`.
    indices
        Gives those of a file of scores.
    """
    own = indices(results.scores(clustering, clustering.space))[clustering.path]
    labels = read_clusters(results.clusters(clustering))
    row = {
        "dataset": results.folder.name,
        "features": clustering.space.kind,
        "model_seed": clustering.space.model_seed,
        "split": clustering.split,
        "n_samples": len(labels),
        "n_features": int(own["n_features"]),
        "k": clustering.k,
        "seed": clustering.seed,
        **read_fit(results.clusters(clustering))._asdict(),
        **{name: float(own[name]) for name in INDICES if name in own},
    }
    return row | agreement_of(labels, classes) | indices_in_spaces(results, clustering, indices)


def score_imported(
    results: Results, clustering: Imported, classes: dict[str, np.ndarray], indices: Callable[[Path], Indices]
) -> dict:
    """The row of a clustering that was made elsewhere, which has no space of its own."""
    labels = read_clusters(results.clusters(clustering))
    row = {
        "dataset": results.folder.name,
        "features": clustering.name,
        "split": clustering.split,
        "n_samples": len(labels),
        "k": len(read_cluster_names(results.clusters(clustering))),
        "seed": clustering.seed,
        "n_noise": int(np.count_nonzero(labels < 0)),
    }
    return row | agreement_of(labels, classes) | indices_in_spaces(results, clustering, indices)


def agreement_of(labels: np.ndarray, classes: dict[str, np.ndarray]) -> dict[str, float]:
    """The agreement with the classes of each column, if there are any."""
    return {
        f"{measure}{suffix}": value
        for suffix, of_column in classes.items()
        for measure, value in agreement(*contingency_and_noise(of_column, labels)).items()
    }


def indices_in_spaces(
    results: Results, clustering: Clustering | Imported, indices: Callable[[Path], Indices]
) -> dict[str, float]:
    """The indices in the spaces of each kind of features, means over the models of the kind."""
    by_kind: dict[str, list[dict]] = {}
    if results.spaces:
        own = clustering.space if isinstance(clustering, Clustering) else None
        for space in results.evaluation_spaces(own):
            scores = indices(results.scores(clustering, space))[clustering.path]
            by_kind.setdefault(space.kind, []).append(scores)
    return {
        f"{name}_in_{kind}": float(np.mean([scores[name] for scores in by_kind[kind]]))
        for kind in dict.fromkeys(space.kind for space in results.spaces)
        for name in ("silhouette", "dunn")
        if name in by_kind[kind][0]
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="collect_scores", description=__doc__)
    Results.add_arguments(parser)
    parser.add_argument("--out", type=Path, required=True)
    run_script(main, parser)
