"""The assignment step of k-means: the nearest centroid of each point, with as few distances as bounds allow.

Hamerly, G. (2010). Making k-means even faster. SIAM Int. Conf. on Data Mining, 130-140.
Higham, N. (2002). Accuracy and Stability of Numerical Algorithms, section 3.1: errors of sums of products.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from lib.base.parallel import BLOCK_ROWS, blocks
from lib.clustering.compiled import (
    EPS,
    TINY,
    add_rows,
    assign_block,
    change_of_hash,
    lower_margins,
    squared_distances_to,
)

SMALLEST, LARGEST = 1e-37, 1e37  # range of the largest absolute value: float32 has to hold centroids
CHUNK = 128  # terms of a product that are added up in one go: few keep rounding errors small
FEW = 2**21  # operations that take about as long as to wake another thread


class Points:
    """The data of k-means, and where they are centred and scaled to the range of float32.

    Parameters
    ----------
    X : (n, d) float
        As for `kmeans`.
    parallel_map
        Of `in_threads`.
    init : (k, d) float64
        Initial centroids, if they are given and may lie outside the data.

    Raises
    ------
    ValueError
        If the largest absolute value of X is not between `SMALLEST` and `LARGEST`, nor 0.

    Examples
    --------
    >>> points = Points(np.array([[0.0], [1], [5]]), lambda f, items: [f(x) for x in items])
    >>> points.sums(np.array([0, 0, 1], np.int32), 2).tolist()
    [[1.0], [5.0]]
    """

    def __init__(self, X: np.ndarray, parallel_map: Callable, init: np.ndarray | None = None):
        self.X = X
        self.n, self.d = X.shape
        self.type = np.result_type(X.dtype, np.float32)
        is_ready = isinstance(X, np.ndarray) and X.dtype == self.type and X.dtype.isnative
        self.rows_at_once = self.n if is_ready else BLOCK_ROWS  # what has to be read or converted, in blocks
        self.parallel_map = parallel_map
        self.blocks = blocks(self.n, max(256, 2**18 // self.d))  # a megabyte each, to fit a core's cache
        self.origin = self._sample_medians()  # (d,)
        self.scale = self._power_of_two(init)
        self.squares = self._squared_distances(self.origin[None], np.zeros(self.n, np.int32))  # of norms

    def _sample_medians(self) -> np.ndarray:
        """The medians of the coordinates of a sample, which outliers hardly move."""
        sample = self.X[:: -(-self.n // 256)]
        return np.sort(sample, axis=0)[len(sample) // 2].astype(self.type)

    def _power_of_two(self, init: np.ndarray | None) -> float:
        """A scale that keeps squares within the range of float32."""

        def extremes(rows: slice) -> tuple[np.ndarray, np.ndarray]:
            x = self.X[rows]
            return x.min(axis=0), x.max(axis=0)

        lows, highs = zip(*self.parallel_map(extremes, blocks(self.n)), strict=True)
        low, high = (np.asarray(x, np.float64) for x in (np.min(lows, axis=0), np.max(highs, axis=0)))
        largest = np.maximum(high, -low).max()
        if not (SMALLEST < largest < LARGEST or largest == 0):
            limits = f"between {SMALLEST:g} and {LARGEST:g} in size"
            raise ValueError(f"X should have finite values, the largest {limits}, has {largest}")
        if init is not None:
            low, high = np.minimum(low, init.min(axis=0)), np.maximum(high, init.max(axis=0))
        farthest = np.maximum(high - self.origin, self.origin - low).max()
        if 1e-6 < farthest < 1e12:
            return 1.0
        exponent = int(np.frexp(farthest)[1])
        return 2.0 ** min(40 - exponent if farthest > 1 else -exponent, 1000)

    def _center_and_scale(self, x: np.ndarray) -> np.ndarray:
        x = x - self.origin
        if self.scale != 1:
            x = x * np.float64(self.scale)
        return x.astype(np.float32, copy=False)

    def _parts(self, k: int) -> list[slice]:
        """Stretches of rows for the threads. Their sums take a fifth of the memory of the points, or less."""
        n_parts = max(1, min(32, self._work(self.n, k) // FEW, self.n // (10 * k)))
        return blocks(self.n, -(-self.n // n_parts))

    def _work(self, n: int, k: int) -> int:
        """About how many operations it takes to assign n points."""
        return n * (self.d * k + 64)

    def _blocks_of(self, part: slice) -> list[slice]:
        """The rows of a part, as many at once as are read or converted together."""
        step = self.rows_at_once
        return [slice(start, min(start + step, part.stop)) for start in range(part.start, part.stop, step)]

    def _read(self, rows: slice) -> np.ndarray:
        return np.ascontiguousarray(self.X[rows], self.type)

    def assign(self, centroids: np.ndarray, state: "State") -> None:
        """Give each point the nearest centroid; changes `state`.

        The tie rule: at an exact tie a point keeps its label, if it is among the nearest, else it gets the first.

        Parameters
        ----------
        centroids : (k, d) float64

        Examples
        --------
        >>> points = Points(np.array([[0.0], [1], [5]]), lambda f, items: [f(x) for x in items])
        >>> state = State(points, 2)
        >>> points.assign(np.array([[0.0], [4]]), state)
        >>> state.labels.tolist(), state.sums.tolist()
        ([0, 0, 1], [[1.0], [5.0]])
        """
        k = len(centroids)
        losses = state.losses(centroids, self.scale)
        state.centroids = centroids
        c = (centroids - self.origin) * self.scale
        squares = (c**2).sum(axis=1).astype(np.float32)
        n_chunks = -(-self.d // CHUNK)
        width = self.d if n_chunks == 1 else -(-self.d // (n_chunks * 16)) * 16  # 64 bytes at a time
        factors = np.zeros((n_chunks, k, width), np.float32)
        for i in range(n_chunks):
            columns = -2 * c[:, i * width : (i + 1) * width]
            factors[i, :, : columns.shape[1]] = columns

        def assign_part(part: slice) -> Changes:
            changes = Changes(
                np.zeros((k, self.d)), np.zeros(k, np.int64), np.zeros(1, np.uint64), np.zeros(2, np.int64)
            )
            for rows in self._blocks_of(part):
                labels, margin = state.labels[rows], state.margin[rows]
                if lower_margins(margin, labels, losses):
                    x, first = self._read(rows), rows.start
                    near = (self.origin, self.scale, factors, squares, centroids, self.squares[rows])
                    assign_block(x, *near, first, labels, margin, *changes)
            return changes

        # As many points as the last time, or fewer, as a rule: often too few to wake other threads.
        is_small = self._work(state.n_evaluated, k) + 8 * self.n < FEW
        state.n_evaluated = 0
        for changes in (map if is_small else self.parallel_map)(assign_part, self._parts(k)):
            state.n_evaluated += int(changes.n[0])
            state.n_exact += int(changes.n[1])
            state.hash = (state.hash + int(changes.hash[0])) % 2**64
            state.counts += changes.counts
            state.sums += changes.sums

    def sums(self, labels: np.ndarray, k: int) -> np.ndarray:
        """The sum of the points of each label, (k, d) float64.

        Parameters
        ----------
        labels : (n,) int32
            0 to k - 1.

        Examples
        --------
        >>> points = Points(np.array([[0.0], [1], [5]]), lambda f, items: [f(x) for x in items])
        >>> points.sums(np.array([1, 0, 1], np.int32), 2).tolist()
        [[1.0], [5.0]]
        """

        def add(part: slice) -> np.ndarray:
            sums = np.zeros((k, self.d))
            for rows in self._blocks_of(part):
                add_rows(self._read(rows), labels[rows], sums)
            return sums

        return sum(self.parallel_map(add, self._parts(k)))

    def squared_distances_to_points(self, index: Sequence[int] | np.ndarray) -> np.ndarray:
        """Squared distances, in units of 1 / scale², of the points with these numbers to all.

        Returns
        -------
        (len(index), n) float64
            Exactly 0 for equal points.

        Examples
        --------
        >>> points = Points(np.array([[0.0], [1], [5]]), lambda f, items: [f(x) for x in items])
        >>> points.squared_distances_to_points([1]).tolist()
        [[1.0, 0.0, 16.0]]
        """
        points = np.stack([self.X[i] for i in index])
        y = self._center_and_scale(points)
        squares = np.einsum("ij,ij->i", y, y)[:, None]
        result = np.empty((len(y), self.n))

        def compute(rows: slice) -> None:
            others = self.X[rows]
            size = squares + self.squares[rows]
            squared = size - 2 * y @ self._center_and_scale(others).T
            i, j = np.nonzero(squared <= 2 * rounding_bound(self.d + 2, size))
            squared[i, j] = (((points[i] - others[j].astype(np.float64)) * self.scale) ** 2).sum(axis=1)
            result[:, rows] = squared

        self.parallel_map(compute, self.blocks)
        return result

    def squared_distances_to_own(self, centroids: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Squared distance, in units of 1 / scale², of each point to the centroid of its label, (n,) float64.

        Examples
        --------
        >>> points = Points(np.array([[0.0], [1], [5]]), lambda f, items: [f(x) for x in items])
        >>> points.squared_distances_to_own(np.array([[0.0], [4]]), np.array([0, 0, 1], np.int32)).tolist()
        [0.0, 1.0, 1.0]
        """
        return self._squared_distances(centroids, labels)

    def _squared_distances(self, centres: np.ndarray, labels: np.ndarray) -> np.ndarray:
        found = np.empty(self.n)
        centres = np.ascontiguousarray(centres, np.float64)

        def compute(rows: slice) -> None:
            squared_distances_to(self._read(rows), centres, labels[rows], self.scale, found[rows])

        self.parallel_map(compute, self.blocks)
        return found


class State:
    """The label of each of n points, what follows from it, and bounds that tell how long it cannot change.

    Examples
    --------
    >>> points = Points(np.array([[0.0], [1], [5]]), lambda f, items: [f(x) for x in items])
    >>> State(points, 2).labels.tolist()  # none yet
    [-1, -1, -1]
    """

    def __init__(self, points: Points, k: int):
        self.labels = np.full(points.n, -1, np.int32)
        self.counts = np.zeros(k, np.int64)
        self.sums = np.zeros((k, points.d))
        self.hash = 0  # of the labels: the same for the same partition
        # Lower bound of how much farther than the own centroid any other is, in units of 1 / scale. While it is
        # positive the point keeps its label and is skipped (Hamerly 2010).
        self.margin = np.full(points.n, -np.inf)
        self.centroids: np.ndarray | None = None  # of the last assignment
        self.n_evaluated = points.n  # by the last assignment; the first evaluates all
        self.n_exact = 0  # points that were compared with centroids in float64, until now

    def losses(self, centroids: np.ndarray, scale: float) -> np.ndarray:
        """How much of its margin a point of each label loses while the centroids move to these, (k,) float64."""
        if self.centroids is None:
            return np.zeros(len(centroids))
        lengths = np.sqrt(((centroids - self.centroids) ** 2).sum(axis=1)) * (scale * (1 + 1e-12))
        others = np.full(len(lengths), lengths.max())
        others[lengths.argmax()] = np.delete(lengths, lengths.argmax()).max(initial=0)
        return lengths + others

    def move(self, i: int, x: np.ndarray, to: int) -> None:
        """Give point i, whose coordinates are x (d,), another label."""
        before = self.labels[i]
        self.labels[i] = to
        self.margin[i] = -np.inf
        self.counts[before] -= 1
        self.counts[to] += 1
        self.sums[before] -= x
        self.sums[to] += x
        self.hash = (self.hash + int(change_of_hash(i, before, to))) % 2**64


class Changes(NamedTuple):
    """What an assignment changes in a part of the points. The arrays are added to in place."""

    sums: np.ndarray  # (k, d) float64
    counts: np.ndarray  # (k,) int64
    hash: np.ndarray  # (1,) uint64
    n: np.ndarray  # (2,) int64: points that were evaluated, and those of them that were compared in float64


def rounding_bound(n_terms: int, size: np.ndarray) -> np.ndarray:
    """Bound of the error of inner products in float32: rounding and underflow (Higham 2002, section 3.1).

    Parameters
    ----------
    n_terms
        Products that are added up.
    size
        Half of what their absolute values add up to, at most. For squared distances that is |x|² + |y|².

    Examples
    --------
    >>> float(rounding_bound(92, np.array(1.0)) / np.finfo(np.float32).eps)
    100.0
    """
    return (n_terms + 8) * EPS * size + n_terms * TINY
