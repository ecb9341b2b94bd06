"""How well clusters agree with known classes, by the usual three measures."""

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score
from sklearn.metrics.cluster import contingency_matrix


def agreement(classes: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Compare an assignment of n samples to clusters with their classes.

    Parameters
    ----------
    classes, labels : (n,) int

    Returns
    -------
    adjusted_rand
        Hubert & Arabie 1985: 0 expected by chance, 1 for the same partition.
    normalized_mutual_info
        Mutual information over the arithmetic mean of the entropies, 0 to 1.
    accuracy
        Share of samples in the right class when each cluster stands for at most one class, chosen for
        the largest share (Kuhn 1955, "the Hungarian method").
    """
    counts = contingency_matrix(classes, labels)
    return {
        "adjusted_rand": float(adjusted_rand_score(classes, labels)),
        "normalized_mutual_info": float(normalized_mutual_info_score(classes, labels)),
        "accuracy": float(counts[linear_sum_assignment(counts, maximize=True)].sum() / len(classes)),
    }
