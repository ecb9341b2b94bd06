"""The difference between the scores of two feature spaces, and how sure it is."""

from typing import NamedTuple

import numpy as np

from lib.evaluation.bootstrap import interval, resampled_mean


class Difference(NamedTuple):
    mean_a: float
    mean_b: float
    difference: float  # b - a
    lower: float  # bounds of the 95 % interval; NaN if nothing could be drawn again
    upper: float


def difference(a: np.ndarray, b: np.ndarray, n_replicates: int, seed: int = 0) -> Difference:
    """How much the scores of feature space b are above those of a.

    Parameters
    ----------
    a, b : (n_models_a, n_models_b, n_seeds, 1 + n_replicates) or (..., 1)
        The score of each clustering, first with the samples as they are, then with samples drawn again, if
        they were. An axis that does not apply has length 1. Clusterings with the same seed began from the
        same samples, so a seed is drawn for both at once.
    """
    differences = b - a
    resampled = differences[..., 1:]
    if not resampled.shape[-1]:
        resampled = np.broadcast_to(differences, (*differences.shape[:-1], n_replicates))
    bounds = (np.nan, np.nan) if differences.size == 1 else interval(resampled_mean(resampled, seed))
    return Difference(*(float(x[..., 0].mean()) for x in (a, b, differences)), *bounds)


def verdict(name_a: str, name_b: str, found: Difference, comparable: bool) -> str:
    """What the interval of a difference says, in words."""
    if not comparable:
        return "not comparable"
    if np.isnan(found.lower):
        return "not known"
    if found.lower > 0:
        return f"{name_b} higher"
    if found.upper < 0:
        return f"{name_a} higher"
    return "no difference found"
