"""Compare the feature spaces: differences between their scores with 95 % intervals, and what follows.

Images, seeds and models are drawn again, with replacement: each draw gives the differences anew (a paired
bootstrap). The clusterings are not made anew.
"""

import argparse
import itertools
import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from lib.agreement import agreement, contingency
from lib.bootstrap import draws_of_samples
from lib.cli import replacing, run
from lib.comparison import Difference, difference, verdict
from lib.conclusion import conclude, ranking, repetitions
from lib.results import Results, Run, Space
from lib.storage import count_images, read_clusters, read_labels

COLUMNS = ["dataset", "split", "k", "metric", "features_a", "features_b", *Difference._fields]
COLUMNS += ["n_seeds", "n_models_a", "n_models_b", "comparable", "verdict"]
INDICES = ("silhouette", "dunn")  # of clusterings in two spaces of their own: on two scales


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
        draws = draws_of_samples(count_images(results.images, split), args.replicates, seed=0)
        for k in results.n_clusters:
            for metric, a, b, values in pairs(results, split, k, models, draws):
                found = difference(*values, args.replicates)
                comparable = metric not in INDICES
                row = [results.folder.name, split, k, metric, a, b, *found]
                row += [len(results.seeds), *(len(results.model_seeds.get(kind, ())) for kind in (a, b))]
                rows.append([*row, "yes" if comparable else "no", verdict(a, b, found, comparable)])
            logging.info("%s, k = %d: compared", split, k)
    table = pd.DataFrame(rows, columns=COLUMNS)
    with replacing(args.table) as part:
        table.to_csv(part, index=False)
    with replacing(args.text) as part:
        part.write_text(describe(table, args.shown_k) + remarks(results))


def pairs(results: Results, split: str, k: int, models: dict[str, list[Space]], draws: list) -> Iterator:
    """Each score of each two kinds of features: its name, the kinds, and both arrays as for `difference`."""
    runs = {
        kind: [[Run(space, split, k, seed) for seed in results.seeds] for space in models[kind]] for kind in models
    }
    classes = read_labels(results.images, split)
    if classes is not None:
        agreements = {kind: agreements_of(results, runs[kind], classes, draws) for kind in models}
    indices = {
        (made_in, scored_in): indices_of(results, runs[made_in], models[scored_in], draws)
        for made_in in models
        for scored_in in models
        if results.spaces or made_in == scored_in
    }
    for a, b in itertools.combinations(models, 2):
        if classes is not None:
            for metric in agreements[a]:
                yield metric, a, b, (agreements[a][metric][:, None], agreements[b][metric][None])
        for index in indices[a, a]:
            yield index, a, b, (indices[a, a][index], indices[b, b][index].swapaxes(0, 1))
        for space in models if results.spaces else []:
            for index in indices[a, space]:
                of_a, of_b = indices[a, space][index], indices[b, space][index].swapaxes(0, 1)
                if space not in (a, b):
                    of_a, of_b = of_a.mean(axis=1, keepdims=True), of_b.mean(axis=0, keepdims=True)
                yield f"{index}_in_{space}", a, b, (of_a, of_b)


def agreements_of(results: Results, runs: list[list[Run]], classes: np.ndarray, draws: list) -> dict:
    """Agreement with the classes: (n_models, n_seeds, 1 + n_replicates) for each measure."""
    labels = [[read_clusters(results.clusters(run), len(classes)) for run in line] for line in runs]
    found = [[[agreement(contingency(classes, x)[None])] for x in line] for line in labels]
    for weights in draws:
        for line, parts in zip(labels, found, strict=True):
            for x, part in zip(line, parts, strict=True):
                part.append(agreement(contingency(classes, x, weights.astype(np.float32))))
    return {
        metric: np.array([[np.concatenate([part[metric] for part in parts]) for parts in line] for line in found])
        for metric in found[0][0][0]
    }


def indices_of(results: Results, runs: list[list[Run]], spaces: list[Space], draws: list) -> dict:
    """Validity indices in some spaces: (n_models, n_spaces, n_seeds, 1 + n_replicates) for each index.

    In its own kind of space, a clustering is scored in its own alone, and n_spaces is 1. Dunn's index has no
    replicates, as two pairs among all decide it; nor has a silhouette that was estimated.
    """
    scores = [
        [
            [results.read_scores(run, space) for run in line]
            for space in (spaces if line[0].space not in spaces else [line[0].space])
        ]
        for line in runs
    ]
    found = {
        index: np.array([[[[score[index]] for score in x] for x in line] for line in scores], float)
        for index in INDICES
        if index in scores[0][0][0]
    }
    if "silhouette_samples" in scores[0][0][0]:
        samples = np.array([[[score["silhouette_samples"] for score in x] for x in line] for line in scores])
        replicates = [samples @ weights.astype(np.float32) / samples.shape[-1] for weights in draws]
        found["silhouette"] = np.concatenate([found["silhouette"], *replicates], axis=-1)
    return found


def describe(table: pd.DataFrame, k: int) -> str:
    """What follows for one number of clusters, and from what, as text."""
    if table.empty:
        return "Nothing can be compared: no split is clustered in more than one feature space.\n"
    lines = []
    for split, rows in table.groupby("split", sort=False):
        if rows.groupby(["features_a", "features_b"]).ngroups > 1 and (text := ranking(rows, k)):
            lines += [f"{split} images, k = {k}", "", text, ""]
    first = table["features_a"].iloc[0]
    for (split, a, b), rows in table.groupby(["split", "features_a", "features_b"], sort=False):
        group = rows[rows["k"] == k]
        lines += [f"{split} images, k = {k}, {repetitions(group)}; {b} against {a}", ""]
        lines += [conclude(rows, a, b, k).answer, ""]
        if a != first:
            lines += ["(Its numbers are in comparison.csv.)", ""]
            continue
        cells = pd.DataFrame(
            {
                "": group["metric"],
                a: group["mean_a"].map("{:.4f}".format),
                b: group["mean_b"].map("{:.4f}".format),
                "difference [95 % interval]": [
                    f"{d:+.4f} [{lower:+.4f}, {upper:+.4f}]"
                    for d, lower, upper in zip(group["difference"], group["lower"], group["upper"], strict=True)
                ],
                "verdict": group["verdict"],
            }
        )
        lines += [cells.to_string(index=False), ""]
    return "\n".join(lines) + "\n"


def remarks(results: Results) -> str:
    """What is easily misread in the comparisons."""
    text = "Silhouette and dunn are measured in each feature space by itself and do not compare feature spaces.\n"
    if results.spaces:
        text += "A common space (..._in_...) favours clusters made in it: what is higher in all of them counts.\n"
    if once := [kind for kind, seeds in results.model_seeds.items() if len(seeds) == 1]:
        text += f"Only one model was learnt of {', '.join(once)}; no interval says how much others would differ.\n"
    return text


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="compare", description=__doc__)
    Results.add_arguments(parser)
    parser.add_argument("--replicates", type=int, default=1000, help="draws for the intervals")
    parser.add_argument("--shown-k", type=int, required=True, help="number of clusters to describe")
    parser.add_argument("--table", type=Path, required=True, help="to write, .csv")
    parser.add_argument("--text", type=Path, required=True, help="to write, .txt")
    run(main, parser)
