"""Points without clusters to compare with, for the gap statistic."""

import numpy as np

from lib.parallel import in_threads


def reference(X: np.ndarray, seed: int) -> np.ndarray:
    """Points spread evenly over the box that holds X along its principal axes.

    Tibshirani, Walther & Hastie 2001, "Estimating the number of clusters in a data set via the gap
    statistic", reference (b).

    Parameters
    ----------
    X : (n, d) float

    Returns
    -------
    (n, d) float32
    """
    mean = X.mean(axis=0, dtype=np.float64).astype(np.float32)
    centred = X - mean
    with in_threads(1):
        _, axes = np.linalg.eigh(centred.T @ centred)
        along = centred @ axes
        rng = np.random.default_rng(seed)
        box = rng.random(X.shape, np.float32) * np.ptp(along, axis=0) + along.min(axis=0)
        return box @ axes.T + mean
