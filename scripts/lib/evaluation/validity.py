"""Internal validity of a clustering: silhouette and Dunn's index, over all pairs."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from lib.base.parallel import in_threads
from lib.evaluation.pairs import PairwisePass, PartialSums, Points, check_points, silhouettes


class Validity(NamedTuple):
    silhouette: float  # mean of silhouette_samples
    dunn: float  # separation / diameter
    separation: float  # smallest distance between two points of different clusters
    diameter: float  # largest distance between two points of one cluster
    silhouette_samples: np.ndarray  # (n,) float64
    separation_pair: tuple[int, int] | None  # rows of X that are so far apart; None if there is one cluster only
    diameter_pair: tuple[int, int] | None


def validity(X: np.ndarray, labels: np.ndarray, *, n_threads: int | None = None) -> Validity:
    """Silhouette and Dunn's index of a clustering, from one pass over all pairs of points.

    Euclidean distance. Silhouettes are within 1e-8 of the exact ones; Dunn's index, separation and diameter
    within 1e-8 of their size, whatever outliers and duplicates there are. The result is the same to the bit
    whatever `n_threads` is.

    Silhouette (Rousseeuw 1987): of a point, (b - a) / max(a, b), where a is its mean distance
    to the other points of its cluster and b the least mean distance to the points of another
    cluster. 0 for the only point of a cluster, and where a = b = 0. NaN where there is one
    cluster only.

    Dunn's index (Dunn 1974): separation over diameter. Infinite where the diameter is 0 and the
    separation is not; NaN where both are 0 or there is one cluster only. It is a matter of two pairs of
    points among all, so no sample can tell it.

    Parameters
    ----------
    X : (n, d) float
        Finite values; the largest between 1e-30 and 1e30 in size.
    labels : (n,) int
        Any numbers will do for clusters.
    n_threads
        By default one for each core that the process may use.

    Raises
    ------
    ValueError
        If there are no points, or not one label for each, or values are not finite, too large or too small.

    Notes
    -----
    Time O(n² d); memory 4 n d + 50 n k + 100 n bytes at most beside X (float32), and some blocks. Distances come
    from products in float64, and from the coordinates where the products lose too many digits.
    """
    return validities(X, [labels], n_threads=n_threads)[0]


def validities(X: np.ndarray, labellings: Sequence[np.ndarray], *, n_threads: int | None = None) -> list[Validity]:
    """The `validity` of several clusterings of the same points, which takes little longer than that of one.

    Distances are computed once for all. Each result is, to the bit, that of `validity` for this clustering
    alone. Memory: 20 n k bytes more for each.
    """
    parts = partial_sums(X, labellings, 0, 1, n_threads=n_threads)
    return [combine(labels, [part]) for labels, part in zip(labellings, parts, strict=True)]


def partial_sums(
    X: np.ndarray, labellings: Sequence[np.ndarray], chunk: int, n_chunks: int, *, n_threads: int | None = None
) -> list[PartialSums]:
    """The part of each of the `validities` from about one in `n_chunks` of all pairs of points.

    Parts may be computed anywhere, in any order; `combine` makes of them, to the bit, what `validities` gives.

    Parameters
    ----------
    X, labellings, n_threads
        As for `validities`; the same for all parts.
    chunk : int
        0 to `n_chunks` - 1.
    """
    check_points(X, *labellings)
    with in_threads(n_threads) as parallel_map:
        pairs = PairwisePass(Points(X), labellings, parallel_map)
        parallel_map(lambda task: pairs.compute(*task), pairs.tasks()[chunk::n_chunks])
        return [pairs.partial_sums_of(labelling) for labelling in pairs.labellings]


def combine(labels: np.ndarray, parts: Sequence[PartialSums]) -> Validity:
    """The validity of a clustering from all its parts, in any order."""
    _, cluster, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    # Parts may come from machines of different kinds, whose rounding may choose different units.
    exponents = np.max([part.exponents for part in parts], axis=0)
    whole = sum(part.sums >> (exponents - part.exponents) for part in parts)
    sums = np.ldexp(whole.astype(np.float64), exponents)
    samples = silhouettes(sums, sizes, cluster)
    separation, _, *separation_pair = min(part.separation for part in parts)
    diameter, _, *diameter_pair = min(part.diameter for part in parts)
    diameter = abs(diameter)
    with np.errstate(divide="ignore", invalid="ignore"):
        separation = separation if np.isfinite(separation) else np.nan
        dunn = float(np.divide(separation, diameter))
    return Validity(
        float(samples.mean()),
        dunn,
        separation,
        diameter,
        samples,
        None if np.isnan(separation) else tuple(separation_pair),
        tuple(diameter_pair),
    )
