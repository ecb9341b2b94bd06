"""Internal validity of a clustering: silhouette and Dunn's index, over all pairs of points.

Rousseeuw, P. (1987). Silhouettes: a graphical aid to the interpretation and validation of cluster analysis.
J. Comput. Appl. Math. 20, 53-65.
Dunn, J. (1974). Well-separated clusters and optimal fuzzy partitions. J. Cybernetics 4(1), 95-104.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from lib.base.parallel import in_threads
from lib.evaluation.pairs import PairwisePass, Points, check_points, silhouettes
from lib.evaluation.partial_sums import PartialSums


class Validity(NamedTuple):
    """Silhouette and Dunn's index of a clustering, with the distances that make them.

    Examples
    --------
    >>> validity(np.array([[0.0], [1], [9]]), np.array([0, 0, 1])).separation_pair
    (1, 2)
    """

    silhouette: float  # mean of silhouette_samples
    dunn: float  # separation / diameter
    separation: float  # smallest distance between two points of different clusters
    diameter: float  # largest distance between two points of one cluster
    silhouette_samples: np.ndarray  # (n,) float64
    separation_pair: tuple[int, int] | None  # the rows of X at that distance; None if there is one cluster only
    diameter_pair: tuple[int, int] | None


def validity(X: np.ndarray, labels: np.ndarray, *, n_threads: int | None = None) -> Validity:
    """Silhouette and Dunn's index of a clustering, from one pass over all pairs of points.

    Distances are Euclidean. Silhouettes are within 1e-8 of the exact ones. Dunn's index, separation and diameter
    have a relative error of 1e-8 at most, whatever outliers and duplicates there are. The result is the same to
    the bit whatever `n_threads` is.

    Silhouette (Rousseeuw 1987) of a point: (b - a) / max(a, b), where a is its mean distance to the other points
    of its cluster, and b the least mean distance to the points of another cluster. It is 0 for the only point of
    a cluster and where a = b = 0, and NaN where there is one cluster only.

    Dunn's index (Dunn 1974): separation / diameter. It is infinite where the diameter alone is 0, and NaN where
    both are 0 or there is one cluster only. Two pairs of points among all decide it, so a sample cannot estimate
    it.

    Parameters
    ----------
    X : (n, d) float
        Finite values. The largest absolute value is between 1e-30 and 1e30, or all are 0.
    labels : (n,) int
        Any numbers will do for clusters.
    n_threads
        None: one for each core that the process may use.

    Returns
    -------
    Validity

    Raises
    ------
    ValueError
        If there are no points, or not one label for each, or values are not finite, too large or too small.

    Notes
    -----
    Time O(n² d); memory 4 n d + 50 n k + 100 n bytes at most beside X (float32), and some blocks. Distances come
    from products in float64, and from the coordinates where the products lose too many digits.

    Examples
    --------
    >>> found = validity(np.array([[0.0], [1], [9], [10]]), np.array([0, 0, 1, 1]))
    >>> found.dunn, found.silhouette_samples.round(3).tolist()
    (8.0, [0.895, 0.882, 0.882, 0.895])
    """
    return validities(X, [labels], n_threads=n_threads)[0]


def validities(X: np.ndarray, labellings: Sequence[np.ndarray], *, n_threads: int | None = None) -> list[Validity]:
    """The `validity` of several clusterings of the same points, in little more time than that of one.

    Distances are computed once for all. Each result is, to the bit, that of `validity` for this clustering alone.
    Each clustering takes 20 n k bytes more.

    Parameters
    ----------
    X, n_threads
        As for `validity`.
    labellings : sequence of (n,) int

    Raises
    ------
    ValueError
        As `validity`.

    Examples
    --------
    >>> X = np.array([[0.0], [1], [9], [10]])
    >>> [found.dunn for found in validities(X, [np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])])]
    [8.0, 0.1111111111111111]
    """
    sums = partial_sums(X, labellings, 0, 1, n_threads=n_threads)
    return [combine(labels, [of_labels]) for labels, of_labels in zip(labellings, sums, strict=True)]


def partial_sums(
    X: np.ndarray, labellings: Sequence[np.ndarray], chunk: int, n_chunks: int, *, n_threads: int | None = None
) -> list[PartialSums]:
    """What a chunk of about one in `n_chunks` of all pairs of points contributes to each of the `validities`.

    Chunks may be computed anywhere, in any order. `combine` makes of them, to the bit, what `validities` gives.

    Parameters
    ----------
    X, labellings, n_threads
        As for `validities`; the same for all chunks.
    chunk
        0 to `n_chunks` - 1.

    Returns
    -------
    One `PartialSums` for each of the labellings.

    Raises
    ------
    ValueError
        As `validity`.

    Examples
    --------
    >>> X, labels = np.array([[0.0], [1], [9], [10]]), np.array([0, 0, 1, 1])
    >>> chunks = [partial_sums(X, [labels], chunk, 2)[0] for chunk in range(2)]
    >>> combine(labels, chunks).dunn
    8.0
    """
    check_points(X, *labellings)
    with in_threads(n_threads) as parallel_map:
        pairs = PairwisePass(Points(X), labellings, parallel_map)
        parallel_map(lambda task: pairs.add_tiles(*task), pairs.tasks()[chunk::n_chunks])
        return [pairs.partial_sums_of(labelling) for labelling in pairs.labellings]


def combine(labels: np.ndarray, chunks: Sequence[PartialSums]) -> Validity:
    """The validity of a clustering from the partial sums of all chunks, in any order.

    Parameters
    ----------
    labels : (n,) int
    chunks
        What `partial_sums` gives for these labels, for each chunk.

    Examples
    --------
    >>> X, labels = np.array([[0.0], [1], [9], [10]]), np.array([0, 0, 1, 1])
    >>> combine(labels, partial_sums(X, [labels], 0, 1)).diameter_pair
    (0, 1)
    """
    _, cluster, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    # Chunks may come from machines of different kinds, whose rounding may choose different units.
    exponents = np.max([chunk.exponents for chunk in chunks], axis=0)
    whole = sum(chunk.sums >> (exponents - chunk.exponents) for chunk in chunks)
    sums = np.ldexp(whole.astype(np.float64), exponents)
    samples = silhouettes(sums, sizes, cluster)
    separation, _, near_i, near_j = min(chunk.separation for chunk in chunks)
    diameter, _, far_i, far_j = min(chunk.diameter for chunk in chunks)
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
        None if np.isnan(separation) else (near_i, near_j),
        (far_i, far_j),
    )
