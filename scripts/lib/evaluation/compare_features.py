"""Which features cluster better, and how sure can we be? The whole comparison as one function of arrays."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from lib.clustering.halves import N_SPLITS, cluster_halves, n_starts, random_halves
from lib.clustering.kmeans import kmeans
from lib.evaluation.answer import answer, what_would_help
from lib.evaluation.comparison import comparison_table, decisive_measure, differences
from lib.evaluation.half_scores import agreement_scores, stacked
from lib.evaluation.half_silhouettes import half_silhouettes
from lib.evaluation.uncertainty import Scores
from lib.evaluation.validity import validities

Models = Mapping[str, Sequence[np.ndarray]]  # by kind of features: an array for each model


class Comparison(NamedTuple):
    """What `compare_features` finds."""

    answer: str  # a sentence for each two spaces
    table: pd.DataFrame  # a row for each two spaces and measure


def compare_features(
    spaces: Mapping[str, np.ndarray | Sequence[np.ndarray]],
    n_clusters: int | Sequence[int],
    classes: np.ndarray | None = None,
    *,
    seeds: Sequence[int] = range(10),
    init: str = "random",
    decisive: str | None = None,
    n_splits: int = N_SPLITS,
    n_threads: int | None = None,
) -> Comparison:
    """Compare feature spaces by the clusters that k-means makes in them.

    The question is about images like these, with new seeds and new models (see lib.evaluation.uncertainty).

    Parameters
    ----------
    spaces
        By name: (n, d) float, or a list of these, one for each model that was learned. Rows are the same images.
    n_clusters
        k, or several: then the answer is about all of them.
    classes : (n,) int
        Of the images; None: not known.
    seeds
        Of k-means on all images.
    init
        As for `kmeans`.
    decisive
        The measure that decides: adjusted_rand, normalized_mutual_info, accuracy or silhouette; None: the adjusted
        Rand index with classes, the silhouette without. As each space favours the clusters made in it, the
        silhouettes in both spaces have to say the same.
    n_splits
        Of the images in two halves, which are clustered too.
    n_threads
        By default one for each core. The result does not depend on it.

    Returns
    -------
    `table` is as of `comparison_table`.

    Raises
    ------
    ValueError
        If there are not two spaces or more, their rows or the classes are not of as many images, there are fewer
        distinct points than clusters, or the measure cannot decide.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 3, 150)
    >>> noise, signal = rng.normal(size=(150, 2)), rng.normal(size=(150, 2)) + 6 * np.eye(3)[y, :2]
    >>> compare_features({"noise": noise, "signal": signal}, 3, y, seeds=range(3), n_splits=5).answer[:39]
    'Yes: signal clusters better than noise.'
    """
    models: Models = {name: [X] if isinstance(X, np.ndarray) else X for name, X in spaces.items()}
    learned = {name: not isinstance(X, np.ndarray) for name, X in spaces.items()}
    n_images = _check(models, classes)
    measure = decisive_measure(decisive, classes is not None)
    halves = random_halves(n_images, n_splits)
    found = {}
    for k in [n_clusters] if isinstance(n_clusters, int) else n_clusters:
        labels = {
            name: [[kmeans(X, k, seed=seed, init=init, n_threads=n_threads).labels for seed in seeds] for X in Xs]
            for name, Xs in models.items()
        }
        half_labels = {
            name: [
                cluster_halves(
                    *(X, k, halves),
                    space=f"{name}/{i}" if learned[name] else name,
                    n_starts=n_starts(learned[name]),
                    init=init,
                    n_threads=n_threads,
                )
                for i, X in enumerate(Xs)
            ]
            for name, Xs in models.items()
        }
        found[k] = differences(
            {name: agreement_scores(labels[name], half_labels[name], classes, halves) for name in models}
            if classes is not None
            else {},
            silhouette_scores(models, labels, half_labels, halves, n_threads=n_threads),
            learned=learned,
            half_size=len(halves[0]),
            n_images=n_images,
        )
    counts = {name: len(Xs) if learned[name] else 0 for name, Xs in models.items()}
    table = comparison_table(found, measure, n_seeds=len(seeds), n_models=counts)
    pairs = [rows for _, rows in table.groupby(["features_a", "features_b"], sort=False)]
    sentences = [text for rows in pairs for text in (answer(rows), what_would_help(rows)) if text]
    return Comparison(" ".join(sentences), table)


def _check(models: Models, classes: np.ndarray | None) -> int:
    """The number of images."""
    if len(models) < 2:
        raise ValueError(f"two feature spaces or more can be compared, not {len(models)}")
    counts = {name: {len(X) for X in Xs} for name, Xs in models.items()}
    n_images = len(next(iter(models.values()))[0])
    for name, found in counts.items():
        if found != {n_images}:
            raise ValueError(f"{name} has {sorted(found)} rows, should have {n_images}, one for each image")
    if classes is not None and np.shape(classes) != (n_images,):
        raise ValueError(f"classes has the shape {np.shape(classes)}, should be one for each of {n_images} images")
    return n_images


def silhouette_scores(
    models: Models,
    labels: Mapping[str, Sequence[Sequence[np.ndarray]]],
    half_labels: Mapping[str, Sequence[np.ndarray]],
    halves: Sequence[np.ndarray],
    *,
    n_threads: int | None = None,
) -> dict[tuple[str, str], dict[str, Scores]]:
    """The silhouettes of clusterings in their own space and in those of the other kinds.

    Parameters
    ----------
    models
        (n, d) float for each model, by kind.
    labels
        (n,) int for each model and seed, by kind.
    half_labels
        As of `cluster_halves` for each model, by kind.
    halves
        As of `random_halves`.

    Returns
    -------
    As `differences` takes them.

    Examples
    --------
    >>> X = np.arange(4.0)[:, None]
    >>> halves, half_labels = [np.array([0, 3]), np.array([1, 2])], np.array([[[0, 1]], [[0, 1]]])
    >>> found = silhouette_scores({"mine": [X]}, {"mine": [[X[:, 0] > 1]]}, {"mine": [half_labels]}, halves)
    >>> found["mine", "mine"]["silhouette"].whole.round(2).tolist()
    [[[0.47]]]
    """
    whole: dict[tuple[str, str], list] = {(made_in, scored_in): [] for made_in in models for scored_in in models}
    of_halves: dict[tuple[str, str], list] = {key: [] for key in whole}
    for scored_in, Xs in models.items():
        for number, X in enumerate(Xs):
            # Of its own kind, a clustering is scored in the space alone that it was made in.
            chosen = {name: [number] if name == scored_in else range(len(models[name])) for name in models}
            clusterings = [(name, i) for name, numbers in chosen.items() for i in numbers]
            flat = [x for name, i in clusterings for x in labels[name][i]]
            values = iter([result.silhouette for result in validities(X, flat, n_threads=n_threads)])
            found = half_silhouettes(X, halves, [half_labels[name][i] for name, i in clusterings], n_threads)
            by_clustering = dict(zip(clusterings, found, strict=True))
            for name, numbers in chosen.items():
                whole[name, scored_in].append([[next(values) for _ in labels[name][i]] for i in numbers])
                of_halves[name, scored_in].append([by_clustering[name, i] for i in numbers])
    scores = {}
    for key in whole:
        arrays = np.array(whole[key]), stacked(of_halves[key])
        if key[0] != key[1]:  # by space and model
            arrays = arrays[0].swapaxes(0, 1), arrays[1].swapaxes(0, 1)
        scores[key] = {"silhouette": Scores(*arrays)}
    return scores
