"""Put the feature spaces side by side: a table to read and a figure."""

import argparse
import logging
from pathlib import Path

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.ticker import MaxNLocator

from lib import figures
from lib.cli import replacing, run

OWN = {"silhouette": "silhouette", "dunn": "Dunn"}  # measured in each feature space of its own
COMMON = {"adjusted_rand": "adjusted Rand", "normalized_mutual_info": "NMI", "accuracy": "accuracy"}
NOTE = """
Silhouette and Dunn are measured in each feature space by itself, so they do not compare feature spaces."""
NOTE_ESTIMATED = """
Silhouettes are estimated from some images of each cluster; metrics.csv has the 95 % confidence interval of each.
Dunn's index cannot be estimated."""
NOTE_CLASSES = """
Adjusted Rand, NMI and accuracy measure agreement with the classes, so they do."""


def main(args: argparse.Namespace) -> None:
    table = pd.read_csv(args.metrics)
    scores = [name for name in (OWN | COMMON) if name in table]
    text = "\n".join(
        [
            f"{args.metrics}: mean and standard deviation over seeds",
            "",
            summary(table, scores).to_string(index=False, col_space=8),
            NOTE + NOTE_CLASSES * ("accuracy" in table) + NOTE_ESTIMATED * ("silhouette_lower" in table),
        ]
    )
    for line in text.splitlines():
        logging.info(line)
    with replacing(args.table) as part:
        part.write_text(text + "\n")
    figures.save(draw(table, scores), args.figure)


def summary(table: pd.DataFrame, scores: list[str]) -> pd.DataFrame:
    """A row for each feature space, split and k: "mean ± standard deviation" of each score."""
    table = table.rename(columns={"n_samples": "images"})
    groups = table.groupby(["features", "split", "images", "k"], sort=False)
    rows = groups[scores].agg(["mean", "std"])
    cells = {
        (OWN | COMMON)[name]: [
            "undefined" if pd.isna(mean) else f"{mean:.4f}" + (f" ± {std:.4f}" if pd.notna(std) else "")
            for mean, std in zip(rows[name, "mean"], rows[name, "std"], strict=True)
        ]
        for name in scores
    }
    index = rows.index.to_frame(index=False).assign(seeds=groups.size().to_numpy())
    return index.assign(**cells)


def draw(table: pd.DataFrame, scores: list[str]) -> plt.Figure:
    """Every clustering as a point and their mean over seeds as a line, by score."""
    figure, axes = plt.subplots(1, len(scores), figsize=(2.6 * len(scores), 3.2), layout="constrained")
    groups = list(table.groupby(["features", "split"], sort=False))
    several_k = table["k"].nunique() > 1
    for axis, score in zip(axes, scores, strict=True):
        for position, ((features, split), group) in enumerate(groups):
            colour, marker = figures.STYLES[position % len(figures.STYLES)]
            if several_k:
                x = group["k"] + 0.1 * (position - (len(groups) - 1) / 2)
                axis.plot(group.groupby("k")[score].mean(), color=colour)
            else:
                x = position + 0.15 * (group["seed"].rank() / len(group) - 0.5)
                axis.hlines(group[score].mean(), position - 0.25, position + 0.25, color=colour)
            axis.plot(x, group[score], marker, color=colour, alpha=0.6, label=f"{features}, {split}")
        axis.set_title((OWN | COMMON)[score] + ("\n(own space)" if score in OWN else "\n(against classes)"))
        axis.spines[["top", "right"]].set_visible(False)
        axis.set_ylim(min(0, axis.get_ylim()[0]), 1.05 * axis.get_ylim()[1])
        if several_k:
            axis.set_xlabel("k")
            axis.xaxis.set_major_locator(MaxNLocator(integer=True))
            if table["k"].nunique() <= 6:
                axis.set_xticks(sorted(set(table["k"])))
        else:
            axis.set_xlim(-0.7, len(groups) - 0.3)
            axis.set_xticks([])
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(groups), frameon=False)
    return figure


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="compare", description=__doc__)
    parser.add_argument("--metrics", type=Path, required=True)
    parser.add_argument("--table", type=Path, required=True, help="to write, .txt")
    parser.add_argument("--figure", type=Path, required=True, help="to write, .png")
    run(main, parser)
