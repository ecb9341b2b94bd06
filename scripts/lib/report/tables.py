"""The tables of the report, and how they show names and numbers."""

import math

import pandas as pd

from lib.evaluation.choose_k import elbow, gap_choice
from lib.evaluation.comparison import MEASURES, parse_metric
from lib.report.conclusion import conclude, repetitions

NAMES = MEASURES | {
    "inertia": "inertia",
    "relative_inertia": "inertia, as a share of that at the smallest k",
    "silhouette_lower": "silhouette, lower bound",
    "silhouette_upper": "silhouette, upper bound",
    "dunn": "Dunn's index",
    "stability": "stability between seeds",
    "stability_of_models": "stability between models",
    "gap": "gap statistic",
    "gap_standard_error": "gap statistic, standard error",
    "n_clusters": "number of clusters",
    "n_noise": "images in no cluster",
}


def conclusions(comparison: pd.DataFrame, k: int) -> list[dict]:
    """The conclusion for each split and each pair of feature spaces, with what the report shows beside it.

    Parameters
    ----------
    comparison
        comparison.csv.
    k
        The number of clusters that the reasons are about.

    Returns
    -------
    For each pair: `split`; the kinds of features `a` and `b`; `repetitions` in words; `rows` of the table at k;
    `verdicts` as of `verdicts_by_k`; `question`, `answer` and `reasons` as of `conclude`.

    Examples
    --------
    >>> row = {"split": "test", "k": 10, "metric": "accuracy", "comparable": "yes", "decisive": "no"}
    >>> row |= {"features_a": "pixels", "features_b": "pca", "mean_a": 0.1, "mean_b": 0.3, "difference": 0.2}
    >>> row |= {"lower": 0.1, "upper": 0.3, "verdict": "pca higher", "n_seeds": 5}
    >>> row |= {"n_models_a": 0, "n_models_b": 0}
    >>> conclusions(pd.DataFrame([row]), k=10)[0]["answer"]
    'Not known: nothing was measured by which pixels and pca can be compared.'
    """
    return [
        {
            "split": split,
            "repetitions": repetitions(rows),
            "a": a,
            "b": b,
            "rows": rows[rows["k"] == k],
            "verdicts": verdicts_by_k(rows),
            **conclude(rows, k)._asdict(),
        }
        for (split, a, b), rows in comparison.groupby(["split", "features_a", "features_b"], sort=False)
    ]


def scores_at(summary: pd.DataFrame, k: int) -> pd.DataFrame:
    """The scores for one number of clusters, and those of clusterings that were made elsewhere.

    Parameters
    ----------
    summary
        summary.csv. The latter have no k there.

    Returns
    -------
    A row for each metric, and a column for each feature space and split, like "pixels, test". A cell is a dict of
    `n`, `mean` and `std`, or NaN where there is no such score.

    Examples
    --------
    >>> row = {"features": "pixels", "split": "test", "k": 10, "metric": "dunn", "n": 5, "mean": 0.2, "std": 0.1}
    >>> scores_at(pd.DataFrame([row]), k=10).loc["dunn", "pixels, test"]["mean"]
    0.2
    """
    at_k = (summary["k"] == k) | summary["k"].isna()
    rows = summary[at_k & ~summary["metric"].isin(["gap_standard_error", "relative_inertia"])]
    cells = pd.Series(
        rows[["n", "mean", "std"]].to_dict("records"),
        pd.MultiIndex.from_arrays([rows["metric"], rows["features"] + ", " + rows["split"]]),
    )
    table = cells.unstack()
    return table.loc[rows["metric"].unique(), cells.index.get_level_values(1).unique()]


def verdicts_by_k(rows: pd.DataFrame) -> pd.DataFrame:
    """The verdicts on two feature spaces: a row for each metric that compares them, and a column for each k.

    Parameters
    ----------
    rows
        Of comparison.csv, for one split and pair of feature spaces.

    Examples
    --------
    >>> row = {"k": 10, "metric": "accuracy", "comparable": "yes", "verdict": "pca higher"}
    >>> verdicts_by_k(pd.DataFrame([row])).loc["accuracy", 10]
    'pca higher'
    """
    comparable = rows[rows["comparable"] == "yes"]
    return comparable.pivot(index="metric", columns="k", values="verdict").loc[comparable["metric"].unique()]


def choices_of_k(summary: pd.DataFrame) -> list[dict]:
    """The number of clusters that each rule of thumb chooses.

    Parameters
    ----------
    summary
        summary.csv.

    Returns
    -------
    For each feature space and split: `features`, `split`, and by rule the k that it chooses, or None: `silhouette`
    and `dunn` where these are highest, `elbow` of the inertia, and `gap` if there is a gap statistic.

    Examples
    --------
    >>> inertias = pd.DataFrame({"k": [1, 2, 3, 4], "mean": [1, 0.2, 0.15, 0.1]})
    >>> inertias[["features", "split", "metric"]] = "pixels", "test", "relative_inertia"
    >>> choices_of_k(inertias)
    [{'features': 'pixels', 'split': 'test', 'silhouette': None, 'dunn': None, 'elbow': 2}]
    """
    found = []
    for (features, split), rows in summary.dropna(subset="k").groupby(["features", "split"], sort=False):
        means = rows.pivot(index="k", columns="metric", values="mean").sort_index()
        choice = {"features": features, "split": split}
        for metric in ("silhouette", "dunn"):
            known = means.get(metric, pd.Series(dtype=float)).dropna()
            choice[metric] = known.idxmax() if len(known) else None
        choice["elbow"] = elbow(means.index, means["relative_inertia"])
        if "gap" in means:
            choice["gap"] = gap_choice(means.index, means["gap"], means["gap_standard_error"])
        found.append(choice)
    return found


def metric_name(metric: str) -> str:
    """A metric in words.

    Examples
    --------
    >>> metric_name("dunn_in_pixels")
    "Dunn's index in pixels space"
    """
    score, space, column = parse_metric(metric)
    name = NAMES.get(score, score)
    return f"{name} in {space} space" if space else f"{name} with {column}" if column else name


def format_number(value: float, digits: int | None = None) -> str:
    """A number as people read it; a dash for NaN.

    Parameters
    ----------
    digits
        After the decimal point; None: as of `decimal_digits`.

    Examples
    --------
    >>> format_number(0.123456), format_number(12345.6)
    ('0.1235', '12,346')
    """
    if math.isnan(value):
        return "\N{EN DASH}"
    return f"{value:,.{decimal_digits(value) if digits is None else digits}f}".replace("-", "\N{MINUS SIGN}")


def decimal_digits(value: float) -> int:
    """How many digits after the decimal point suit the size of a number.

    Examples
    --------
    >>> decimal_digits(0.5), decimal_digits(500), decimal_digits(5000)
    (4, 1, 0)
    """
    return 0 if abs(value) >= 1000 else 1 if abs(value) >= 100 else 4
