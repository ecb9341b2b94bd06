"""What k-means finds."""

from typing import NamedTuple

import numpy as np


class KMeansResult(NamedTuple):
    """A partition of n points of d dimensions into k clusters.

    Examples
    --------
    >>> KMeansResult(np.array([0, 1]), np.array([[0.0], [5.0]]), inertia=0.0, n_iter=2, converged=True).n_iter
    2
    """

    labels: np.ndarray  # (n,) int32
    centroids: np.ndarray  # (k, d) float32: the mean of each cluster
    inertia: float  # sum of squared Euclidean distances to the own centroid
    n_iter: int  # assignment steps
    converged: bool  # the last assignment step changed nothing
