"""What a chunk of the pairs of points contributes to the validity indices."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

# Distance, number of the tile, and two rows of X in ascending order. The least tuple is the extreme, so ties are
# decided the same way everywhere. For the diameter the distance is negative.
Extreme = tuple[float, int, int, int]

NO_PAIR: Extreme = (np.inf, 0, 0, 0)  # where there is no such pair


class PartialSums(NamedTuple):
    """The contribution of a chunk of all pairs of points; `combine` makes a `Validity` of all chunks.

    Examples
    --------
    >>> sums, exponents = np.zeros((2, 3), np.int64), np.zeros((2, 3), np.int16)
    >>> PartialSums(sums, exponents, separation=(1.5, 0, 0, 2), diameter=NO_PAIR).separation
    (1.5, 0, 0, 2)
    """

    sums: np.ndarray  # (n_clusters, n) int64: of the distances of each point to the points of each cluster
    exponents: np.ndarray  # (n_clusters, n) int16: the unit of each sum is 2 ** exponent
    separation: Extreme  # the nearest pair of points of different clusters
    diameter: Extreme  # the farthest pair of points of one cluster


def within_memory(labellings: Sequence[np.ndarray], max_bytes: float = 5e8) -> Iterator[Sequence[np.ndarray]]:
    """Clusterings to score together: as many as `validities` takes so much memory for, or one.

    Parameters
    ----------
    labellings : sequence of (n,) int
        Of the same points.

    Examples
    --------
    >>> [len(some) for some in within_memory([np.arange(10)] * 5, max_bytes=4500)]
    [2, 2, 1]
    """
    start, used = 0, 0
    for i, labels in enumerate(labellings):
        needed = 20 * len(labels) * (int(labels.max()) + 1)
        if start < i and used + needed > max_bytes:
            yield labellings[start:i]
            start, used = i, 0
        used += needed
    if start < len(labellings):
        yield labellings[start:]
