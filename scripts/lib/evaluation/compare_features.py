"""Which features cluster better, and how sure can we be? The whole comparison as one function of arrays."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from lib.clustering.halves import N_SPLITS, half_seed, n_starts, random_halves
from lib.clustering.kmeans import kmeans
from lib.evaluation.agreement import agreement, contingency
from lib.evaluation.answer import answer, what_would_help
from lib.evaluation.replicates import INDICES, Replicates, pairs_to_compare
from lib.evaluation.uncertainty import Difference, Scores, difference, holm
from lib.evaluation.validity import validities

DECISIVE, DECISIVE_NAME = "adjusted_rand", "adjusted Rand index"  # fixed before looking
LEVEL = 0.95

Labels = list[list[np.ndarray]]  # (n,) int for each model and seed


class Comparison(NamedTuple):
    """What `compare_features` finds."""

    answer: str  # a sentence for each two spaces
    table: pd.DataFrame  # a row for each two spaces and measure


def compare_features(
    spaces: Mapping[str, np.ndarray | Sequence[np.ndarray]],
    n_clusters: int,
    classes: np.ndarray | None = None,
    *,
    seeds: Sequence[int] = range(10),
    init: str = "random",
    n_splits: int = N_SPLITS,
    n_threads: int | None = None,
) -> Comparison:
    """Compare feature spaces by the clusters that k-means makes in them.

    The question is about images like these, with new seeds and new models (see lib.evaluation.uncertainty). With
    classes, the adjusted Rand index decides. Without, the silhouettes do, in each of the two spaces: as each space
    favours the clusters made in it, they have to say the same.

    Parameters
    ----------
    spaces
        By name: (n, d) float, or a list of these, one for each model that was learned. Rows are the same images.
    n_clusters
        k.
    classes : (n,) int
        Of the images; None: not known.
    seeds
        Of k-means on all images.
    init
        As for `kmeans`.
    n_splits
        Of the images in two halves, which are clustered too.
    n_threads
        By default one for each core. The result does not depend on it.

    Returns
    -------
    `table` has the columns metric, features_a, features_b, mean_a, mean_b, difference (b - a), lower, upper,
    p_value, n_seeds, n_models_a, n_models_b (0: not learned), decisive and verdict. The interval of the decisive
    measure is one of 95 %; those of the others hold together with 95 %, and their p-values are adjusted by Holm.

    Raises
    ------
    ValueError
        If there are not two spaces or more, their rows or the classes are not of as many images, or there are
        more clusters than half of the images (or distinct points in a half).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 3, 150)
    >>> noise, signal = rng.normal(size=(150, 2)), rng.normal(size=(150, 2)) + 6 * np.eye(3)[y, :2]
    >>> compare_features({"noise": noise, "signal": signal}, 3, y, seeds=range(3), n_splits=5).answer[:39]
    'Yes: signal clusters better than noise.'
    """
    models = {name: [X] if isinstance(X, np.ndarray) else list(X) for name, X in spaces.items()}
    is_learned = {name: not isinstance(X, np.ndarray) for name, X in spaces.items()}
    n_images = _check(models, n_clusters, classes)
    parts = [np.arange(n_images), *random_halves(n_images, n_splits)]
    labels = cluster_parts(models, parts, n_clusters, seeds, init=init, n_threads=n_threads)
    scores_of_whole = _scores(models, parts[:1], labels[:1], classes, n_threads)
    scores_of_halves = _scores(models, parts[1:], labels[1:], classes, n_threads)
    rows = []
    for (metric, a, b, (whole_a, whole_b)), (*_, (halves_a, halves_b)) in zip(
        scores_of_whole, scores_of_halves, strict=True
    ):
        sides = Scores(whole_a[..., 0], halves_a), Scores(whole_b[..., 0], halves_b)
        found = difference(*sides, learned=(is_learned[a], is_learned[b]), share=len(parts[1]) / n_images)
        counts = [len(models[name]) if is_learned[name] else 0 for name in (a, b)]
        rows.append((metric, a, b, found, len(seeds), *counts))
    return _conclude(rows, has_classes=classes is not None)


def _check(models: dict[str, list[np.ndarray]], n_clusters: int, classes: np.ndarray | None) -> int:
    """The number of images."""
    if len(models) < 2:
        raise ValueError(f"two feature spaces or more can be compared, not {len(models)}")
    counts = {name: {len(X) for X in Xs} for name, Xs in models.items()}
    n_images = len(next(iter(models.values()))[0])
    for name, found in counts.items():
        if found != {n_images}:
            raise ValueError(f"{name} has {sorted(found)} rows, should have {n_images}, one for each image")
    if not 2 <= n_clusters <= n_images // 2:
        raise ValueError(
            f"n_clusters is {n_clusters}, should be 2 or more, and {n_images // 2} at most: half of the images "
            "are clustered too"
        )
    if classes is not None and np.shape(classes) != (n_images,):
        raise ValueError(f"classes has the shape {np.shape(classes)}, should be one for each of {n_images} images")
    return n_images


def _labels(X: np.ndarray, n_clusters: int, seed: int, init: str, n_threads: int | None) -> np.ndarray:
    return kmeans(X, n_clusters, seed=seed, init=init, n_threads=n_threads).labels


def cluster_parts(
    models: Mapping[str, list[np.ndarray]],
    parts: Sequence[np.ndarray],
    n_clusters: int,
    seeds: Sequence[int],
    *,
    init: str = "random",
    n_threads: int | None = None,
) -> list[dict[str, Labels]]:
    """Cluster all images from each seed, and each half of them from several starts, in each space.

    Parameters
    ----------
    models
        (n, d) float for each model of each space.
    parts
        The numbers of all images, and of each half.

    Returns
    -------
    For each part and space, the cluster of each image: a list of (n_of_part,) int32 for each model.

    Examples
    --------
    >>> X = np.arange(12.0).reshape(6, 2)
    >>> whole, half = cluster_parts({"a": [X]}, [np.arange(6), np.arange(3)], 2, seeds=[0, 1])
    >>> len(whole["a"][0]), len(half["a"][0]), half["a"][0][0].shape
    (2, 5, (3,))
    """
    found = [
        {
            name: [[_labels(X, n_clusters, seed, init, n_threads) for seed in seeds] for X in Xs]
            for name, Xs in models.items()
        }
    ]
    for number, half in enumerate(parts[1:]):
        found.append(
            {
                name: [
                    [
                        _labels(X[half], n_clusters, half_seed(number, i, j, start), init, n_threads)
                        for start in range(n_starts(len(Xs)))
                    ]
                    for j, X in enumerate(Xs)
                ]
                for i, (name, Xs) in enumerate(models.items())
            }
        )
    return found


def _scores(
    models: dict[str, list[np.ndarray]],
    parts: Sequence[np.ndarray],
    labels: Sequence[dict[str, Labels]],
    classes: np.ndarray | None,
    n_threads: int | None,
) -> list:
    """What `pairs_to_compare` gives, with an axis of the parts of the images."""
    agreements: dict[str, list[Replicates]] = {name: [] for name in models}
    indices: dict[tuple[str, str], list[Replicates]] = {(a, b): [] for a in models for b in models}
    for part, found in zip(parts, labels, strict=True):
        if classes is not None:
            for name in models:
                agreements[name].append(_agreements(found[name], classes[part]))
        for scored_in, Xs in models.items():
            for key, values in _silhouettes(scored_in, [X[part] for X in Xs], found, n_threads).items():
                indices[key].append(values)
    by_kind = {name: _stack(values) for name, values in agreements.items() if values}
    return list(pairs_to_compare(by_kind, {key: _stack(values) for key, values in indices.items()}))


def _stack(values: list[Replicates]) -> Replicates:
    return {name: np.stack([value[name] for value in values], axis=-1) for name in values[0]}


def _agreements(labels: Labels, classes: np.ndarray) -> Replicates:
    """(n_models, n_seeds) for each measure."""
    found = [[agreement(contingency(classes, x)) for x in of_model] for of_model in labels]
    return {measure: np.array([[x[measure] for x in of_model] for of_model in found]) for measure in found[0][0]}


def _silhouettes(
    scored_in: str, Xs: list[np.ndarray], labels: dict[str, Labels], n_threads: int | None
) -> dict[tuple[str, str], Replicates]:
    """(n_models, n_spaces, n_seeds) for each space that clusterings were made in."""
    found: dict[str, list] = {name: [] for name in labels}
    for number, X in enumerate(Xs):
        # In its own kind of space, a clustering is scored in its own alone.
        chosen = {
            name: [of_models[number]] if name == scored_in else of_models for name, of_models in labels.items()
        }
        flat = [x for of_models in chosen.values() for of_model in of_models for x in of_model]
        values = iter([result.silhouette for result in validities(X, flat, n_threads=n_threads)])
        for name, of_models in chosen.items():
            found[name].append([[next(values) for _ in of_model] for of_model in of_models])
    result = {}
    for name, by_space in found.items():
        values_by_space = np.array(by_space)  # (n_spaces, n_models, n_seeds), or (n_models, 1, n_seeds) in its own
        axes = (0, 1, 2) if name == scored_in else (1, 0, 2)
        result[name, scored_in] = {"silhouette": values_by_space.transpose(axes)}
    return result


def _conclude(rows: list[tuple], *, has_classes: bool) -> Comparison:
    table = []
    answers = []
    pairs = dict.fromkeys((a, b) for _, a, b, *_ in rows)
    for a, b in pairs:
        of_pair = {metric: row for metric, x, y, *row in rows if (x, y) == (a, b)}
        comparable = [metric for metric in of_pair if metric not in INDICES]
        decisive = [DECISIVE] if has_classes else [f"silhouette_in_{a}", f"silhouette_in_{b}"]
        others = [metric for metric in comparable if metric not in decisive]
        adjusted = dict(zip(others, holm([of_pair[metric][0].p_value() for metric in others]), strict=True))
        single = [name for name, n in zip((a, b), of_pair[comparable[0]][2:], strict=True) if n == 1]
        for metric, (found, n_seeds, *counts) in of_pair.items():
            level = LEVEL if metric not in others else 1 - (1 - LEVEL) / len(others)
            p_value = adjusted.get(metric, found.p_value())
            table.append(
                {
                    "metric": metric,
                    "features_a": a,
                    "features_b": b,
                    "mean_a": found.mean_a,
                    "mean_b": found.mean_b,
                    "difference": found.difference,
                    **dict(zip(("lower", "upper"), found.interval(level), strict=True)),
                    "p_value": p_value,
                    "n_seeds": n_seeds,
                    "n_models_a": counts[0],
                    "n_models_b": counts[1],
                    "decisive": metric in decisive,
                    "verdict": _verdict(a, b, found, p_value, metric in comparable),
                }
            )
        answers.append(_answer_of(a, b, {metric: of_pair[metric][0] for metric in decisive}, single))
    return Comparison(" ".join(answers), pd.DataFrame(table))


def _verdict(a: str, b: str, found: Difference, p_value: float, comparable: bool) -> str:
    if not comparable:
        return "not comparable"
    if not p_value <= 1:
        return "not known"
    if p_value >= 1 - LEVEL:
        return "no difference found"
    return f"{b if found.difference > 0 else a} higher"


def _answer_of(a: str, b: str, decisive: dict[str, Difference], single: list[str]) -> str:
    if DECISIVE in decisive:
        found = decisive[DECISIVE]
        return " ".join([answer(a, b, found, DECISIVE_NAME, single), what_would_help(a, b, found)]).rstrip()
    # Without classes, the silhouettes in both spaces have to say the same: the less sure of them decides.
    differences = [found.difference for found in decisive.values()]
    if not single and min(differences) < 0 < max(differences):
        return f"Not decided: each of {a} and {b} has the better silhouettes in one of the two spaces."
    least = max(decisive, key=lambda metric: decisive[metric].p_value())
    return answer(a, b, decisive[least], f"silhouette in the {least.removeprefix('silhouette_in_')} space", single)
