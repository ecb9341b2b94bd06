"""The answer to the question which of two feature spaces clusters better, in words."""

from bisect import bisect_left

import pandas as pd

from lib.evaluation.comparison import LEVEL, MEASURES, difference_of, parse_metric
from lib.evaluation.uncertainty import Difference, Part

IN_SPACE = "silhouette_in_"
AS_GOOD_AS_ALL = 10**9  # seeds or models: if they do not halve an interval, none do
WORDS = {1: "better", -1: "less well"}


def answer(rows: pd.DataFrame) -> str:
    """Say whether feature space b clusters better than a, by the decisive measure, over all numbers of clusters.

    Parameters
    ----------
    rows
        Of the table of the comparison (see `comparison_table`), for the two.

    Examples
    --------
    >>> row = {"k": 10, "metric": "accuracy", "features_a": "pixels", "features_b": "pca", "decisive": "yes"}
    >>> row |= {"mean_a": 0.2, "mean_b": 0.5, "difference": 0.3, "lower": 0.091, "upper": 0.509, "at_most": 0.47}
    >>> row |= {"verdict": "pca higher", "n_seeds": 10, "n_models_a": 0, "n_models_b": 0}
    >>> answer(pd.DataFrame([row]))
    'Yes: pca clusters better than pixels. Its accuracy is higher by 0.30 (95 % interval 0.09 to 0.51).'
    >>> answer(pd.DataFrame([row | {"n_models_b": 1, "verdict": "not known"}]))
    'Not known from one model of pca: another may differ by more. Learn more models.'
    >>> answer(pd.DataFrame([row | {"n_runs": 1, "verdict": "not known"}])).partition(".")[0]
    'Not known: the accuracy of pca differs from that of k-means in pixels by +0'
    """
    a, b = rows[["features_a", "features_b"]].iloc[0]
    decisive = rows[rows["decisive"] == "yes"]
    if decisive.empty:
        return f"Not known: nothing was measured by which {a} and {b} can be compared."
    known = decisive[~decisive["k"].isin(decisive["k"][decisive["verdict"] == "not known"])]
    if known.empty:
        return _not_known(decisive)
    signs = {k: _sign(of_k["verdict"], a, b) for k, of_k in known.groupby("k", sort=False)}
    if len(signs) == 1:
        return _at_one_k(known, a, b, next(iter(signs.values())))
    return _over_ks(known, a, b, signs)


def is_fixed(rows: pd.DataFrame) -> bool:
    """Whether b is a clustering that was made elsewhere, and a the clusters of k-means in a feature space.

    Parameters
    ----------
    rows
        As for `answer`.

    Examples
    --------
    >>> is_fixed(pd.DataFrame({"n_runs": [1]})), is_fixed(pd.DataFrame({"k": [10]}))
    (True, False)
    """
    return bool(rows.iloc[0].get("n_runs", 0) > 0)


def _not_known(rows: pd.DataFrame) -> str:
    """Why there is no interval at any k."""
    row = rows.iloc[0]
    if is_fixed(rows):
        return _fixed(rows)
    single = [row[f"features_{side}"] for side in "ab" if row[f"n_models_{side}"] == 1]
    if single:
        names = " and ".join(single)
        return f"Not known from one model of {names}: another may differ by more. Learn more models."
    if row["n_seeds"] == 1:
        return "Not known from one seed of k-means: another may differ by more. Use more seeds."
    if set(rows["k"]) == {1}:
        return "Not known: one cluster of everything is the same in every feature space."
    k = rows.loc[rows["k"] > 1, "k"].min()
    return f"Not known: half of the data are too few for {k} clusters, and so are all for a verdict."


def _fixed(rows: pd.DataFrame) -> str:
    """What is known of a clustering that was made elsewhere, on side b."""
    a, b = rows[["features_a", "features_b"]].iloc[0]
    score, space, _ = parse_metric(rows["metric"].iloc[0])
    least, most = (f"{value:+.4f}" for value in (rows["difference"].min(), rows["difference"].max()))
    ks = rows["k"].tolist()
    by = least if len(ks) == 1 else f"{least} to {most} at k = {_list(ks, ks)}"
    measure = MEASURES[score] + (f" in the {space} space" if space else "")
    return (
        f"Not known: the {measure} of {b} differs from that of k-means in {a} by {by}. How sure that is nobody "
        f"can tell: {b} was made elsewhere, and cannot be made anew of other data."
    )


def _sign(verdicts: pd.Series, a: str, b: str) -> int | None:
    """1: b is higher; -1: a is; 0: no difference was found; None: the spaces do not say the same."""
    signs = {{f"{b} higher": 1, f"{a} higher": -1}.get(verdict, 0) for verdict in verdicts}
    return signs.pop() if len(signs) == 1 else None


def _at_one_k(rows: pd.DataFrame, a: str, b: str, sign: int | None) -> str:
    if sign is None:
        return f"Not decided: {_spaces_disagree(rows, a, b)}"
    digits = _decimals(rows)
    if sign == 0 and rows["at_most"].max() == 0:
        return (
            f"No difference was found between {a} and {b}: the {_measure(rows)} is the same in every repetition."
        )
    if sign == 0:
        return (
            f"No difference was found between {a} and {b}. If there is one in the {_measure(rows)}, it is below "
            f"{rows['at_most'].max():.{digits}f} (with 95 % confidence)."
        )
    higher = "higher" if sign > 0 else "lower"
    numbers = []
    for _, row in rows.iterrows():
        bounds = sorted(abs(row[bound]) for bound in ("lower", "upper"))
        space = f" in the {_space(row['metric'])} space" if len(rows) > 1 else ""
        numbers.append(
            f"by {abs(row['difference']):.{digits}f}{space} "
            f"(95 % interval {bounds[0]:.{digits}f} to {bounds[1]:.{digits}f})"
        )
    return f"{_start(sign, a, b)}. Its {_measure(rows[:1])} is {higher} {' and '.join(numbers)}."


def _over_ks(rows: pd.DataFrame, a: str, b: str, signs: dict[int, int | None]) -> str:
    ks = {sign: [k for k in signs if signs[k] == sign] for sign in (1, -1, 0, None)}
    all_ks = list(signs)
    of_all = f"{len(all_ks)} numbers of clusters (k = {_list(all_ks, all_ks)})"
    digits = _decimals(rows)
    undecided = rows[rows["k"].isin(ks[0] + ks[None])]
    bound = f"below {undecided['at_most'].max():.{digits}f}" if len(undecided) else ""
    if ks[1] and ks[-1]:
        return (
            f"Not decided over {of_all}: {b} clusters better than {a} at k = {_list(ks[1], all_ks)}, "
            f"and less well at k = {_list(ks[-1], all_ks)} (with 95 % confidence for all together)."
        )
    if not ks[1] and not ks[-1]:
        if ks[None]:
            text = (
                f"Not decided at any of {of_all}: each space favours the clusters made in it, and by the "
                f"silhouette neither {a} nor {b} clusters better in both spaces."
            )
            if not ks[0]:
                return text
            none = rows[rows["k"].isin(ks[0])]["at_most"].max()
            of_none = f"At k = {_list(ks[0], all_ks)} no difference was found in either"
            return f"{text} {of_none}, so it is below {none:.{digits}f}."
        return (
            f"No difference was found between {a} and {b} at any of {of_all}. If there is one in the "
            f"{_measure(rows)}, it is {bound} at each of them (with 95 % confidence for all together)."
        )
    sign = 1 if ks[1] else -1
    decided = rows[rows["k"].isin(ks[sign])]
    sizes = decided["difference"].abs()
    least = decided[["lower", "upper"]].abs().min(axis=None)
    by = " to ".join(dict.fromkeys(f"{size:.{digits}f}" for size in (sizes.min(), sizes.max())))
    numbers = (
        f"Its {_measure(decided)} is {'higher' if sign > 0 else 'lower'} by {by}, and by {least:.{digits}f} at "
        "least (with 95 % confidence for all together)."
    )
    if len(ks[sign]) == len(all_ks):
        return f"{_start(sign, a, b)}, at all {of_all}. {numbers}"
    text = f"{_start(sign, a, b)} at {len(ks[sign])} of {of_all}: at {_list(ks[sign], all_ks)}. {numbers}"
    if ks[None]:
        return f"{text} At the others nothing is decided."
    return f"{text} At the others no difference was found: if there is one, it is {bound}."


def _start(sign: int, a: str, b: str) -> str:
    return f"{'Yes' if sign > 0 else 'No'}: {b} clusters {WORDS[sign]} than {a}"


def _spaces_disagree(rows: pd.DataFrame, a: str, b: str) -> str:
    """Which space says what, where there are no classes."""
    spaces = {_space(row["metric"]): row["verdict"].removesuffix(" higher") for _, row in rows.iterrows()}
    higher = {space: verdict for space, verdict in spaces.items() if verdict in (a, b)}
    if len(higher) == 1:
        ((space, ahead),) = higher.items()
        behind = b if ahead == a else a
        return (
            f"by the silhouette, {ahead} clusters better than {behind} in the {space} space alone, and each space "
            "favours the clusters made in it."
        )
    (first, ahead), (second, other) = higher.items()
    return (
        f"by the silhouette {ahead} clusters better in the {first} space, and {other} in the {second} space. Each "
        "space favours the clusters made in it."
    )


def _measure(rows: pd.DataFrame) -> str:
    metrics = rows["metric"].unique()
    return MEASURES[parse_metric(metrics[0]).score] + (" of either space" if len(metrics) > 1 else "")


def _space(metric: str) -> str:
    return metric.removeprefix(IN_SPACE)


def _decimals(rows: pd.DataFrame) -> int:
    widths = rows["upper"] - rows["lower"]
    return decimals(float(widths[widths > 0].min()))


def decimals(width: float) -> int:
    """The decimals that a number deserves whose interval is so wide: they show two digits of a quarter of it.

    Parameters
    ----------
    width
        Of the interval. NaN or 0: it has none.

    Examples
    --------
    >>> decimals(0.4), decimals(0.02), decimals(float("nan"))
    (2, 4, 4)
    """
    if not width > 0:
        return 4
    found = 1
    while found < 9 and width / 4 < 9.5 * 10.0**-found:
        found += 1
    return found


def verdicts(rows: pd.DataFrame) -> dict[int, str]:
    """Whether feature space b clusters better than a at each number of clusters, in a word or two.

    Parameters
    ----------
    rows
        As for `answer`.

    Returns
    -------
    By k: "better", "worse", "no difference" (none was found), "not decided" (the spaces do not say the same) or
    "not known".

    Examples
    --------
    >>> row = {"k": 10, "decisive": "yes", "features_a": "pixels", "features_b": "pca", "verdict": "pca higher"}
    >>> verdicts(pd.DataFrame([row]))
    {10: 'better'}
    """
    a, b = rows[["features_a", "features_b"]].iloc[0]
    words = {1: "better", -1: "worse", 0: "no difference", None: "not decided"}
    return {
        k: "not known" if "not known" in set(of_k["verdict"]) else words[_sign(of_k["verdict"], a, b)]
        for k, of_k in rows[rows["decisive"] == "yes"].groupby("k", sort=False)
    }


def _list(ks: list[int], all_ks: list[int]) -> str:
    """Some numbers of clusters, with those that follow one another in all as a range.

    Examples
    --------
    >>> _list([2, 3, 4, 9, 12], [2, 3, 4, 5, 9, 12])
    '2 to 4, 9 and 12'
    """
    runs: list[list[int]] = []
    for k in sorted(ks):
        if runs and sorted(all_ks).index(k) == sorted(all_ks).index(runs[-1][-1]) + 1:
            runs[-1].append(k)
        else:
            runs.append([k])
    parts = [word for run in runs for word in (map(str, run) if len(run) < 3 else [f"{run[0]} to {run[-1]}"])]
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def what_would_help(rows: pd.DataFrame) -> str:
    r"""Say where the uncertainty comes from, and how much more of what would halve the interval.

    Parameters
    ----------
    rows
        As for `answer`. Of several numbers of clusters, the widest interval counts.

    Returns
    -------
    "" where nothing is known.

    Examples
    --------
    >>> row = {"k": 10, "metric": "accuracy", "features_a": "pixels", "features_b": "mine", "decisive": "yes"}
    >>> row |= {"mean_a": 0.2, "mean_b": 0.5, "difference": 0.3, "lower": -0.2, "upper": 0.8}
    >>> row |= {"variance_of_images": 0.001, "variance_of_seeds": 0.0, "variance_of_models_a": 0.0}
    >>> row |= {"variance_of_models_b": 0.009, "n_splits": 20, "n_seeds": 10, "n_models_a": 0, "n_models_b": 3}
    >>> row |= {"verdict": "no difference found"}
    >>> print(what_would_help(pd.DataFrame([row])).replace("data. ", "data.\n"))
    Of the variance, 90 % comes from models of mine and 10 % from the data.
    With 6 models of mine the interval would be about half as wide.
    """
    decisive = rows[rows["decisive"] == "yes"]
    widths = (decisive["upper"] - decisive["lower"]).dropna()
    if not widths.max() > 0:
        return ""
    row = decisive.loc[widths.idxmax()]
    at_k = decisive["verdict"][decisive["k"] == row["k"]]
    if at_k.nunique() > 1 and at_k.str.endswith("higher").all():
        return ""  # the two spaces say the opposite, however narrow the intervals
    place = [f"k = {row['k']}"] if decisive["k"].nunique() > 1 else []
    place += [f"the {_space(row['metric'])} space"] if decisive["metric"].nunique() > 1 else []
    where = f" at {' in '.join(place)}, where the interval is widest," if place else ""
    if place and place[0].startswith("the"):
        where = f" in {place[0]}, where the interval is widest,"
    found = difference_of(row)
    parts = {
        "images": "the data",
        "seeds": "seeds of k-means",
        "models_a": f"models of {row['features_a']}",
        "models_b": f"models of {row['features_b']}",
    }
    total = found.standard_error**2
    shares = {name: getattr(found, name).variance / total for name in parts}
    ranked = sorted((name for name in parts if shares[name] >= 0.005), key=lambda name: -shares[name])
    words = [
        f"{100 * shares[name]:.0f} % {'comes ' if i == 0 else ''}from {parts[name]}"
        for i, name in enumerate(ranked)
    ]
    text = f"Of the variance{where or ','} {', '.join(words[:-1])}{' and ' if len(words) > 1 else ''}{words[-1]}."
    counts = {"seeds": int(row["n_seeds"]), "models_a": int(row["n_models_a"]), "models_b": int(row["n_models_b"])}
    needed = {name: _number_that_halves(found, name, n) for name, n in counts.items() if n and name in ranked}
    enough = {name: n for name, n in needed.items() if n}
    if enough:
        name = min(enough, key=lambda name: enough[name] / counts[name])
        return f"{text} With {enough[name]:,} {parts[name]} the interval would be about half as wide."
    if ranked[0] == "images":
        others = "seeds or models" if counts["models_a"] or counts["models_b"] else "seeds"
        return f"{text} More data would narrow the interval; more {others} alone would not halve it."
    return f"{text} More seeds or models of one kind alone would not halve the interval."


def _number_that_halves(found: Difference, name: str, n: int) -> int | None:
    """How many seeds or models would about halve the interval, if all else stays; None: no number would."""
    part: Part = getattr(found, name)

    def halves(more: int) -> bool:
        parts = {name: Part(part.variance * n / more, more - 1)}
        return Difference(**(found._asdict() | parts)).margin(LEVEL) <= found.margin(LEVEL) / 2

    enough = 2 * n
    while not halves(enough):
        enough *= 2
        if enough > AS_GOOD_AS_ALL:
            return None
    return bisect_left(range(enough), True, lo=n + 1, key=halves)
