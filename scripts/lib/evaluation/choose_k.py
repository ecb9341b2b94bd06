"""Rules of thumb that choose the number of clusters from a curve over k."""

from collections.abc import Sequence

import numpy as np


def elbow(ks: Sequence[int], inertias: Sequence[float]) -> int | None:
    """The k at the elbow of the inertia: farthest below the chord from the first to the last point.

    Satopää et al. 2011, "Finding a 'kneedle' in a haystack", without their smoothing and with the global
    maximum. Distances are taken with both axes scaled to 0 to 1, so that no unit matters. It depends on the
    smallest and the largest k, and finds something in any curve that bends; it is no test.

    Parameters
    ----------
    ks, inertias
        ks in increasing order.

    Returns
    -------
    The k, or None if there are fewer than three, or no point lies below the chord.
    """
    x, y = np.asarray(ks, float), np.asarray(inertias, float)
    if len(x) < 3 or not y[0] > y[-1]:
        return None
    below = 1 - (x - x[0]) / (x[-1] - x[0]) - (y - y[-1]) / (y[0] - y[-1])
    return int(ks[below.argmax()]) if below.max() > 1e-9 else None


def gap_choice(ks: Sequence[int], gaps: Sequence[float], errors: Sequence[float]) -> int | None:
    """The smallest k whose gap is not below that of the next k by more than the next one's error.

    Tibshirani, Walther & Hastie 2001, section 3. The next k is that of the list, which they have without
    leaps.

    Parameters
    ----------
    ks, gaps, errors
        ks in increasing order; errors are the standard errors of the gaps, their s(k). A gap that is not
        finite, or whose error is NaN, neither makes k be chosen nor the one before.

    Returns
    -------
    The k, or None if each gap is far below the next.
    """
    gaps, errors = np.asarray(gaps), np.asarray(errors)
    known = np.isfinite(gaps)
    with np.errstate(invalid="ignore"):
        enough = known[:-1] & known[1:] & (gaps[:-1] >= gaps[1:] - errors[1:])
    return int(ks[enough.argmax()]) if enough.any() else None
