"""Gather the scores of all clusterings into one table, a row for each, and compare them with the classes."""

import argparse
import csv
from pathlib import Path

import numpy as np

from lib.agreement import agreement, contingency
from lib.cli import replacing, run
from lib.results import Results, Run
from lib.storage import SPLITS, read_clusters, read_labels, reading

INDICES = ("silhouette", "silhouette_lower", "silhouette_upper", "dunn")


def main(args: argparse.Namespace) -> None:
    results = Results(args)
    classes = {split: read_labels(results.images, split) for split in SPLITS}
    rows = [score(results, run, classes[run.split]) for run in results.runs()]
    with replacing(args.out) as part, part.open("w", newline="") as file:
        table = csv.DictWriter(file, rows[0], lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


def score(results: Results, run: Run, classes: np.ndarray | None) -> dict:
    own = results.read_scores(run, run.space)
    with reading(results.clusters(run)) as file:
        n_samples = len(file["labels"])
        made = {
            "inertia": float(file.attrs["inertia"]),
            "n_iter": int(file.attrs["n_iter"]),
            "converged": bool(file.attrs["converged"]),
        }
    row = {
        "dataset": results.folder.name,
        "features": run.space.kind,
        "model_seed": run.space.model_seed,
        "split": run.split,
        "n_samples": n_samples,
        "n_features": int(own["n_features"]),
        "k": run.k,
        "seed": run.seed,
        **made,
        **{name: float(own[name]) for name in INDICES if name in own},
    }
    if classes is not None:
        row |= agreement(contingency(classes, read_clusters(results.clusters(run), n_samples)))
    by_kind = {}
    for space in results.scored_in(run.space) if results.spaces else []:
        by_kind.setdefault(space.kind, []).append(results.read_scores(run, space))
    for kind in dict.fromkeys(space.kind for space in results.spaces):
        for name in ("silhouette", "dunn"):
            if name in own:
                row[f"{name}_in_{kind}"] = float(np.mean([scores[name] for scores in by_kind[kind]]))
    return row


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="gather", description=__doc__)
    Results.add_arguments(parser)
    parser.add_argument("--out", type=Path, required=True)
    run(main, parser)
