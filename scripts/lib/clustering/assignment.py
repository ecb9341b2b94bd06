"""The assignment step of k-means: the nearest centroid of each point, with as few distances as bounds allow."""

from collections.abc import Callable

import numpy as np

from lib.base.parallel import BLOCK_ROWS, blocks

SMALLEST, LARGEST = 1e-37, 1e37  # that the largest value may be, as float32 holds centroids
N_AXES = 32  # to which points of more than twice as many dimensions are projected at first


class Points:
    """The data as the steps of the algorithm see it: around their middle, within the range of float32.

    Points of many dimensions d are seen in m < d of them at first, along axes that tell most of them apart.
    For orthonormal axes, the product of a point and a centroid is that of their projections, but for at
    most the product of the lengths of what is left of both. And once a point has been looked at in all
    dimensions, only how far the centroids have gone since then outside of the axes can make a difference.
    """

    def __init__(self, X: np.ndarray, parallel_map: Callable, init: np.ndarray | None = None):
        self.X = X
        self.n, self.d = X.shape
        self.parallel_map = parallel_map
        self.blocks = blocks(self.n, max(256, 2**18 // self.d))  # of a megabyte, which a core has at hand
        self.origin = self._middle()
        self.scale = self._scale(init)
        # Of each point [z, 1, |x|²], so that its product with [-2 z', |x'|², 1] is a squared distance.
        self.is_projected = self.d > 2 * N_AXES
        self.factors = np.ones((self.n, (N_AXES if self.is_projected else self.d) + 2), np.float32)
        if self.is_projected:
            self.residual_norms = np.empty(self.n, np.float32)  # length of what is left of a point
            self.axes = self._main_axes()

        def prepare(rows: slice) -> None:
            x = self._center_and_scale(self.X[rows])
            squares = np.einsum("ij,ij->i", x, x, dtype=np.float64)
            self.factors[rows, -1] = squares
            if self.is_projected:
                x = _product(x, self.axes)
                self.residual_norms[rows] = self._left(squares, x)
            self.factors[rows, :-2] = x

        parallel_map(prepare, self.blocks)

    def _middle(self) -> np.ndarray:
        """The medians of the coordinates of some points, which outliers hardly move."""
        some = self.X[:: -(-self.n // 256)]
        return np.sort(some, axis=0)[len(some) // 2].astype(np.result_type(self.X.dtype, np.float32))

    def _scale(self, init: np.ndarray | None) -> float:
        """A power of two that keeps squares within the range of float32."""

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
            x *= self.scale
        return x.astype(np.float32, copy=False)

    def _main_axes(self) -> np.ndarray:
        """About the principal axes of some points, by a random projection (Halko, Martinsson & Tropp 2011).

        Those farther out than most count as if they were no farther, so that outliers have no axes of their own
        (Locantore et al. 1999).
        """
        some = self._center_and_scale(self.X[:: -(-self.n // 1024)])
        norms = np.sqrt(np.einsum("ij,ij->i", some, some, dtype=np.float64))
        some *= np.minimum(1, np.median(norms) / np.maximum(norms, SMALLEST))[:, None].astype(np.float32)
        axes = np.random.default_rng(0).normal(size=(self.d, N_AXES)).astype(np.float32)
        for _ in range(3):
            axes = np.linalg.qr((some.T @ (some @ axes)).astype(np.float64))[0].astype(np.float32)
        return axes

    def _left(self, squares: np.ndarray, z: np.ndarray) -> np.ndarray:
        """At most how long is what is left of points by a projection."""
        # The errors of products of points and axes, and of rounded axes.
        n_terms = int(N_AXES**0.5 / 2 * _n_summed(self.d)) + 2 * N_AXES
        left = np.maximum(squares - np.einsum("ij,ij->i", z, z, dtype=np.float64), 0)
        return np.sqrt(left + rounding(2 * n_terms, squares))

    def nearest(self, centroids: np.ndarray, state: "State") -> tuple[np.ndarray, np.ndarray]:
        """Which points are nearest to another centroid than that of their label, and to which.

        At a tie that is the first of them, but for points that have a label that is among them. Points that
        have margin are passed over; that of the others is renewed.
        """
        labels, margin = state.labels, state.margin
        c = (centroids - self.origin) * self.scale
        squares = np.einsum("ij,ij->i", c, c)
        full = np.column_stack([-2 * c, squares, np.ones(len(c))]).astype(np.float32)
        n_terms = n_full = _n_summed(self.d) + 2
        if self.is_projected:
            z = c @ self.axes
            step = c - state.last
            state.last = c
            state.travel_outside += self._left(np.einsum("ij,ij->i", step, step), step @ self.axes).max()
            state.follow(squares)
            typical = np.median(squares)
            factors = np.column_stack([-2 * z, full[:, -2:]]).astype(np.float32)
            n_terms += 2 * factors.shape[1]
        else:
            factors = full
        # As many points of many dimensions as a core has at hand; of a file, so many that no part is read often.
        n_at_once = 256 if isinstance(self.X, np.ndarray) else BLOCK_ROWS
        undecided = np.flatnonzero(margin <= 0)
        # To gather a point takes about as long as its products with twenty centroids.
        everything = len(undecided) * (len(c) + 20) > self.n * len(c)
        if everything:
            undecided = np.arange(self.n)

        def assign(part: slice) -> tuple[np.ndarray, np.ndarray]:
            index = undecided[part]
            at = part if everything else index  # a slice is quicker
            points = self.factors[part] if everything else self.factors.take(index, axis=0)
            squares = points[:, -1].astype(np.float64)
            squared = points @ factors.T
            # The error of a squared distance D is at most a share of |x|² + |c|². As |c|² is at most 2 |x|² + 2 D,
            # far centroids do no harm. When D was last corrected, |c|² was 4 (|c|² + typical) at most.
            if self.is_projected:
                squared += state.corrections[at]
                best, first, second = _two_nearest(squared)
                error = rounding(n_terms, 10 * squares + 5 * typical + 17 * _size(second))
                error += 2.1 * self.residual_norms[at] * (state.travel_outside - state.corrected_at[at])
            else:
                best, first, second = _two_nearest(squared)
                error = rounding(n_terms, 4 * squares + 5 * _size(second))
            unsure = np.flatnonzero(second - first <= 2 * error)
            if self.is_projected and len(unsure):
                for some in np.split(unsure, range(n_at_once, len(unsure), n_at_once)):
                    closer = _product(self._center_and_scale(self.rows(index[some])), full[:, :-2].T)
                    closer += full[:, -2]
                    closer += points[some, -1:]
                    state.corrections[index[some]] += closer - squared[some]
                    squared[some] = closer
                state.corrected_at[index[unsure]] = state.travel_outside
                best[unsure], first[unsure], second[unsure] = _two_nearest(squared[unsure])
                error[unsure] = rounding(n_full, 4 * squares[unsure] + 5 * _size(second[unsure]))
                unsure = unsure[(second - first <= 2 * error)[unsure]]
            if len(unsure):
                candidates = squared[unsure] <= (first + 4 * error)[unsure, None]
                best[unsure] = self._nearest_exactly(index[unsure], centroids, labels[index[unsure]], candidates)
            lower, upper = np.sqrt(np.maximum(second - error, 0)), np.sqrt(np.maximum(first + error, 0))
            margin[at] = lower * (1 - 1e-12) - upper
            changed = np.flatnonzero(best != labels[at])
            return index[changed], best[changed].astype(np.int32)

        # An even number of parts, for cores come in even numbers.
        n_pairs = -(-len(undecided) // (8192 + 2**18 // len(c)))
        n_rows = max(4096, -(-len(undecided) // max(1, 2 * n_pairs)))
        parts = blocks(len(undecided), min(n_rows, max(256, 2**21 // len(c))))
        if not parts:
            return undecided, labels[undecided]
        moved, to = zip(*self.parallel_map(assign, parts), strict=True)
        return np.concatenate(moved), np.concatenate(to)

    def _nearest_exactly(
        self, index: np.ndarray, centroids: np.ndarray, labels: np.ndarray, candidates: np.ndarray
    ) -> np.ndarray:
        """The nearest of candidates (n, k) by the coordinates; at a tie the present label, or the first."""
        best = np.empty(len(index), np.intp)
        for part in blocks(len(index), max(1, 2**18 // (self.d * len(centroids)))):
            rows = self.rows(index[part])
            distances = np.full((len(rows), len(centroids)), np.inf)
            i, j = np.nonzero(candidates[part])
            for some in blocks(len(i), max(1, 2**18 // self.d)):
                difference = (rows[i[some]] - centroids[j[some]]) * self.scale
                distances[i[some], j[some]] = (difference**2).sum(axis=1)
            nearest = distances.argmin(axis=1)
            at = np.arange(len(rows))
            stays = (labels[part] >= 0) & (distances[at, labels[part]] == distances[at, nearest])
            best[part] = np.where(stays, labels[part], nearest)
        return best

    def rows(self, index: np.ndarray) -> np.ndarray:
        """Some of the points, by their ascending numbers."""
        if isinstance(self.X, np.ndarray):
            return self.X.take(index, axis=0)
        block = index // BLOCK_ROWS
        starts = np.flatnonzero(np.diff(block, prepend=-1))
        parts = np.split(index, starts[1:])
        return np.concatenate([self.X[part[0] : part[-1] + 1][part - part[0]] for part in parts])

    def sums(self, labels: np.ndarray, k: int) -> np.ndarray:
        """The sum of the points of each label, (k, d) float64."""

        def add(rows: slice) -> np.ndarray:
            result = np.zeros((k, self.d))
            order = np.argsort(labels[rows], kind="stable")
            x = self.X[rows][order]
            starts = np.flatnonzero(np.diff(labels[rows][order], prepend=-1))
            ends = [*starts[1:].tolist(), len(order)]
            for label, start, end in zip(labels[rows][order[starts]].tolist(), starts.tolist(), ends, strict=True):
                result[label] = np.add.reduce(x[start:end], axis=0, dtype=np.float64)
            return result

        # Not more sums than points.
        return sum(self.parallel_map(add, blocks(self.n, max(512, 2**18 // self.d, 16 * k))))

    def sum_changes(self, index: np.ndarray, to: np.ndarray, before: np.ndarray, k: int) -> np.ndarray:
        """By how much the sum of each label changes if some points change theirs, (k, d) float64."""

        def add(part: slice) -> np.ndarray:
            sign = np.zeros((k, part.stop - part.start))
            at = np.arange(sign.shape[1])
            sign[to[part], at] = 1
            sign[before[part], at] = -1
            return sign @ self.rows(index[part]).astype(np.float64)

        return sum(self.parallel_map(add, blocks(len(index), max(1024, 2**18 // self.d))))

    def squared_distances_to_points(self, index: np.ndarray) -> np.ndarray:
        """Squared (scaled) distances of some points to all, (len(index), n) float64; 0 for equal points."""
        points = np.stack([self.X[i] for i in index])
        y = self._center_and_scale(points)
        squares = np.einsum("ij,ij->i", y, y)[:, None]
        result = np.empty((len(y), self.n))

        def compute(rows: slice) -> None:
            others = self.X[rows]
            size = squares + self.factors[rows, -1]
            squared = size - 2 * y @ self._center_and_scale(others).T
            i, j = np.nonzero(squared <= 2 * rounding(self.d + 2, size))
            squared[i, j] = (((points[i] - others[j].astype(np.float64)) * self.scale) ** 2).sum(axis=1)
            result[:, rows] = squared

        self.parallel_map(compute, self.blocks)
        return result

    def squared_distances_to_own(self, centroids: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Squared (scaled) distance of each point to the centroid of its label, (n,) float64."""
        squares = np.empty(self.n)

        def compute(rows: slice) -> None:
            difference = (self.X[rows] - centroids[labels[rows]]) * self.scale
            squares[rows] = np.einsum("ij,ij->i", difference, difference)

        self.parallel_map(compute, self.blocks)
        return squares


class State:
    """Where each of n points belongs, and what is known of how long it will stay there."""

    def __init__(self, points: "Points", k: int):
        n = points.n
        self.labels = np.full(n, -1, np.int32)
        # How much farther than the own centroid any other is, at least: if that is positive, the point stays and
        # need not be looked at (Hamerly 2010).
        self.margin = np.full(n, -np.inf)
        if points.is_projected:
            # What the axes of points of many dimensions did not tell of their squared distances when they were
            # last looked at in all dimensions, and how far the centroids had gone outside of the axes by then.
            self.corrections = np.zeros((n, k), np.float32)
            self.corrected_at = np.zeros(n)
            self.travel_outside = 0.0
            self.last = np.zeros((k, points.d))
            self.longest = np.zeros(k)  # largest squared norm of each centroid since then

    def follow(self, squares: np.ndarray) -> None:
        """Note the squared norms of centroids; if one comes back from afar, nothing is known outside of the axes.

        For its distances were so large that their rounding errors are not small any more.
        """
        np.maximum(self.longest, squares, out=self.longest)
        if (self.longest > 4 * (squares + np.median(squares))).any():
            self.corrections[:] = 0
            self.corrected_at[:] = -np.inf
            self.longest = squares


def _two_nearest(squared: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of squared distances (n, k): which is least, how much it is, and the second, which may be as much."""
    at = np.arange(len(squared))
    if squared.shape[1] > 32:
        best = squared.argmin(axis=1)
        first = squared[at, best]
        squared[at, best] = np.inf
        second = squared[at, squared.argmin(axis=1)]
        squared[at, best] = first
        return best, first, second
    # NumPy is slow along a short axis.
    squared = np.ascontiguousarray(squared.T)
    first = squared.min(axis=0)
    is_first = squared == first
    weights = np.ones((2, len(squared)), np.float32)
    weights[0] = np.arange(len(squared))
    best, ties = weights @ is_first.astype(np.float32)
    tied = np.flatnonzero(ties > 1)
    best[tied] = is_first[:, tied].argmax(axis=0)
    best = best.astype(np.intp)
    squared[best, at] = np.inf
    return best, first, squared.min(axis=0)


def _size(squared: np.ndarray) -> np.ndarray:
    """How large squared distances are; 0 for those to a second centroid where there is but one."""
    return np.where(np.isfinite(squared), np.abs(squared), 0)


def _product(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """x @ y, of which no number is a sum of more than `_n_summed` at a time, which keeps rounding small."""
    return sum(x[:, part] @ y[part] for part in blocks(len(y), 128))


def _n_summed(n_terms: int) -> int:
    return min(n_terms, 128 + -(-n_terms // 128))


def rounding(n_terms: int, size: np.ndarray) -> np.ndarray:
    """Bound of the error in float32 of sums of products of rounded numbers, half of `size` each.

    And of products that are too small for it.
    """
    info = np.finfo(np.float32)
    return (n_terms + 8) * float(info.eps) * size + n_terms * float(info.tiny)
