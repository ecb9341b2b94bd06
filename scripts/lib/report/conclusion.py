"""What the comparison of two feature spaces says, in words."""

from typing import NamedTuple

import pandas as pd

AGREEMENT = {
    "adjusted_rand": "adjusted Rand index",
    "normalized_mutual_info": "normalised mutual information",
    "accuracy": "accuracy",
}
IN_SPACE = "silhouette_in_"


class Conclusion(NamedTuple):
    answer: str  # a sentence
    reasons: list[str]  # sentences with the numbers


def conclude(table: pd.DataFrame, a: str, b: str, k: int) -> Conclusion:
    """Whether clusters made in feature space b are better than those made in a.

    Where there are classes, by how well the clusters agree with them; what only some of these measures say is
    said to be so. Elsewhere by their silhouettes in the spaces that both were scored in, which all have to say
    the same, as each space favours the clusters that were made in it.

    Parameters
    ----------
    table
        Rows of comparison.csv for one split and these two feature spaces.
    k
        The number of clusters to speak of; of all it is said how often they say the same.
    """
    shown = table[table["k"] == k].set_index("metric")
    agreement = {metric: f"the {name}" for metric, name in AGREEMENT.items() if metric in shown.index}
    spaces = {
        metric: f"the silhouette in the {metric.removeprefix(IN_SPACE)} space"
        for metric in shown.index
        if metric.startswith(IN_SPACE)
    }
    decisive = agreement or spaces
    if not decisive:
        return Conclusion(f"Not known: nothing was measured by which {a} and {b} can be compared.", [])
    better, worse = "are better separated", "are less well separated"
    if agreement:
        better, worse = "agree better with the classes", "agree less with the classes"
    verdicts = {name: shown.loc[metric, "verdict"] for metric, name in decisive.items()}
    # What holds of one model need not hold of the next, and no interval says so.
    once = [kind for kind, n in _models(shown).items() if n == 1]
    caveat = f", as far as one model of {_and(once)} tells" if once else ""
    reasons = [_numbers(name, shown.loc[metric], a, b, caveat) for metric, name in (agreement | spaces).items()]
    if len({shown.loc[metric, "verdict"] for metric in spaces}) > 1:
        reasons.append(
            "k-means makes clusters that are compact in its own space, so each space favours those made in it: "
            "what is higher in some spaces only decides nothing."
        )
    if table["k"].nunique() > 1:
        reasons.append(_over_ks(table, agreement | spaces, a, b))
    return Conclusion(_answer(verdicts, a, b, better, worse, caveat, all_needed=not agreement), reasons)


def repetitions(table: pd.DataFrame) -> str:
    """What a comparison of two feature spaces rests on, as words.

    Parameters
    ----------
    table
        Rows of comparison.csv for these two.
    """
    counts = [(table["n_seeds"].iloc[0], "seed", "k-means")]
    counts += [(n, "model", kind) for kind, n in _models(table).items()]
    return ", ".join(f"{n} {what}{'' if n == 1 else 's'} of {name}" for n, what, name in counts)


def _models(table: pd.DataFrame) -> dict[str, int]:
    """Of those of two feature spaces that are learnt from a seed, how many models there are."""
    row = table.iloc[0]
    return {row[f"features_{side}"]: row[f"n_models_{side}"] for side in "ab" if row[f"n_models_{side}"]}


def ranking(table: pd.DataFrame, k: int) -> str:
    """All feature spaces by their agreement with the classes, as a sentence; empty where there are no classes.

    Parameters
    ----------
    table
        Rows of comparison.csv for one split.
    """
    (metric, name), *_ = AGREEMENT.items()
    rows = table[(table["metric"] == metric) & (table["k"] == k)]
    if rows.empty:
        return ""
    means = dict(zip(rows["features_a"], rows["mean_a"], strict=True))
    means |= dict(zip(rows["features_b"], rows["mean_b"], strict=True))
    ranked = sorted(means, key=means.get, reverse=True)
    return f"By the {name} with the classes: {', '.join(f'{kind} {means[kind]:.4f}' for kind in ranked)}."


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


def remarks(single: list[str], cross_space: bool) -> str:
    """What is easily misread in the comparisons.

    Parameters
    ----------
    single
        Kinds of features of which one model alone was learned.
    cross_space
        Whether clusterings are scored in each other's spaces.
    """
    text = "Silhouette and dunn are measured in each feature space by itself and do not compare feature spaces.\n"
    if cross_space:
        text += "A common space (..._in_...) favours clusters made in it: what is higher in all of them counts.\n"
    if single:
        text += (
            f"Only one model was learnt of {', '.join(single)}; no interval says how much others would differ.\n"
        )
    return text


def _answer(
    verdicts: dict[str, str], a: str, b: str, better: str, worse: str, caveat: str, *, all_needed: bool
) -> str:
    if set(verdicts.values()) == {"not known"}:
        return "Not known: one clustering of each does not tell how much is chance."
    for_b, for_a = ([name for name in verdicts if verdicts[name] == f"{side} higher"] for side in (b, a))
    rest = [name for name in verdicts if name not in for_b + for_a]
    if for_a and for_b:
        sides = f"by {_and(for_b)}, but not by {_and(for_a)}"
        return f"Not decided{caveat}: {b} clusters {better} than {a} clusters {sides}."
    if not for_a and not for_b:
        return f"No difference was found{caveat}: it is open whether {b} clusters or {a} clusters {better}."
    if rest and all_needed:
        ahead, behind = (b, a) if for_b else (a, b)
        return (
            f"Not decided{caveat}: {ahead} clusters {better} than {behind} clusters, "
            f"but only by {_and(for_b + for_a)}."
        )
    answer = f"Yes{caveat}: {b} clusters {better}" if for_b else f"No{caveat}: {b} clusters {worse}"
    answer += f" than {a} clusters"
    return f"{answer} by {_and(for_b + for_a)}; by {_and(rest)} no difference was found." if rest else f"{answer}."


def _numbers(name: str, row: pd.Series, a: str, b: str, caveat: str) -> str:
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
    alike: dict[tuple[int, int, int], list[str]] = {}
    for metric, name in names.items():
        verdicts = table["verdict"][table["metric"] == metric].tolist()
        higher, lower = verdicts.count(f"{b} higher"), verdicts.count(f"{a} higher")
        alike.setdefault((higher, lower, len(verdicts) - higher - lower), []).append(name)
    ks = table["k"]
    parts = [
        f"by {_and(same)} {b} is higher at {higher}, {a} at {lower}, and no difference was found at {rest}"
        for (higher, lower, rest), same in alike.items()
    ]
    return f"Of the {ks.nunique()} numbers of clusters from {ks.min()} to {ks.max()}, {'; '.join(parts)}."


def _and(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
