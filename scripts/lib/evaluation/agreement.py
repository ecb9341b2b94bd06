"""How well two partitions agree, by three common measures, for many weightings of the samples at once.

Hubert, L. & Arabie, P. (1985). Comparing partitions. J. Classification 2, 193-218.
Kuhn, H. (1955). The Hungarian method for the assignment problem. Naval Research Logistics 2, 83-97.
"""

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_array


def contingency(classes: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """The contingency table: how many samples are in each class and cluster.

    Parameters
    ----------
    classes, labels : (n,) int
    weights : (n, m)
        How often each sample counts, in each of m weightings; None: once.

    Returns
    -------
    (m, n_classes, n_clusters), or (n_classes, n_clusters) without weights
        Of the classes and clusters that occur, in ascending order.

    Examples
    --------
    >>> contingency(np.array([0, 0, 1]), np.array([5, 7, 7])).tolist()
    [[1, 1], [0, 1]]
    """
    (class_values, rows), (cluster_values, columns) = (
        np.unique(x, return_inverse=True) for x in (classes, labels)
    )
    shape = len(class_values), len(cluster_values)
    cells = rows * shape[1] + columns
    if weights is None:
        return np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape)
    n = len(cells)
    member = csr_array((np.ones(n, weights.dtype), (cells, np.arange(n))), shape=(shape[0] * shape[1], n))
    return (member @ weights).T.reshape(-1, *shape)


def agreement(counts: np.ndarray) -> dict[str, np.ndarray]:
    """Three measures of how well two partitions agree.

    Parameters
    ----------
    counts : (..., n_classes, n_clusters)
        From `contingency`.

    Returns
    -------
    adjusted_rand : (...)
        Hubert & Arabie 1985. 0 is expected by chance; 1 means the same partition.
    normalized_mutual_info : (...)
        Mutual information over the arithmetic mean of the entropies, 0 to 1.
    accuracy : (...)
        Share of samples in the right class when each cluster stands for at most one class, by the assignment with
        the largest share (Kuhn 1955).

    Notes
    -----
    Where weights leave one sample or none, the first two are 1, as in scikit-learn. Of none, the accuracy is NaN.

    Examples
    --------
    >>> found = agreement(contingency(np.array([0, 0, 1, 1]), np.array([7, 7, 7, 3])))
    >>> float(found["adjusted_rand"]), float(found["accuracy"])
    (0.0, 0.75)
    """
    return {
        "adjusted_rand": adjusted_rand(counts),
        "normalized_mutual_info": _normalized_mutual_info(counts),
        "accuracy": _accuracy(counts),
    }


def adjusted_rand(counts: np.ndarray) -> np.ndarray:
    """Adjusted Rand index (Hubert & Arabie 1985), with the shapes of `agreement`.

    Examples
    --------
    >>> float(adjusted_rand(np.array([[2, 0], [0, 2]])))  # the same partition
    1.0
    """
    counts = counts.astype(np.float64)
    together, of_classes, of_clusters, all_pairs = (
        (x * (x - 1) / 2).sum(axis=axes)
        for x, axes in (
            (counts, (-2, -1)),
            (counts.sum(axis=-1), -1),
            (counts.sum(axis=-2), -1),
            (counts.sum(axis=(-2, -1))[..., None], -1),
        )
    )
    expected = of_classes * of_clusters / np.maximum(all_pairs, 1)  # one sample makes no pair
    most = (of_classes + of_clusters) / 2
    # Both have one cluster, or each sample by itself: they are the same partition.
    return np.where(
        most == expected, 1.0, (together - expected) / np.where(most == expected, 1.0, most - expected)
    )


def _normalized_mutual_info(counts: np.ndarray) -> np.ndarray:
    shares = counts / np.maximum(counts.sum(axis=(-2, -1), keepdims=True, dtype=np.float64), 1)
    classes, clusters = _entropy(shares.sum(axis=-1)), _entropy(shares.sum(axis=-2))
    both = _entropy(shares.reshape(*shares.shape[:-2], -1))
    mean = (classes + clusters) / 2
    information = np.maximum(classes + clusters - both, 0)
    return np.where(mean == 0, 1.0, information / np.where(mean == 0, 1.0, mean))


def _entropy(shares: np.ndarray) -> np.ndarray:
    return -(shares * np.log(np.where(shares > 0, shares, 1))).sum(axis=-1)


def _accuracy(counts: np.ndarray) -> np.ndarray:
    n = counts.sum(axis=(-2, -1), dtype=np.float64)
    right = [
        table[linear_sum_assignment(table, maximize=True)].sum()
        for table in counts.reshape(-1, *counts.shape[-2:])
    ]
    with np.errstate(invalid="ignore"):
        return np.reshape(right, n.shape) / n
