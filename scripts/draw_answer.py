"""Draw the answer: the differences that decide, with their intervals."""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt

from lib.base.cli import run_script
from lib.evaluation.answer import decimals
from lib.evaluation.comparison import MEASURES, parse_metric
from lib.report import figures
from lib.report.labels import use_fonts_for

# Of side b higher, of side a higher, of no difference found, and of all else; they can be told apart in print.
STYLES = {
    "b": (figures.COLOURS[0], "o"),
    "a": (figures.COLOURS[1], "s"),
    "none": ("#444444", "D"),
    "?": ("#888888", "x"),
}
NARROW = 4.5  # inches: its text is large enough on a phone
MAX_COLUMNS, MANY_K = 2, 10  # charts against k side by side; so many k fit a narrow one


def main(args: argparse.Namespace) -> None:
    table = pd.read_csv(args.comparison)
    use_fonts_for("".join(map(str, pd.unique(table[["features_a", "features_b"]].to_numpy().ravel()))))
    figures.save(plot_answer(table[table["decisive"] == "yes"], args.negligible), args.out)


def plot_answer(rows: pd.DataFrame, negligible: float) -> plt.Figure:
    """The differences that decide: a line for each pair of feature spaces, or a chart if there are several k.

    Parameters
    ----------
    rows
        Those of comparison.csv that decide.
    negligible
        Half of the width of the zone of differences that do not matter.
    """
    if rows.empty:
        return figures.message("Nothing was measured by which feature spaces can be compared.")
    return plot_forest(rows, negligible) if rows["k"].nunique() == 1 else plot_against_k(rows, negligible)


def plot_forest(rows: pd.DataFrame, negligible: float) -> plt.Figure:
    """A line for each pair of feature spaces: the difference, and its interval. Above it, what it is about."""
    figure, axes = plt.subplots(figsize=(NARROW, 0.9 + 0.5 * len(rows)), layout="constrained")
    for place, (_, row) in enumerate(rows.iterrows()):
        beside = [place - 0.2, place + 0.3]  # the words above it are in the clear
        axes.fill_betweenx(beside, -negligible, negligible, color="#e8e8e8", linewidth=0, zorder=0)
        axes.plot([0, 0], beside, color="black", linewidth=0.8)
        colour, marker = STYLES[side_of(row)]
        if row["lower"] <= row["upper"]:
            axes.plot([row["lower"], row["upper"]], [place, place], color=colour, linewidth=2)
        axes.plot(row["difference"], place, marker, color=colour)
        for text, side, ha in ((label_of(row), 0, "left"), (numbers_of(row), 1, "right")):
            axes.text(side, place - 0.4, text, transform=axes.get_yaxis_transform(), ha=ha, va="center")
    axes.set_yticks([])
    axes.set_ylim(len(rows) - 0.6, -0.8)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(f"difference in the {measure_of(rows)}\nto the right, the first named is higher")
    return figure


def plot_against_k(rows: pd.DataFrame, negligible: float) -> plt.Figure:
    """A chart for each pair of feature spaces: the differences and their intervals against k."""
    pairs = list(rows.groupby(["split", "features_a", "features_b", "metric"], sort=False))
    n_columns = min(len(pairs), MAX_COLUMNS)
    n_lines = -(-len(pairs) // n_columns)
    width = NARROW if n_columns == 1 and rows["k"].nunique() <= MANY_K else figures.WIDTH
    figure, grid = plt.subplots(
        n_lines,
        n_columns,
        figsize=(width, 0.4 + 1.9 * n_lines),
        squeeze=False,
        sharey=True,
        layout="constrained",
    )
    for axes in grid.flat[len(pairs) :]:
        axes.remove()
    for axes, (_, of_pair) in zip(grid.flat, pairs, strict=False):
        axes.axhspan(-negligible, negligible, color="#e8e8e8", zorder=0)
        axes.axhline(0, color="black", linewidth=0.8)
        for place, (_, row) in enumerate(of_pair.iterrows()):
            colour, marker = STYLES[side_of(row)]
            if row["lower"] <= row["upper"]:
                axes.plot([place, place], [row["lower"], row["upper"]], color=colour, linewidth=2)
            axes.plot(place, row["difference"], marker, color=colour, markersize=4)
        axes.set_xticks(range(len(of_pair)), of_pair["k"])
        axes.set_xlabel("k")
        axes.set_title(label_of(of_pair.iloc[0]))
    figure.supylabel(f"difference in the {measure_of(rows)}", fontsize=8)
    return figure


def side_of(row: pd.Series) -> str:
    """Which side is higher, "a" or "b"; "none" if no difference was found; else "?"."""
    verdicts = {
        f"{row['features_b']} higher": "b",
        f"{row['features_a']} higher": "a",
        "no difference found": "none",
    }
    return verdicts.get(row["verdict"], "?")


def label_of(row: pd.Series) -> str:
    """Which two feature spaces a row is about, and in the distances of which."""
    space = parse_metric(row["metric"]).space
    return f"{row['features_b']} against {row['features_a']}" + (f", in {space}" if space else "")


def measure_of(rows: pd.DataFrame) -> str:
    """The measure that decides, in words."""
    return " or ".join(dict.fromkeys(MEASURES[parse_metric(metric).score] for metric in rows["metric"]))


def numbers_of(row: pd.Series) -> str:
    """The difference with its interval, in the digits that this deserves."""
    digits = decimals(row["upper"] - row["lower"])
    text = f"{row['difference']:+.{digits}f} "
    text += (
        "(not known)" if np.isnan(row["lower"]) else f"[{row['lower']:+.{digits}f}, {row['upper']:+.{digits}f}]"
    )
    return text.replace("-", "\N{MINUS SIGN}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="draw_answer", description=__doc__)
    parser.add_argument("--comparison", type=Path, required=True, help="comparison.csv, which compare.py writes")
    parser.add_argument("--negligible", type=float, required=True, help="differences of this size do not matter")
    parser.add_argument("--out", type=Path, required=True, help="to write, .png")
    run_script(main, parser)
