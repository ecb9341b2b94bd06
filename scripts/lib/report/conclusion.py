"""The comparison of feature spaces in words: who is better, by which numbers, and how sure that is."""

from typing import NamedTuple

import pandas as pd

AGREEMENT = {
    "adjusted_rand": "adjusted Rand index",
    "normalized_mutual_info": "normalised mutual information",
    "accuracy": "accuracy",
}
IN_SPACE = "silhouette_in_"


class Conclusion(NamedTuple):
    """What follows from the comparison of two feature spaces."""

    answer: str  # a sentence
    reasons: list[str]  # sentences with the numbers


def conclude(table: pd.DataFrame, a: str, b: str, k: int) -> Conclusion:
    """Say whether clusters made in feature space b are better than those made in a.

    Where there are classes, the agreement with them decides. If only some of its measures find a difference, the
    answer names them. Without classes the silhouettes decide, in those spaces that both were scored in. Each space
    favours the clusters made in it, so all of them have to say the same.

    Parameters
    ----------
    table
        Rows of comparison.csv for one split and these two feature spaces, for all numbers of clusters.
    a, b
        The kinds of features.
    k
        The number of clusters that the answer is about. The last reason counts the verdicts over all.

    Examples
    --------
    >>> row = {"k": 10, "metric": "accuracy", "features_a": "pixels", "features_b": "pca", "verdict": "pca higher"}
    >>> row |= {"mean_a": 0.1, "mean_b": 0.3, "difference": 0.2, "lower": 0.1, "upper": 0.3}
    >>> row |= {"n_models_a": 0, "n_models_b": 0}
    >>> conclude(pd.DataFrame([row]), "pixels", "pca", k=10).answer
    'Yes: pca clusters agree better with the classes than pixels clusters.'
    """
    rows = table[table["k"] == k].set_index("metric")
    agreement = {metric: f"the {name}" for metric, name in AGREEMENT.items() if metric in rows.index}
    spaces = {
        metric: f"the silhouette in the {metric.removeprefix(IN_SPACE)} space"
        for metric in rows.index
        if metric.startswith(IN_SPACE)
    }
    decisive = agreement or spaces
    if not decisive:
        return Conclusion(f"Not known: nothing was measured by which {a} and {b} can be compared.", [])
    better, worse = "are better separated", "are less well separated"
    if agreement:
        better, worse = "agree better with the classes", "agree less with the classes"
    verdicts = {name: rows.loc[metric, "verdict"] for metric, name in decisive.items()}
    # What holds for one model need not hold for the next, and no interval covers that.
    single_models = [kind for kind, n in _models(rows).items() if n == 1]
    caveat = f", as far as one model of {_and(single_models)} tells" if single_models else ""
    reasons = [_numbers(name, rows.loc[metric], a, b, caveat) for metric, name in (agreement | spaces).items()]
    if len({rows.loc[metric, "verdict"] for metric in spaces}) > 1:
        reasons.append(
            "k-means makes clusters that are compact in the space it works in, so each space favours those made "
            "in it: to be higher in some spaces only decides nothing."
        )
    if table["k"].nunique() > 1:
        reasons.append(_over_ks(table, agreement | spaces, a, b))
    return Conclusion(_answer(verdicts, a, b, better, worse, caveat, all_needed=not agreement), reasons)


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
    '5 seeds of k-means, 3 models of autoencoder'
    """
    counts = [(table["n_seeds"].iloc[0], "seed", "k-means")]
    counts += [(n, "model", kind) for kind, n in _models(table).items()]
    return ", ".join(f"{n} {what}{'' if n == 1 else 's'} of {name}" for n, what, name in counts)


def _models(table: pd.DataFrame) -> dict[str, int]:
    """The number of models of each of the two kinds of features that is learned from a seed."""
    row = table.iloc[0]
    return {row[f"features_{side}"]: row[f"n_models_{side}"] for side in "ab" if row[f"n_models_{side}"]}


def ranking(table: pd.DataFrame, k: int) -> str:
    """All kinds of features in the order of their agreement with the classes, as a sentence; "" without classes.

    Parameters
    ----------
    table
        Rows of comparison.csv for one split.
    k
        The number of clusters.

    Examples
    --------
    >>> row = {"k": 10, "metric": "adjusted_rand", "features_a": "pixels", "mean_a": 0.1}
    >>> ranking(pd.DataFrame([row | {"features_b": "pca", "mean_b": 0.3}]), k=10)
    'By the adjusted Rand index with the classes: pca 0.3000, pixels 0.1000.'
    """
    (metric, name), *_ = AGREEMENT.items()
    rows = table[(table["metric"] == metric) & (table["k"] == k)]
    if rows.empty:
        return ""
    means = dict(zip(rows["features_a"], rows["mean_a"], strict=True))
    means |= dict(zip(rows["features_b"], rows["mean_b"], strict=True))
    ranked = sorted(means, key=lambda kind: means[kind], reverse=True)
    return f"By the {name} with the classes: {', '.join(f'{kind} {means[kind]:.4f}' for kind in ranked)}."


def describe(table: pd.DataFrame, k: int) -> str:
    """The answers for one number of clusters and the numbers behind them, as text.

    Parameters
    ----------
    table
        comparison.csv.
    k
        The number of clusters.

    Returns
    -------
    Lines for each split and pair of kinds of features; the numbers of pairs without the first kind are left out.

    Examples
    --------
    >>> describe(pd.DataFrame(), k=10)
    'Nothing can be compared: no split is clustered in more than one feature space.\\n'
    """
    if table.empty:
        return "Nothing can be compared: no split is clustered in more than one feature space.\n"
    lines = []
    for split, rows in table.groupby("split", sort=False):
        if rows.groupby(["features_a", "features_b"]).ngroups > 1 and (text := ranking(rows, k)):
            lines += [f"{split} images, k = {k}", "", text, ""]
    first = table["features_a"].iloc[0]
    for (split, a, b), rows in table.groupby(["split", "features_a", "features_b"], sort=False):
        at_k = rows[rows["k"] == k]
        lines += [f"{split} images, k = {k}, {repetitions(at_k)}; {b} against {a}", ""]
        lines += [conclude(rows, a, b, k).answer, ""]
        if a != first:
            lines += ["(Its numbers are in comparison.csv.)", ""]
            continue
        cells = pd.DataFrame(
            {
                "": at_k["metric"],
                a: at_k["mean_a"].map("{:.4f}".format),
                b: at_k["mean_b"].map("{:.4f}".format),
                "difference [95 % interval]": [
                    f"{d:+.4f} [{lower:+.4f}, {upper:+.4f}]"
                    for d, lower, upper in zip(at_k["difference"], at_k["lower"], at_k["upper"], strict=True)
                ],
                "verdict": at_k["verdict"],
            }
        )
        lines += [cells.to_string(index=False), ""]
    return "\n".join(lines) + "\n"


def remarks(single: list[str], cross_space: bool) -> str:
    """What is easily misread in the comparisons, as text.

    Parameters
    ----------
    single
        Kinds of features of which one model alone is learned.
    cross_space
        Whether clusterings are scored in each other's spaces.

    Examples
    --------
    >>> print(remarks(["autoencoder"], cross_space=False), end="")
    Silhouette and dunn are measured in each feature space by itself and do not compare feature spaces.
    Only one model of autoencoder was learned; no interval says how much others would differ.
    """
    text = "Silhouette and dunn are measured in each feature space by itself and do not compare feature spaces.\n"
    if cross_space:
        text += (
            "Scores ..._in_SPACE are those of all clusterings in one and the same space.\n"
            "Each space favours the clusters made in it: only what is higher in all of them counts.\n"
        )
    if single:
        text += (
            f"Only one model of {', '.join(single)} was learned; no interval says how much others would differ.\n"
        )
    return text


def _answer(
    verdicts: dict[str, str], a: str, b: str, better: str, worse: str, caveat: str, *, all_needed: bool
) -> str:
    """The answer as a sentence, from the verdict by the name of each metric that decides."""
    if set(verdicts.values()) == {"not known"}:
        return "Not known: one clustering of each does not tell how much is chance."
    for_b, for_a = ([name for name in verdicts if verdicts[name] == f"{side} higher"] for side in (b, a))
    undecided = [name for name in verdicts if name not in for_b + for_a]
    if for_a and for_b:
        sides = f"by {_and(for_b)}, but not by {_and(for_a)}"
        return f"Not decided{caveat}: {b} clusters {better} than {a} clusters {sides}."
    if not for_a and not for_b:
        return f"No difference was found{caveat}: it is open whether {b} clusters or {a} clusters {better}."
    if undecided and all_needed:
        ahead, behind = (b, a) if for_b else (a, b)
        return (
            f"Not decided{caveat}: {ahead} clusters {better} than {behind} clusters, "
            f"but only by {_and(for_b + for_a)}."
        )
    answer = f"Yes{caveat}: {b} clusters {better}" if for_b else f"No{caveat}: {b} clusters {worse}"
    answer += f" than {a} clusters"
    if not undecided:
        return f"{answer}."
    return f"{answer} by {_and(for_b + for_a)}; by {_and(undecided)} no difference was found."


def _numbers(name: str, row: pd.Series, a: str, b: str, caveat: str) -> str:
    """The numbers of one metric as a sentence."""
    text = (
        f"By {name}, {b} has {row['mean_b']:.4f} and {a} {row['mean_a']:.4f}; difference {row['difference']:+.4f}"
    )
    if pd.notna(row["lower"]):
        text += f", 95 % interval {row['lower']:+.4f} to {row['upper']:+.4f}"
    text += f": {row['verdict']}"
    if row["verdict"] == "no difference found":
        most = max(-row["lower"], row["upper"])
        text += f"; if there is one, it is hardly above {most:.4f}{caveat}" if most > 0 else "; there is none"
    return f"{text}."


def _over_ks(table: pd.DataFrame, names: dict[str, str], a: str, b: str) -> str:
    """How often each side is higher over all k, as a sentence; metrics with the same counts are named together."""
    names_by_counts: dict[tuple[int, int, int], list[str]] = {}
    for metric, name in names.items():
        verdicts = table["verdict"][table["metric"] == metric].tolist()
        higher, lower = verdicts.count(f"{b} higher"), verdicts.count(f"{a} higher")
        names_by_counts.setdefault((higher, lower, len(verdicts) - higher - lower), []).append(name)
    ks = table["k"]
    clauses = [
        f"by {_and(same)} {b} is higher at {higher}, {a} at {lower}, and no difference was found at {undecided}"
        for (higher, lower, undecided), same in names_by_counts.items()
    ]
    return f"Of the {ks.nunique()} numbers of clusters from {ks.min()} to {ks.max()}, {'; '.join(clauses)}."


def _and(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
