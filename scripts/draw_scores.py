"""Draw all scores against the number of clusters."""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.ticker import MaxNLocator

from lib.base.cli import run_script
from lib.evaluation.choose_k import elbow, gap_choice
from lib.evaluation.comparison import parse_metric
from lib.report import figures
from lib.report.labels import truncate

NAMES = {
    "silhouette": "silhouette",
    "dunn": "Dunn's index",
    "adjusted_rand": "adjusted Rand index\nof clusters and classes",
    "normalized_mutual_info": "normalised mutual information\nof clusters and classes",
    "accuracy": "accuracy\nof clusters as classes",
    "stability": "stability: adjusted Rand index\nbetween seeds",
    "stability_of_models": "stability: adjusted Rand index\nbetween models",
}
OWN = ("silhouette", "dunn")  # measured in each feature space by itself
# Another score shows the first ones, and the last say what a clustering that was made elsewhere is.
NOT_SHOWN = ("inertia", "gap_standard_error", "silhouette_lower", "silhouette_upper", "n_clusters", "n_noise")
WITHOUT_ZERO = ("relative_inertia", "gap")  # for all others 0 means something, and is in the panel
N_COLUMNS = 3

Series = tuple[str, str]  # features and split: a line in each panel


def main(args: argparse.Namespace) -> None:
    """Write the figure."""
    figures.save(plot_scores(pd.read_csv(args.summary)), args.out)


def plot_scores(summary: pd.DataFrame) -> plt.Figure:
    """A panel for each score in summary.csv; feature spaces by colour and marker, splits by kind of line."""
    ks = sorted(summary["k"].dropna().astype(int).unique())
    all_curves = curves(summary)
    metrics = list(dict.fromkeys(metric for metric, _, _ in all_curves))
    styles = styles_of(list(dict.fromkeys((features, split) for _, features, split in all_curves)))
    n_rows = -(-len(metrics) // N_COLUMNS)
    height = 2 if len(ks) > 1 else 0.8 + 0.25 * len(styles)
    figure, axes = plt.subplots(
        n_rows, N_COLUMNS, figsize=(figures.WIDTH, 0.6 + height * n_rows), layout="constrained", squeeze=False
    )
    for axis in axes.flat[len(metrics) :]:
        axis.axis("off")
    for number, (metric, axis) in enumerate(zip(metrics, axes.flat, strict=False)):
        axis.set_title(title(metric, ks))
        panel = {series: all_curves[metric, *series] for series in styles if (metric, *series) in all_curves}
        if len(ks) > 1:
            plot_lines(axis, metric, panel, styles)
        else:
            plot_points(axis, panel, styles)
            axis.set_yticks(range(len(styles)), map(", ".join, styles) if number % N_COLUMNS == 0 else [])
        if not any(np.isfinite(curve["mean"]).any() for curve in panel.values()):
            axis.text(0.5, 0.5, "undefined", ha="center", va="center", transform=axis.transAxes)
    how = f"k = {ks[0]}; points: means over seeds; bars" if len(ks) == 1 else "lines: means over seeds; bands"
    if len(ks) > 1 and summary["k"].isna().any():
        how = f"dotted: made elsewhere, with numbers of clusters of their own; {how}"
    dataset = truncate(str(summary["dataset"].iloc[0]))
    of_gap = " (of the gap: standard error)" if "gap" in metrics else ""
    figure.suptitle(f"{dataset}; {how}: smallest to largest{of_gap}", fontsize=8)
    if len(ks) > 1:
        legend = {
            text: handle
            for axis in axes.flat
            for handle, text in zip(*axis.get_legend_handles_labels(), strict=True)
        }
        order = sorted(legend, key=[", ".join(series) for series in styles].index)
        figure.legend([legend[text] for text in order], order, loc="outside lower center", ncols=4)
    return figure


def curves(summary: pd.DataFrame) -> dict[tuple[str, str, str], pd.DataFrame]:
    """For each metric, features and split, a table of mean, min and max by k.

    Of clusterings that were made elsewhere the table has one row, whose k is NaN.

    Around the gap statistic, min and max are one standard error away. Infinite values are NaN.
    """
    summary = summary.replace([np.inf, -np.inf], np.nan).sort_values("k", kind="stable")
    tables = {
        key: rows.set_index("k")[["mean", "min", "max"]]
        for key, rows in summary.groupby(["metric", "features", "split"], sort=False)
    }
    for (metric, *series), curve in tables.items():
        if metric == "gap":
            error = tables["gap_standard_error", *series]["mean"]
            curve["min"], curve["max"] = curve["mean"] - error, curve["mean"] + error
    return {key: curve for key, curve in tables.items() if key[0] not in NOT_SHOWN}


def title(metric: str, ks: list[int]) -> str:
    """The title of a panel: the score, the space that it is measured in, and what a ring marks."""
    score, space, column = parse_metric(metric)
    if metric == "relative_inertia":
        return f"inertia, as a share of\nits mean at k = {ks[0]}" + (" (ring: elbow)" if len(ks) > 2 else "")
    if metric == "gap":
        return "gap statistic" + ("\n(ring: Tibshirani's choice)" if len(ks) > 1 else "")
    if metric in OWN:
        return f"{NAMES[metric]} in its own space\n(spaces not comparable)"
    if score in OWN and space:
        return f"{NAMES[score]}\nin the {space} space"
    if column:
        return NAMES[score].replace("classes", truncate(column))
    return NAMES.get(metric, metric)


def plot_lines(axis: plt.Axes, metric: str, panel: dict[Series, pd.DataFrame], styles: dict[Series, dict]) -> None:
    """Means against k, in bands from the smallest to the largest value; a ring marks a rule of thumb's choice."""
    for number, (series, curve) in enumerate(panel.items()):
        style = styles[series]
        if curve.index.isna().all():  # made elsewhere: the same whatever k is
            mean, low, high = curve.iloc[0]
            axis.axhline(mean, label=", ".join(series), color=style["color"], ls=":", lw=1.5)
            axis.axhspan(low, high, color=style["color"], alpha=0.2, lw=0)
            continue
        axis.plot(curve.index, curve["mean"], label=", ".join(series), **style)
        axis.fill_between(curve.index, curve["min"], curve["max"], color=style["color"], alpha=0.2, lw=0)
        choice = None
        if metric == "relative_inertia":
            choice = elbow(curve.index, curve["mean"])
        elif metric == "gap":
            choice = gap_choice(curve.index, curve["mean"], curve["max"] - curve["mean"])
        if choice:
            at = choice, curve["mean"][choice]
            axis.plot(*at, "o", ms=9, mfc="none", color=style["color"])
            axis.annotate(
                f"k = {choice}",
                at,
                (4, -11 if number % 2 else 5),
                textcoords="offset points",
                color=style["color"],
            )
    axis.set_xlabel("k")
    axis.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    if metric not in WITHOUT_ZERO:
        low, high = axis.get_ylim()
        axis.set_ylim(min(0, low), max(0, high))


def plot_points(axis: plt.Axes, panel: dict[Series, pd.DataFrame], styles: dict[Series, dict]) -> None:
    """Means for one k as points, a row for each series, with bars from the smallest to the largest value."""
    for row, (series, style) in enumerate(styles.items()):
        if series in panel:
            mean, low, high = panel[series].iloc[0]
            # The mean of equal values may be rounded past them.
            lengths = np.maximum(0, [[mean - low], [high - mean]])
            axis.errorbar(mean, row, xerr=lengths, capsize=2, **style)
            if np.isfinite(mean):
                axis.annotate(f"{mean:#.3g}", (mean, row), (0, 5), textcoords="offset points", ha="center")
    axis.set_ylim(len(styles) - 0.5, -0.7)
    axis.margins(x=0.15)
    axis.xaxis.set_major_locator(MaxNLocator(4))


def styles_of(all_series: list[Series]) -> dict[Series, dict]:
    """Arguments of Matplotlib for each series: colour and marker by features, line and fill by split."""
    kinds = list(dict.fromkeys(features for features, _ in all_series))
    splits = list(dict.fromkeys(split for _, split in all_series))
    styles = {}
    for features, split in all_series:
        colour, marker = figures.STYLES[kinds.index(features) % len(figures.STYLES)]
        is_first = split == splits[0]
        styles[features, split] = {
            "color": colour,
            "marker": marker,
            "mfc": colour if is_first else "white",
            "ls": "-" if is_first else "--",
            "ms": 3.5,
            "lw": 1,
        }
    return styles


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="draw_scores", description=__doc__)
    parser.add_argument("--summary", type=Path, required=True, help="summary.csv")
    parser.add_argument("--out", type=Path, required=True, help="to write, .png")
    run_script(main, parser)
