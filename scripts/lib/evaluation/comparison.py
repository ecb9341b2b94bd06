"""The comparison of feature spaces as a table: for each two and each score the difference, and how sure it is.

One measure decides, and it is fixed before looking. The intervals of the decisive measure hold together over all
numbers of clusters with 95 %, and so do those of all other scores, over the scores and the numbers of clusters:
each has the level 1 - 0.05 / m if there are m (Bonferroni). So an interval and the verdict say the same. (Holm's
procedure would find a little more, but has no intervals to show for it.)
"""

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from lib.evaluation.uncertainty import Difference, Part, Scores, difference

MEASURES = {
    "adjusted_rand": "adjusted Rand index",
    "normalized_mutual_info": "normalised mutual information",
    "accuracy": "accuracy",
    "silhouette": "silhouette",
}
OWN_SPACE = ("silhouette", "dunn")  # not comparable between spaces: distances in two spaces are on two scales
LEVEL = 0.95
LARGEST = {
    "normalized_mutual_info": 1.0,
    "accuracy": 1.0,
}  # difference; of the others, which are from -1 to 1, it is 2
PARTS = ("images", "seeds", "models_a", "models_b")
COLUMNS = [
    *("k", "metric", "features_a", "features_b", "mean_a", "mean_b", "difference", "lower", "upper", "p_value"),
    *("at_most", *(f"variance_of_{part}" for part in PARTS), "n_splits", "n_seeds", "n_models_a", "n_models_b"),
    *("comparable", "decisive", "verdict"),
]


class Metric(NamedTuple):
    """What the name of a score says, like silhouette_in_pixels or accuracy_with_topic."""

    score: str
    space: str = ""  # that it was scored in, if in another than its own
    column: str = ""  # of classes, if it is not the first


def parse_metric(name: str) -> Metric:
    """What the name of a score says.

    Examples
    --------
    >>> parse_metric("normalized_mutual_info")
    Metric(score='normalized_mutual_info', space='', column='')
    >>> parse_metric("dunn_in_pixels").space, parse_metric("accuracy_with_topic").column
    ('pixels', 'topic')
    """
    score, word, rest = (*re.split("_(in|with)_", name, maxsplit=1), "", "")[:3]
    return Metric(score, space=rest if word == "in" else "", column=rest if word == "with" else "")


ScoresByName = Mapping[str, Scores]
Differences = dict[tuple[str, str, str], Difference]  # by metric and two kinds of features


def decisive_measure(setting: str | None, has_classes: bool) -> str:
    """The measure that decides: one of `MEASURES`.

    Parameters
    ----------
    setting
        The measure, or None: the adjusted Rand index where there are classes, the silhouette elsewhere.

    Raises
    ------
    ValueError
        If the measure needs classes, and there are none, or if there is no such measure.

    Examples
    --------
    >>> decisive_measure(None, has_classes=True), decisive_measure(None, has_classes=False)
    ('adjusted_rand', 'silhouette')
    """
    if setting is None:
        return "adjusted_rand" if has_classes else "silhouette"
    if setting not in MEASURES:
        raise ValueError(f"{setting} cannot decide, but one of {', '.join(MEASURES)} can")
    if setting != "silhouette" and not has_classes:
        raise ValueError(f"{setting} cannot decide, as there are no classes; silhouette can")
    return setting


def differences(
    agreements: Mapping[str, ScoresByName],
    indices: Mapping[tuple[str, str], ScoresByName],
    *,
    learned: Mapping[str, bool],
    half_size: int,
    n_images: int,
) -> Differences:
    """The difference of each score between each two kinds of features.

    Parameters
    ----------
    agreements
        Agreement with the classes by kind of features and measure; empty without classes. The first axis of the
        scores is that of the models of the kind.
    indices
        Validity indices by the kind that clusterings were made in, and the kind that they were scored in. The
        first axis is that of the models of the former, the second that of the models of the latter.
    learned, half_size, n_images
        As for `difference`; `learned` by kind.

    Examples
    --------
    >>> scores = Scores(np.full((1, 2), 0.5), np.full((1, 5, 40), 0.5))
    >>> by_kind = {kind: {"accuracy": scores} for kind in ("pixels", "pca")}
    >>> learned = {"pixels": False, "pca": False}
    >>> indices = {(kind, kind): {} for kind in learned}
    >>> list(differences(by_kind, indices, learned=learned, half_size=50, n_images=100))
    [('accuracy', 'pixels', 'pca')]
    """
    return {
        (metric, a, b): difference(
            *sides, learned=(learned[a], learned[b]), half_size=half_size, n_images=n_images
        )
        for metric, a, b, sides in _pairs(agreements, indices)
    }


def _pairs(
    agreements: Mapping[str, ScoresByName], indices: Mapping[tuple[str, str], ScoresByName]
) -> Iterator[tuple[str, str, str, tuple[Scores, Scores]]]:
    """Each score of each two kinds, with both sides as `difference` takes them."""
    kinds = list(dict.fromkeys(made_in for made_in, _ in indices))
    for a, b in itertools.combinations(kinds, 2):
        for measure in agreements.get(a, {}):
            of_a, of_b = agreements[a][measure], agreements[b][measure]
            yield measure, a, b, (_each(of_a, lambda x: x[:, None]), _each(of_b, lambda x: x[None]))
        for index in indices[a, a]:
            yield index, a, b, (indices[a, a][index], _each(indices[b, b][index], _swapped))
        for space in kinds if (a, b) in indices else []:
            for index in indices[a, space]:
                of_a, of_b = indices[a, space][index], _each(indices[b, space][index], _swapped)
                if space not in (a, b):
                    of_a = _each(of_a, lambda x: x.mean(axis=1, keepdims=True))
                    of_b = _each(of_b, lambda x: x.mean(axis=0, keepdims=True))
                yield f"{index}_in_{space}", a, b, (of_a, of_b)


def _each(scores: Scores, f: Callable[[np.ndarray], np.ndarray]) -> Scores:
    return scores._replace(whole=f(scores.whole), halves=f(scores.halves))


def _swapped(x: np.ndarray) -> np.ndarray:
    return x.swapaxes(0, 1)


def fixed_differences(
    means: Mapping[str, Mapping[str, float]], kinds: Iterable[str], fixed: Iterable[str]
) -> Differences:
    """The difference of each score between kinds of features and clusterings that were made elsewhere.

    Such a clustering cannot be made anew of other images, so nothing is known of how sure the difference is.

    Parameters
    ----------
    means
        Mean scores, by kind or by name of a clustering, and by metric. The metrics of `fixed` are compared.
    kinds
        Of features, whose clusters k-means made.
    fixed
        Names of clusterings.

    Examples
    --------
    >>> means = {"pixels": {"accuracy": 0.2, "silhouette": 0.1}, "mine": {"accuracy": 0.5}}
    >>> found = fixed_differences(means, ["pixels"], ["mine"])
    >>> found["accuracy", "pixels", "mine"].difference, found["accuracy", "pixels", "mine"].interval()
    (0.3, (nan, nan))
    """
    unknown = Part(np.nan, 0)
    return {
        (metric, a, b): Difference(means[a][metric], mean, mean - means[a][metric], *[unknown] * len(PARTS))
        for a in kinds
        for b in fixed
        for metric, mean in means[b].items()
    }


def comparison_table(
    found: Mapping[int, Differences], decisive: str, *, n_seeds: int, n_models: Mapping[str, int]
) -> pd.DataFrame:
    """The table of the comparison of feature spaces.

    Parameters
    ----------
    found
        By the number of clusters.
    decisive
        The measure that decides, as of `decisive_measure`.
    n_seeds
        Of k-means.
    n_models
        By kind of features; 0 if it is not learned.

    Returns
    -------
    A row for each number of clusters, two kinds of features, and score, with the columns `COLUMNS`. `difference`
    is b - a; `at_most` what its size is below, with the same confidence. Intervals, p-values and verdicts are
    corrected for their number. The parts of the variance and `n_splits` are as of `Difference`. `decisive` is
    "yes" for the decisive measure; if it is the silhouette, in each of the two spaces. `verdict` is "not
    comparable" (each side in its own space), "not known" (no interval), "{kind} higher" (all of the interval on
    this side of 0) or "no difference found".

    Examples
    --------
    >>> none = Part(0.0, 9)
    >>> difference = Difference(0.2, 0.5, 0.3, images=Part(0.01, 20), seeds=none, models_a=none, models_b=none)
    >>> found = {10: {("accuracy", "pixels", "pca"): difference}}
    >>> table = comparison_table(found, "accuracy", n_seeds=10, n_models={"pixels": 0, "pca": 0})
    >>> table[["lower", "upper", "verdict"]].round(3).values.tolist()
    [[0.055, 0.545, 'pca higher']]
    """
    rows = []
    sizes: dict[tuple, int] = {}  # of each family of intervals
    for k, by_score in found.items():
        for (metric, a, b), of_score in by_score.items():
            comparable = metric not in OWN_SPACE
            names = [f"silhouette_in_{a}", f"silhouette_in_{b}"] if decisive == "silhouette" else [decisive]
            family = (a, b, metric) if metric in names or not comparable else (a, b, "others")
            if of_score.margin() >= 0:
                sizes[family] = sizes.get(family, 0) + 1
            rows.append((k, metric, a, b, of_score, comparable, metric in names, family))
    table = []
    for k, metric, a, b, of_score, comparable, decides, family in rows:
        size = sizes.get(family, 1)
        level = 1 - (1 - LEVEL) / size
        # A difference that was seen is possible, whatever the range.
        most = max(LARGEST.get(parse_metric(metric).score, 2.0), abs(of_score.difference))
        lower, upper = np.clip(of_score.interval(level), -most, most).tolist()
        p_value = float(np.minimum(1, size * of_score.p_value()))
        table.append(
            [
                k,
                metric,
                a,
                b,
                *of_score[:3],
                lower,
                upper,
                p_value,
                float(np.minimum(of_score.largest(level), most)),
            ]
            + [part.variance for part in of_score[3:]]
            + [of_score.images.degrees_of_freedom, n_seeds, n_models[a], n_models[b]]
            + ["yes" if comparable else "no", "yes" if decides else "no"]
            + [_verdict(a, b, lower, upper) if comparable else "not comparable"]
        )
    return pd.DataFrame(table, columns=COLUMNS)


def _verdict(a: str, b: str, lower: float, upper: float) -> str:
    """What an interval says."""
    if not lower <= upper:
        return "not known"
    if lower > 0:
        return f"{b} higher"
    return f"{a} higher" if upper < 0 else "no difference found"


def difference_of(row: Mapping) -> Difference:
    """The difference that a row of the table is about.

    Examples
    --------
    >>> none = Part(0.0, 9)
    >>> difference = Difference(0.2, 0.5, 0.3, Part(0.01, 20), none, Part(0.0, -1), Part(0.0, -1))
    >>> found = {10: {("accuracy", "pixels", "pca"): difference}}
    >>> table = comparison_table(found, "accuracy", n_seeds=10, n_models={"pixels": 0, "pca": 0})
    >>> difference_of(table.iloc[0]) == difference
    True
    """
    degrees_of_freedom = (row["n_splits"], row["n_seeds"] - 1, row["n_models_a"] - 1, row["n_models_b"] - 1)
    parts = [
        Part(float(row[f"variance_of_{name}"]), int(n)) for name, n in zip(PARTS, degrees_of_freedom, strict=True)
    ]
    return Difference(float(row["mean_a"]), float(row["mean_b"]), float(row["difference"]), *parts)
