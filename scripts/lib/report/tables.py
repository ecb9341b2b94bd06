"""The tables of the report, and how their names and numbers are written."""

import math

import pandas as pd

from lib.evaluation.choose_k import elbow, gap_choice
from lib.report.conclusion import AGREEMENT, conclude, repetitions

NAMES = AGREEMENT | {
    "inertia": "inertia",
    "relative_inertia": "inertia, as a share of that at the smallest k",
    "silhouette": "silhouette",
    "silhouette_lower": "silhouette, lower bound",
    "silhouette_upper": "silhouette, upper bound",
    "dunn": "Dunn's index",
    "stability": "stability between seeds",
    "stability_of_models": "stability between models",
    "gap": "gap statistic",
    "gap_standard_error": "gap statistic, standard error",
}


def conclusions(comparison: pd.DataFrame, k: int) -> list[dict]:
    """What follows for each split and each two feature spaces."""
    return [
        {
            "split": split,
            "repetitions": repetitions(rows),
            "a": a,
            "b": b,
            "is_other": a != comparison["features_a"].iloc[0],
            "rows": rows[rows["k"] == k],
            "verdicts": verdicts_by_k(rows),
            **conclude(rows, a, b, k)._asdict(),
        }
        for (split, a, b), rows in comparison.groupby(["split", "features_a", "features_b"], sort=False)
    ]


def scores_at(summary: pd.DataFrame, k: int) -> pd.DataFrame:
    """For one number of clusters, the summary of each metric (rows) in each feature space and split (columns)."""
    rows = summary[(summary["k"] == k) & ~summary["metric"].isin(["gap_standard_error", "relative_inertia"])]
    cells = pd.Series(
        rows[["n", "mean", "std"]].to_dict("records"),
        pd.MultiIndex.from_arrays([rows["metric"], rows["features"] + ", " + rows["split"]]),
    )
    table = cells.unstack()
    return table.loc[rows["metric"].unique(), cells.index.get_level_values(1).unique()]


def verdicts_by_k(rows: pd.DataFrame) -> pd.DataFrame:
    """The verdicts of fair comparisons of two feature spaces, a metric in each row and a k in each column."""
    fair = rows[rows["comparable"] == "yes"]
    return fair.pivot(index="metric", columns="k", values="verdict").loc[fair["metric"].unique()]


def choices(summary: pd.DataFrame) -> list[dict]:
    """The number of clusters that each rule of thumb would choose."""
    found = []
    for (features, split), rows in summary.groupby(["features", "split"], sort=False):
        means = rows.pivot(index="k", columns="metric", values="mean").sort_index()
        choice = {"features": features, "split": split}
        for metric in ("silhouette", "dunn"):
            known = means[metric].dropna() if metric in means else []
            choice[metric] = known.idxmax() if len(known) else None
        choice["elbow"] = elbow(means.index, means["relative_inertia"])
        if "gap" in means:
            choice["gap"] = gap_choice(means.index, means["gap"], means["gap_standard_error"])
        found.append(choice)
    return found


def name_of(metric: str) -> str:
    """A metric as words."""
    score, _, space = metric.partition("_in_")
    return f"{NAMES[score]} in {space} space" if space else NAMES.get(metric, metric)


def number(value: float, digits: int | None = None) -> str:
    """A number to be read: with so many digits after the point, or as many as suit its size."""
    if math.isnan(value):
        return "\N{EN DASH}"
    return f"{value:,.{digits_of(value) if digits is None else digits}f}".replace("-", "\N{MINUS SIGN}")


def digits_of(value: float) -> int:
    """How many digits after the point suit a number's size."""
    return 0 if abs(value) >= 1000 else 1 if abs(value) >= 100 else 4
