"""Confidence intervals by drawing again, with replacement, from what was drawn once (Efron & Tibshirani 1993)."""

import numpy as np
from scipy.special import ndtri, stdtrit

CHUNK = 2**25  # numbers in memory at once, where there is a choice


def bootstrap_counts(n: int, n_replicates: int, seed: int) -> list[np.ndarray]:
    """How often each of n samples is drawn in each replicate: uint8 (n, m), some replicates each."""
    rng = np.random.default_rng(seed)
    step = max(1, CHUNK // n)
    return [
        np.stack([np.bincount(rng.integers(n, size=n), minlength=n).astype(np.uint8) for _ in replicates], axis=1)
        for replicates in (range(start, min(start + step, n_replicates)) for start in range(0, n_replicates, step))
    ]


def resampled_mean(values: np.ndarray, seed: int) -> np.ndarray:
    """The mean of crossed repetitions in each replicate, with each kind of repetition drawn again.

    A few repetitions drawn again spread less than they should: with 3 models and 10 seeds, intervals of 95 %
    held the truth in 87 % of cases. So what is drawn is expanded about the mean, by Student's t for so many
    repetitions over the normal distribution's 1.96, and by the root of n / (n - 1): Hesterberg 2015, "What
    teachers should know about the bootstrap", who expands the quantiles, as one can for one kind of repetition.

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
        shares = np.stack([np.bincount(rng.integers(n, size=n), minlength=n) for _ in range(m)], axis=1) / n
        if n > 1:
            expansion = stdtrit(n - 1, 0.975) / ndtri(0.975) * np.sqrt(n / (n - 1))
            shares = 1 / n + expansion * (shares - 1 / n)
        values = np.einsum("i...m,im->...m", values, shares)
    return values


def interval(replicates: np.ndarray) -> tuple[float, float]:
    """The 95 % percentile interval of replicates."""
    lower, upper = np.quantile(replicates, [0.025, 0.975])
    return float(lower), float(upper)
