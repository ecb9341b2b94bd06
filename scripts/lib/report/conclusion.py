"""The comparison of feature spaces in words: who is better, by which numbers, and how sure that is."""

from typing import NamedTuple

import pandas as pd

from lib.evaluation.answer import IN_SPACE, answer, decimals, is_fixed, what_would_help
from lib.evaluation.comparison import MEASURES, OWN_SPACE, parse_metric
from lib.report.matrix import MANY, NOT_COMPARED, matrix


class Conclusion(NamedTuple):
    """What follows from the comparison of two feature spaces."""

    question: str
    answer: str  # a sentence or two
    reasons: list[str]  # sentences with the numbers


def conclude(rows: pd.DataFrame, k: int) -> Conclusion:
    """Say whether clusters made in one feature space are better than those made in another.

    Parameters
    ----------
    rows
        Of comparison.csv, for one split and two kinds of features, for all numbers of clusters. The answer is
        about all of them.
    k
        The number of clusters that the reasons are about.

    Examples
    --------
    >>> row = {"k": 10, "metric": "accuracy", "features_a": "pixels", "features_b": "pca", "decisive": "yes"}
    >>> row |= {"mean_a": 0.2, "mean_b": 0.5, "difference": 0.3, "lower": 0.091, "upper": 0.509, "at_most": 0.47}
    >>> row |= {"variance_of_images": 0.01, "variance_of_seeds": 0, "variance_of_models_a": 0, "comparable": "yes"}
    >>> row |= {"variance_of_models_b": 0, "n_splits": 20, "n_seeds": 10, "n_models_a": 0, "n_models_b": 0}
    >>> found = conclude(pd.DataFrame([row | {"verdict": "pca higher"}]), k=10)
    >>> found.answer
    'Yes: pca clusters better than pixels. Its accuracy is higher by 0.30 (95 % interval 0.09 to 0.51).'
    >>> found.reasons[0]  # doctest: +ELLIPSIS
    'Of the variance, 100 % comes from the data. More data would narrow the interval; ...'
    """
    at_k = rows[(rows["k"] == k) & (rows["comparable"] == "yes") & rows["lower"].notna()]
    reasons = [what_would_help(rows), *(_numbers(row) for _, row in at_k.iterrows())]
    spaces = at_k[at_k["metric"].str.startswith(IN_SPACE)]
    if spaces["verdict"].nunique() > 1:
        reasons.append(
            "k-means makes clusters that are compact in the space it works in, so each space favours those made "
            "in it: to be higher in some spaces only decides nothing."
        )
    a, b = rows[["features_a", "features_b"]].iloc[0]
    question = f"Does {b} cluster better than {'k-means in ' if is_fixed(rows) else ''}{a}?"
    return Conclusion(question, answer(rows), [reason for reason in reasons if reason])


def _numbers(row: pd.Series) -> str:
    """The numbers of one metric as a sentence."""
    metric = parse_metric(row["metric"])
    name = f"the {MEASURES[metric.score]}" + (f" in the {metric.space} space" if metric.space else "")
    name += f" with {metric.column}" if metric.column else ""
    d = decimals(row["upper"] - row["lower"])
    text = (
        f"By {name}, {row['features_b']} has {row['mean_b']:.{d}f} and {row['features_a']} {row['mean_a']:.{d}f}; "
        f"difference {row['difference']:+.{d}f}, interval {row['lower']:+.{d}f} to {row['upper']:+.{d}f}: "
        f"{row['verdict']}"
    )
    if row["verdict"] == "no difference found":
        text += (
            f"; if there is one, it is below {row['at_most']:.{d}f}" if row["at_most"] > 0 else "; there is none"
        )
    return f"{text}."


def repetitions(table: pd.DataFrame) -> str:
    """How many seeds and models a comparison of two feature spaces rests on, in words.

    Parameters
    ----------
    table
        Rows of comparison.csv for one split and these two.

    Examples
    --------
    >>> row = {"n_seeds": 5, "features_a": "pixels", "n_models_a": 0, "features_b": "autoencoder", "n_models_b": 3}
    >>> repetitions(pd.DataFrame([row]))
    '5 seeds of k-means, 3 models of autoencoder, pixels as given'
    """
    counts = [(table["n_seeds"].iloc[0], "seed", "k-means")]
    counts += [(n, "model", kind) for kind, n in _models(table).items()]
    row = table.iloc[0]
    sides = "ab"
    if is_fixed(table):
        counts.append((int(row["n_runs"]), "run", row["features_b"]))
        sides = "a"
    given = [row[f"features_{side}"] for side in sides if not row[f"n_models_{side}"]]
    words = [f"{n} {what}{'' if n == 1 else 's'} of {name}" for n, what, name in counts]
    return ", ".join(words + ([f"{' and '.join(given)} as given"] if given else []))


def _models(table: pd.DataFrame) -> dict[str, int]:
    """The number of models of each of the two kinds of features that is learned from a seed."""
    row = table.iloc[0]
    return {row[f"features_{side}"]: row[f"n_models_{side}"] for side in "ab" if row[f"n_models_{side}"]}


def ranking(table: pd.DataFrame) -> str:
    """All kinds of features in the order of the measure that decides, as a sentence.

    Parameters
    ----------
    table
        Rows of comparison.csv for one split. Of several numbers of clusters, the mean counts.

    Returns
    -------
    "" where the silhouettes decide: each space has an order of its own.

    Examples
    --------
    >>> row = {"k": 10, "metric": "adjusted_rand", "decisive": "yes", "features_a": "pixels", "mean_a": 0.1}
    >>> row |= {"features_b": "pca", "mean_b": 0.3, "lower": 0.15, "upper": 0.25}
    >>> ranking(pd.DataFrame([row]))
    'By the adjusted Rand index with the classes: pca 0.300, pixels 0.100 (k = 10).'
    """
    rows = table[(table["decisive"] == "yes") & ~table["metric"].str.startswith(IN_SPACE)]
    if rows.empty:
        return ""
    sides = [
        rows[["k", f"features_{side}", f"mean_{side}"]].set_axis(["k", "features", "mean"], axis=1)
        for side in "ab"
    ]
    means = pd.concat(sides).drop_duplicates(["k", "features"]).groupby("features", sort=False)["mean"].mean()
    ranked = means.sort_values(ascending=False, kind="stable")
    digits = decimals((rows["upper"] - rows["lower"]).min())
    ks = rows["k"].unique()
    of_ks = f"k = {ks[0]}" if len(ks) == 1 else f"means over {len(ks)} k, {min(ks)} to {max(ks)}"
    words = ", ".join(f"{kind} {_minus(f'{mean:.{digits}f}')}" for kind, mean in ranked.items())
    return f"By the {MEASURES[rows['metric'].iloc[0]]} with the classes: {words} ({of_ks})."


def _minus(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}")


def describe(table: pd.DataFrame, k: int) -> str:
    """The answers and the numbers behind them, as text.

    Parameters
    ----------
    table
        comparison.csv.
    k
        The number of clusters of the numbers. The answers are about all of them.

    Returns
    -------
    Lines for each split and pair of kinds of features. Where there are many kinds, a table of each against each,
    and the answers without their numbers.

    Examples
    --------
    >>> describe(pd.DataFrame(), k=10)
    'Nothing can be compared: no split is clustered in more than one feature space.\\n'
    """
    if table.empty:
        return "Nothing can be compared: no split is clustered in more than one feature space.\n"
    lines = []
    is_many = {}
    for split, rows in table.groupby("split", sort=False):
        each = matrix(rows)
        is_many[split] = len(each.names) >= MANY
        if len(each.names) > 2 and (text := ranking(rows)):
            lines += [f"{split} data", "", text, ""]
        if is_many[split]:
            cells = {
                column: {row: each.cells.get((row, column), NOT_COMPARED).verdict for row in each.names}
                for column in each.names
            }
            lines += [each.headline, "", "Each row against each column:", pd.DataFrame(cells).to_string(), ""]
    for (split, a, b), rows in table.groupby(["split", "features_a", "features_b"], sort=False):
        found = conclude(rows, k)
        lines += [found.question, found.answer, *found.reasons[:1], ""]
        if is_many[split]:
            continue
        at_k = rows[rows["k"] == k]
        cells = pd.DataFrame(
            {
                f"{split} data, k = {k}": at_k["metric"],
                a: at_k["mean_a"].map("{:.4f}".format),
                b: at_k["mean_b"].map("{:.4f}".format),
                "difference [interval]": [
                    f"{difference:+.4f}" + (f" [{lower:+.4f}, {upper:+.4f}]" if lower <= upper else "")
                    for difference, lower, upper in zip(
                        at_k["difference"], at_k["lower"], at_k["upper"], strict=True
                    )
                ],
                "verdict": at_k["verdict"],
            }
        )
        lines += [cells.to_string(index=False), f"({repetitions(at_k)})", ""]
    return "\n".join(lines) + "\n"


def describe_alone(summary: pd.DataFrame, k: int) -> list[str]:
    """What the scores are of feature spaces that are not compared, as sentences.

    Parameters
    ----------
    summary
        summary.csv.
    k
        The number of clusters of the scores.

    Examples
    --------
    >>> row = {"features": "pixels", "split": "test", "k": 10, "metric": "silhouette", "n": 5}
    >>> row |= {"mean": 0.2, "std": 0.01, "min": 0.19, "max": 0.22}
    >>> print(*describe_alone(pd.DataFrame([row]), k=10), sep="\\n")
    pixels, test data, k = 10: 5 clusterings have a silhouette of 0.2000 (0.1900 to 0.2200).
    There is no other feature space of the same data to compare with.
    """
    lines = []
    for (features, split), rows in summary[summary["k"] == k].groupby(["features", "split"], sort=False):
        scores = rows[rows["metric"].isin(MEASURES)].sort_values(
            "metric", key=lambda names: names.map([*MEASURES].index)
        )
        words = [
            f"{_article(MEASURES[metric])} of {mean:.{d}f}"
            + (f" ({least:.{d}f} to {most:.{d}f})" if least < most else "")
            for metric, mean, least, most in zip(
                *(scores[name] for name in ("metric", "mean", "min", "max")), strict=True
            )
            for d in [decimals(most - least)]
        ]
        listed = " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
        n = scores["n"].max()
        have = "clustering has" if n == 1 else "clusterings have"
        lines.append(f"{features}, {split} data, k = {k}: {n} {have} {listed}.")
    return [*lines, "There is no other feature space of the same data to compare with."]


def _article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def decisive_measures(table: pd.DataFrame) -> str:
    """The measure that decides, in words; "" if none does. (It may not be the same without classes.)

    Parameters
    ----------
    table
        comparison.csv.

    Examples
    --------
    >>> decisive_measures(pd.DataFrame({"metric": ["accuracy", "dunn"], "decisive": ["yes", "no"]}))
    'accuracy'
    """
    metrics = table["metric"][table["decisive"] == "yes"].unique()
    return " or ".join(dict.fromkeys(MEASURES[parse_metric(metric).score] for metric in metrics))


def remarks(table: pd.DataFrame) -> str:
    """What is easily misread in the comparisons, as text.

    Parameters
    ----------
    table
        comparison.csv.

    Examples
    --------
    >>> row = {"metric": "accuracy", "decisive": "yes", "comparable": "yes", "k": 10}
    >>> print(remarks(pd.DataFrame([row])), end="")
    The accuracy decides: the settings chose it, not the results.
    The intervals are of 95 %, for data like these, new seeds, new models and clusterings made anew.
    """
    if table.empty:
        return ""
    lines = []
    if decisive := decisive_measures(table):
        lines.append(f"The {decisive} decides: the settings chose it, not the results.")
    text = "The intervals are of 95 %, for data like these, new seeds, new models and clusterings made anew."
    lines.append(text)
    several = [*(["all k"] if table["k"].nunique() > 1 else [])]
    if (table["comparable"].eq("yes") & table["decisive"].eq("no")).any():
        several.append("all scores that do not decide")
    if several:
        lines.append(f"Those of {' and of '.join(several)} are wider, as they hold together.")
    if table["metric"].isin(OWN_SPACE).any():
        lines.append(
            "Silhouette and dunn are measured in each feature space by itself and do not compare feature spaces."
        )
    if table["metric"].str.contains("_in_").any():
        lines += [
            "Scores ..._in_SPACE are those of all clusterings in one and the same space.",
            "Each space favours the clusters made in it: only what is higher in both counts.",
        ]
    return "\n".join(lines) + "\n"
