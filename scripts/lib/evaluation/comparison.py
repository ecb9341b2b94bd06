"""The difference between the scores of two feature spaces, and how sure it is."""

from typing import NamedTuple

import numpy as np

from lib.evaluation.bootstrap import interval, resampled_mean


class Difference(NamedTuple):
    """Mean scores of two feature spaces a and b, and the difference between them.

    Examples
    --------
    >>> Difference(0.25, 0.5, 0.25, lower=0.125, upper=0.375).difference
    0.25
    """

    mean_a: float
    mean_b: float
    difference: float  # b - a
    lower: float  # bounds of the 95 % interval; NaN if there is nothing to resample
    upper: float


def difference(a: np.ndarray, b: np.ndarray, n_replicates: int, seed: int = 0) -> Difference:
    """How much the scores of feature space b are above those of a.

    Parameters
    ----------
    a, b : (n_models_a, n_models_b, n_seeds, 1 + n_replicates) or (..., 1)
        The score of each clustering: first with the samples as they are, then with resampled ones, if there are
        any. An axis that does not apply has length 1. Clusterings of the same seed have the same initial samples,
        so seeds are resampled for both sides at once.
    n_replicates
        Of models and seeds, where samples are not resampled.
    seed
        Of the resampling.

    Examples
    --------
    >>> a, b = np.full((1, 1, 10, 1), 0.25), np.full((1, 1, 10, 1), 0.5)  # ten seeds
    >>> found = difference(a, b, n_replicates=1000)
    >>> found.difference, round(found.lower, 9), round(found.upper, 9)
    (0.25, 0.25, 0.25)
    """
    differences = b - a
    resampled = differences[..., 1:]
    if not resampled.shape[-1]:
        resampled = np.broadcast_to(differences, (*differences.shape[:-1], n_replicates))
    lower, upper = (np.nan, np.nan) if differences.size == 1 else interval(resampled_mean(resampled, seed))
    mean_a, mean_b, mean_difference = (float(x[..., 0].mean()) for x in (a, b, differences))
    return Difference(mean_a, mean_b, mean_difference, lower, upper)


def verdict(name_a: str, name_b: str, found: Difference, comparable: bool) -> str:
    """What the interval of a difference says, in words.

    Parameters
    ----------
    name_a, name_b
        Of the feature spaces.
    comparable
        Whether both scores are on one scale.

    Returns
    -------
    "not comparable", "not known" (no interval), "{name} higher", or "no difference found" (the interval holds 0).

    Examples
    --------
    >>> verdict("pixels", "autoencoder", Difference(0.25, 0.5, 0.25, 0.125, 0.375), comparable=True)
    'autoencoder higher'
    """
    if not comparable:
        return "not comparable"
    if np.isnan(found.lower):
        return "not known"
    if found.lower > 0:
        return f"{name_b} higher"
    if found.upper < 0:
        return f"{name_a} higher"
    return "no difference found"
