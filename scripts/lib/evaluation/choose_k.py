"""Rules of thumb that choose the number of clusters from a curve over k.

Satopää, V. et al. (2011). Finding a "kneedle" in a haystack: detecting knee points in system behavior. ICDCS
Workshops, 166-171.
Tibshirani, R., Walther, G. & Hastie, T. (2001). Estimating the number of clusters in a data set via the gap
statistic. J. R. Stat. Soc. B 63(2), 411-423.
"""

from collections.abc import Sequence

import numpy as np


def elbow(ks: Sequence[int], inertias: Sequence[float]) -> int | None:
    """The k at the elbow of the inertia: farthest below the chord from the first point to the last.

    This is Satopää et al. 2011 without smoothing, and with the global maximum. Both axes are scaled to 0 to 1, so
    that no unit matters. The elbow depends on the smallest and the largest k, and any curve that bends has one: it
    is no test.

    Parameters
    ----------
    ks, inertias
        In the order of increasing k.

    Returns
    -------
    The k; None if there are fewer than three, or no point lies below the chord.

    Examples
    --------
    >>> elbow([2, 3, 4, 5, 6], [100, 60, 20, 15, 10])
    4
    """
    x, y = np.asarray(ks, float), np.asarray(inertias, float)
    if len(x) < 3 or not y[0] > y[-1]:
        return None
    below = 1 - (x - x[0]) / (x[-1] - x[0]) - (y - y[-1]) / (y[0] - y[-1])
    return int(ks[below.argmax()]) if below.max() > 1e-9 else None


def gap_choice(ks: Sequence[int], gaps: Sequence[float], errors: Sequence[float]) -> int | None:
    """The smallest k whose gap is at least the gap of the next k minus that one's standard error.

    Tibshirani, Walther & Hastie 2001, section 3. The next k is the next one of the list; theirs has no holes.

    Parameters
    ----------
    ks, gaps, errors
        In the order of increasing k. The errors are the standard errors of the gaps, s(k) in the paper. A k whose
        gap is not finite is not chosen, nor is the one before; nor is the one before a k whose error is NaN.

    Returns
    -------
    The k; None if each gap is farther below the next.

    Examples
    --------
    >>> gap_choice([2, 3, 4], [0.5, 0.9, 0.8], [0.1, 0.1, 0.1])
    3
    """
    values, standard_errors = np.asarray(gaps), np.asarray(errors)
    is_finite = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        is_enough = is_finite[:-1] & is_finite[1:] & (values[:-1] >= values[1:] - standard_errors[1:])
    return int(ks[is_enough.argmax()]) if is_enough.any() else None
