"""How well two partitions agree, by the usual three measures, for many weightings of the samples at once."""

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_array


def contingency(classes: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """How many samples are in each class and cluster.

    Parameters
    ----------
    classes, labels : (n,) int
    weights : (n, m)
        How often each sample counts, in each of m weightings; None: once.

    Returns
    -------
    (m, n_classes, n_clusters), or (n_classes, n_clusters) without weights: of those that occur, in order
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
    """Measure how well two partitions agree.

    Parameters
    ----------
    counts : (..., n_classes, n_clusters)
        From `contingency`.

    Returns
    -------
    adjusted_rand : (...)
        Hubert & Arabie 1985: 0 expected by chance, 1 for the same partition, as any two of one sample are.
    normalized_mutual_info : (...)
        Mutual information over the arithmetic mean of the entropies, 0 to 1.
    accuracy : (...)
        Share of samples in the right class when each cluster stands for at most one class, chosen for
        the largest share (Kuhn 1955, "the Hungarian method").

    Of no samples, as weights may have it, the first two are 1, as in scikit-learn, and the accuracy is NaN.
    """
    return {
        "adjusted_rand": adjusted_rand(counts),
        "normalized_mutual_info": _normalized_mutual_info(counts),
        "accuracy": _accuracy(counts),
    }


def adjusted_rand(counts: np.ndarray) -> np.ndarray:
    """Adjusted Rand index, as for `agreement`."""
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
    # If both have one group, or each sample by itself, they are the same.
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
