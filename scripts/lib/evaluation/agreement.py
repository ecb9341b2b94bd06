"""How well two partitions agree, by three common measures.

Hubert, L. & Arabie, P. (1985). Comparing partitions. J. Classification 2, 193-218.
Kuhn, H. (1955). The Hungarian method for the assignment problem. Naval Research Logistics 2, 83-97.
"""

import numpy as np
from scipy.optimize import linear_sum_assignment


def contingency(classes: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The contingency table: how many samples are in each class and cluster.

    Parameters
    ----------
    classes, labels : (n,) int

    Returns
    -------
    (n_classes, n_clusters) int
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
    return np.bincount(rows * shape[1] + columns, minlength=shape[0] * shape[1]).reshape(shape)


def contingency_and_noise(classes: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The contingency table of the samples in clusters, and how many of each class are noise.

    Parameters
    ----------
    classes : (n,) int
    labels : (n,) int
        -1 for noise, others for clusters.

    Returns
    -------
    (n_classes, n_clusters) int, (n_classes,) int
        The latter is 0 where nothing is noise.

    Examples
    --------
    >>> counts, noise = contingency_and_noise(np.array([0, 0, 1]), np.array([5, -1, 7]))
    >>> counts.tolist(), noise.tolist()
    ([[1, 0], [0, 1]], [1, 0])
    """
    counts = contingency(classes, labels)
    if labels.min() < 0:
        return counts[:, 1:], counts[:, 0]
    return counts, np.zeros(len(counts), counts.dtype)


def agreement(counts: np.ndarray, noise: np.ndarray | int = 0) -> dict[str, float]:
    """Three measures of how well two partitions agree.

    Parameters
    ----------
    counts : (n_classes, n_clusters) int
        From `contingency`, of one sample or more.
    noise : (n_classes,) int
        Samples of each class in no cluster, from `contingency_and_noise`. Each of them counts as a cluster of its
        own, and is in the wrong class for accuracy.

    Returns
    -------
    adjusted_rand
        Hubert & Arabie 1985. 0 is expected by chance; 1 means the same partition.
    normalized_mutual_info
        Mutual information over the arithmetic mean of the entropies, 0 to 1.
    accuracy
        Share of samples in the right class when each cluster stands for at most one class, by the assignment with
        the largest share (Kuhn 1955).

    Examples
    --------
    >>> found = agreement(contingency(np.array([0, 0, 1, 1]), np.array([7, 7, 7, 3])))
    >>> found["adjusted_rand"], found["accuracy"]
    (0.0, 0.75)
    """
    n_samples = counts.sum() + np.sum(noise)
    return {
        "adjusted_rand": adjusted_rand(counts, noise),
        "normalized_mutual_info": _normalized_mutual_info(counts, noise),
        "accuracy": float(counts[linear_sum_assignment(counts, maximize=True)].sum() / n_samples),
    }


def adjusted_rand(counts: np.ndarray, noise: np.ndarray | int = 0) -> float:
    """Adjusted Rand index (Hubert & Arabie 1985), from `contingency`.

    Parameters
    ----------
    counts, noise
        As for `agreement`.

    Examples
    --------
    >>> adjusted_rand(np.array([[2, 0], [0, 2]]))  # the same partition
    1.0
    """
    counts = counts.astype(np.float64)
    # A sample that is a cluster by itself makes no pair within clusters, but counts in all others.
    rows = counts.sum(axis=1) + noise
    together, of_classes, of_clusters, all_pairs = (
        float((x * (x - 1) / 2).sum()) for x in (counts, rows, counts.sum(axis=0), rows.sum(keepdims=True))
    )
    expected = of_classes * of_clusters / max(all_pairs, 1)  # one sample makes no pair
    most = (of_classes + of_clusters) / 2
    # Both have one cluster, or each sample by itself: they are the same partition.
    return 1.0 if most == expected else (together - expected) / (most - expected)


def _normalized_mutual_info(counts: np.ndarray, noise: np.ndarray | int) -> float:
    n_noise = np.sum(noise)
    n_samples = counts.sum() + n_noise
    shares = counts / n_samples
    alone = float(n_noise / n_samples * np.log(n_samples))  # the entropy of as many clusters of one sample
    classes = _entropy(shares.sum(axis=1) + noise / n_samples)
    clusters, both = _entropy(shares.sum(axis=0)) + alone, _entropy(shares.ravel()) + alone
    mean = (classes + clusters) / 2
    return 1.0 if mean == 0 else max(classes + clusters - both, 0.0) / mean


def _entropy(shares: np.ndarray) -> float:
    return -float((shares * np.log(np.where(shares > 0, shares, 1))).sum())
