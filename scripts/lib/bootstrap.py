"""Confidence intervals by drawing again, with replacement, from what was drawn once (Efron & Tibshirani 1993)."""

import numpy as np

CHUNK = 2**25  # numbers in memory at once, where there is a choice


def draws_of_samples(n: int, n_replicates: int, seed: int) -> list[np.ndarray]:
    """How often each of n samples is drawn in each replicate: uint8 (n, m), some replicates each."""
    rng = np.random.default_rng(seed)
    step = max(1, CHUNK // n)
    return [
        np.stack([np.bincount(rng.integers(n, size=n), minlength=n).astype(np.uint8) for _ in replicates], axis=1)
        for replicates in (range(start, min(start + step, n_replicates)) for start in range(0, n_replicates, step))
    ]


def resampled_mean(values: np.ndarray, seed: int) -> np.ndarray:
    """The mean of crossed repetitions in each replicate, with each kind of repetition drawn again.

    Parameters
    ----------
    values : (..., m)
        A value for each combination of repetitions (say: models, seeds) in each of m replicates.

    Returns
    -------
    (m,)
        An axis of length 1 cannot be drawn from: what it would add to the spread stays unknown.
    """
    rng = np.random.default_rng(seed)
    while values.ndim > 1:
        n, m = values.shape[0], values.shape[-1]
        drawn = np.stack([np.bincount(rng.integers(n, size=n), minlength=n) for _ in range(m)], axis=1) / n
        values = np.einsum("i...m,im->...m", values, drawn)
    return values


def interval(replicates: np.ndarray, level: float = 0.95) -> tuple[float, float]:
    """The percentile interval of replicates."""
    lower, upper = np.quantile(replicates, [(1 - level) / 2, (1 + level) / 2])
    return float(lower), float(upper)
