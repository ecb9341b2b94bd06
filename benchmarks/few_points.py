"""k-means of few points, compiled: the labels that `lib.clustering.kmeans` gives, many times as fast.

NumPy takes longer to start each of its operations than to do it on some hundred points. Calibration clusters such
sets tens of millions of times.
"""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def lloyd(X: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    """Lloyd's iteration from initial centroids, until no assignment changes.

    Parameters
    ----------
    X : (n, d) float64
    centroids : (k, d) float64
        They are moved in place.

    Returns
    -------
    (n,) int32
    """
    n, d = X.shape
    k = len(centroids)
    columns = X.T.copy()  # so that the inner loops run over the points
    labels = np.full(n, -1, np.int32)
    nearest = np.empty(n, np.int32)
    least, own, squares = np.empty(n), np.empty(n), np.empty(n)
    counts = np.empty(k, np.int64)
    while True:
        least[:] = np.inf
        own[:] = np.inf
        for j in range(k):
            squares[:] = 0
            for axis in range(d):
                at = centroids[j, axis]
                for i in range(n):
                    squares[i] += (columns[axis, i] - at) ** 2
            for i in range(n):
                if squares[i] < least[i]:
                    nearest[i], least[i] = j, squares[i]
                if labels[i] == j:
                    own[i] = squares[i]
        changed = False
        counts[:] = 0
        for i in range(n):
            if own[i] > least[i]:  # at a tie a point stays
                changed |= labels[i] != nearest[i]
                labels[i] = nearest[i]
            counts[labels[i]] += 1
        if counts.min() == 0:  # an empty cluster gets the point that is farthest from its own centroid
            changed = True
            order = np.argsort(-least, kind="mergesort")
            at = 0
            for j in range(k):
                if counts[j] == 0:
                    while counts[labels[order[at]]] < 2:
                        at += 1
                    counts[labels[order[at]]] -= 1
                    labels[order[at]] = j
                    counts[j] = 1
                    at += 1
        if not changed:
            return labels
        centroids[:] = 0
        for i in range(n):
            for axis in range(d):
                centroids[labels[i], axis] += X[i, axis]
        for j in range(k):
            centroids[j] /= counts[j]
