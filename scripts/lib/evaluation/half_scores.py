"""Scores of clusterings of all images, and of halves of them, as the comparison of feature spaces takes them."""

from collections.abc import Sequence

import numpy as np

from lib.evaluation.agreement import agreement, contingency
from lib.evaluation.uncertainty import Scores


def agreement_scores(
    labels: Sequence[Sequence[np.ndarray]],
    half_labels: Sequence[np.ndarray],
    classes: np.ndarray,
    halves: Sequence[np.ndarray],
) -> dict[str, Scores]:
    """The agreement of clusterings with the classes.

    Parameters
    ----------
    labels
        (n,) int for each model and seed.
    half_labels
        (n_halves, n_starts, m) int for each model, as of `cluster_halves`.
    classes : (n,) int
    halves
        As of `random_halves`.

    Returns
    -------
    By measure of `agreement`: (n_models, n_seeds) and (n_models, n_starts, n_halves).

    Examples
    --------
    >>> halves = [np.array([0, 2]), np.array([1, 3])]
    >>> half_labels = np.array([[[0, 1]], [[1, 1]]])  # one start for each half
    >>> found = agreement_scores([[np.array([0, 0, 0, 1])]], [half_labels], np.array([0, 0, 1, 1]), halves)
    >>> found["accuracy"].whole.tolist(), found["accuracy"].halves.tolist()
    ([[0.75]], [[[1.0, 0.5]]])
    """
    whole = [[agreement(contingency(classes, x)) for x in of_model] for of_model in labels]
    n_halves = min(len(of_model) for of_model in half_labels)
    of_halves = [
        [
            [agreement(contingency(classes[half], x)) for half, x in zip(halves, of_start, strict=False)]
            for of_start in of_model[:n_halves].swapaxes(0, 1)
        ]
        for of_model in half_labels
    ]
    return {
        measure: Scores(
            np.array([[found[measure] for found in of_model] for of_model in whole]),
            np.array([[[found[measure] for found in line] for line in of_model] for of_model in of_halves]),
        )
        for measure in whole[0][0]
    }


def stacked(silhouettes: Sequence[Sequence[np.ndarray]]) -> np.ndarray:
    """Silhouettes as of `half_silhouettes` in one array. If some have no halves, none has.

    Returns
    -------
    (a, b, n_starts, n_halves), for a lists of b arrays (n_starts, n_halves).

    Examples
    --------
    >>> stacked([[np.zeros((5, 20))], [np.zeros((5, 0))]]).shape
    (2, 1, 5, 0)
    """
    n_halves = min(x.shape[1] for line in silhouettes for x in line)
    return np.array([[x[:, :n_halves] for x in line] for line in silhouettes])
