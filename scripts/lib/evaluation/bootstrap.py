"""Bootstrap confidence intervals (Efron & Tibshirani 1993).

Efron, B. & Tibshirani, R. (1993). An Introduction to the Bootstrap.
Hesterberg, T. (2015). What teachers should know about the bootstrap. American Statistician 69(4), 371-386.
"""

import numpy as np
from scipy.special import ndtri, stdtrit

CHUNK = 2**25  # numbers in memory at once, about


def bootstrap_counts(n: int, n_replicates: int, seed: int) -> list[np.ndarray]:
    """How often each of n samples is drawn in each replicate, when n are drawn with replacement.

    Returns
    -------
    Chunks (n, m) uint8, in which the m add up to `n_replicates`.

    Examples
    --------
    >>> (counts,) = bootstrap_counts(5, n_replicates=3, seed=0)
    >>> counts.shape, counts.sum(axis=0).tolist()
    ((5, 3), [5, 5, 5])
    """
    rng = np.random.default_rng(seed)
    step = max(1, CHUNK // n)
    return [
        np.stack([np.bincount(rng.integers(n, size=n), minlength=n).astype(np.uint8) for _ in replicates], axis=1)
        for replicates in (range(start, min(start + step, n_replicates)) for start in range(0, n_replicates, step))
    ]


def resampled_mean(values: np.ndarray, seed: int) -> np.ndarray:
    """The mean over crossed repetitions in each replicate, each kind of repetition resampled with replacement.

    Few repetitions that are resampled spread less than they should: with 3 models and 10 seeds, intervals of 95 %
    held the truth in 87 % of cases. So the resampled means are expanded about the mean: by the quantile of
    Student's t over the normal distribution's 1.96, and by sqrt(n / (n - 1)), for n repetitions. (Hesterberg 2015
    expands the quantiles instead, which is possible for one kind of repetition.)

    Parameters
    ----------
    values : (..., m) float
        A value for each combination of repetitions (such as models, seeds) in each of m replicates.

    Returns
    -------
    (m,) float64
        An axis of length 1 cannot be resampled: what it would add to the spread stays unknown.

    Examples
    --------
    >>> means = resampled_mean(np.full((2, 3, 4), 0.5), seed=0)  # two models, three seeds, four replicates
    >>> bool(np.allclose(means, [0.5, 0.5, 0.5, 0.5]))
    True
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
    """The 95 % percentile interval of replicates, (n_replicates,).

    Examples
    --------
    >>> interval(np.arange(41))
    (1.0, 39.0)
    """
    lower, upper = np.quantile(replicates, [0.025, 0.975])
    return float(lower), float(upper)
