"""What k-means finds."""

from typing import NamedTuple

import numpy as np


class KMeansResult(NamedTuple):
    labels: np.ndarray  # (n,) int32
    centroids: np.ndarray  # (k, d) float32: the mean of each cluster
    inertia: float  # sum of squared Euclidean distances to the own centroid
    n_iter: int  # assignment steps
    converged: bool  # the last assignment step changed nothing
