"""Points in clusters that overlap, for the tests of indices."""

import numpy as np


def overlapping_clusters(n=2500, d=3, seed=0):
    """Points in overlapping clusters of unequal size, unsorted, two of them singletons."""
    rng = np.random.default_rng(seed)
    labels = rng.choice([-3, 0, 1, 7, 40], n, p=[0.6, 0.2, 0.1, 0.05, 0.05])
    labels[[n // 3, n // 2]] = [99, -99]
    return rng.normal(size=(n, d)) + labels[:, None] % 5, labels
