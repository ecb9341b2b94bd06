"""Silhouettes of clusterings of halves of the images."""

from collections.abc import Sequence

import numpy as np

from lib.evaluation.partial_sums import within_memory
from lib.evaluation.validity import validities

N_SPLITS_SCORED = 10  # the distances between images take long


def half_silhouettes(
    X: np.ndarray, halves: Sequence[np.ndarray], labels: Sequence[np.ndarray], n_threads: int | None = None
) -> list[np.ndarray]:
    """The silhouettes of clusterings of halves, in one space. The distances are computed once for all of them.

    Parameters
    ----------
    X : (n, d) float
        An array, or an open dataset of a file.
    halves
        As of `random_halves`. Those of the first `N_SPLITS_SCORED` splits are scored.
    labels
        (n_halves, n_starts, m) int for each clustering, as of `cluster_halves`.

    Returns
    -------
    (n_starts, 20) float64 for each clustering, or (n_starts, 0) if its halves were not clustered.

    Examples
    --------
    >>> X = np.array([[0.0], [1.0], [9.0], [0.5], [1.5], [9.5]])
    >>> halves = [np.arange(3), np.arange(3, 6)]
    >>> half_silhouettes(X, halves, [np.array([[[0, 0, 1]], [[0, 0, 1]]])])[0].round(2).tolist()
    [[0.59, 0.59]]
    """
    found: list[list] = [[] for _ in labels]
    for number, half in enumerate(halves[: 2 * N_SPLITS_SCORED]):
        clustered = [of_halves[number] for of_halves in labels if len(of_halves)]
        if not clustered:
            continue
        flat = [x for of_half in clustered for x in of_half]
        points = X[half]
        values = (
            result.silhouette
            for some in within_memory(flat)
            for result in validities(points, some, n_threads=n_threads)
        )
        for of_halves, silhouettes in zip(labels, found, strict=True):
            if len(of_halves):
                silhouettes.append([next(values) for _ in of_halves[number]])
    return [
        np.array(silhouettes).reshape(len(silhouettes), of_halves.shape[1]).T
        for of_halves, silhouettes in zip(labels, found, strict=True)
    ]
