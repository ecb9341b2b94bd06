"""Collect the scores of all clusterings into one table, a row for each, and compare them with the classes."""

import argparse
import csv
from pathlib import Path

import numpy as np

from lib.base.cli import run_script
from lib.base.files import atomic_write
from lib.clustering.clusters_file import read_clusters, read_fit
from lib.data.images_file import read_labels
from lib.evaluation.agreement import agreement, contingency
from lib.evaluation.scores_file import read_scores
from lib.workflow.layout import Clustering, Results

INDICES = ("silhouette", "silhouette_lower", "silhouette_upper", "dunn")


def main(args: argparse.Namespace) -> None:
    results = Results(args)
    splits = {split for _, split in results.clustered_features}
    classes = {split: read_labels(results.images, split) for split in splits}
    rows = [score(results, clustering, classes[clustering.split]) for clustering in results.clusterings()]
    with atomic_write(args.out) as part, part.open("w", newline="") as file:
        table = csv.DictWriter(file, rows[0], lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


def score(results: Results, clustering: Clustering, classes: np.ndarray | None) -> dict:
    """The row of a clustering: in which space, split, k and seed, how it was found, and its scores."""
    own = read_scores(results.scores(clustering, clustering.space), clustering.seed)
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
    if classes is not None:
        row |= agreement(contingency(classes, labels))
    by_kind: dict[str, list[dict]] = {}
    for space in results.evaluation_spaces(clustering.space) if results.spaces else []:
        scores = read_scores(results.scores(clustering, space), clustering.seed)
        by_kind.setdefault(space.kind, []).append(scores)
    for kind in dict.fromkeys(space.kind for space in results.spaces):
        for name in ("silhouette", "dunn"):
            if name in own:
                row[f"{name}_in_{kind}"] = float(np.mean([scores[name] for scores in by_kind[kind]]))
    return row


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="collect_scores", description=__doc__)
    Results.add_arguments(parser)
    parser.add_argument("--out", type=Path, required=True)
    run_script(main, parser)
