"""The assignment step of k-means: the nearest centroid of each point, with as few distances as bounds allow.

Hamerly, G. (2010). Making k-means even faster. SIAM Int. Conf. on Data Mining, 130-140.
Higham, N. (2002). Accuracy and Stability of Numerical Algorithms, section 3.1: errors of sums of products.
"""

from collections.abc import Callable, Sequence

import numpy as np

from lib.base.parallel import BLOCK_ROWS, blocks

SMALLEST, LARGEST = 1e-37, 1e37  # range of the largest absolute value: float32 has to hold centroids
N_AXES = 32  # of the projection, which is used from more than twice as many dimensions on


class Points:
    """The data of k-means: centred, and scaled to the range of float32.

    More than 2 `N_AXES` dimensions are projected to m = `N_AXES` orthonormal axes, about the principal ones. The
    residual of a vector is its difference from its projection. The product of a point and a centroid differs
    from that of their projections by at most the product of the lengths of both residuals. Once a distance has
    been evaluated in all dimensions, only the travel of the centroids outside the axes since then adds to the
    difference.

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
    >>> points.sums(np.array([0, 0, 1]), 2).tolist()
    [[1.0], [5.0]]
    """

    def __init__(self, X: np.ndarray, parallel_map: Callable, init: np.ndarray | None = None):
        self.X = X
        self.n, self.d = X.shape
        self.parallel_map = parallel_map
        self.blocks = blocks(self.n, max(256, 2**18 // self.d))  # a megabyte each, to fit a core's cache
        self.origin = self._sample_medians()  # (d,)
        self.scale = self._power_of_two(init)
        # [z, 1, |x|²] for each point, z being x or its projection. Its product with [-2 z', |x'|², 1] is a squared
        # distance.
        self.is_projected = self.d > 2 * N_AXES
        self.factors = np.ones((self.n, (N_AXES if self.is_projected else self.d) + 2), np.float32)
        if self.is_projected:
            self.residual_norms = np.empty(self.n, np.float32)  # upper bounds
            self.axes = self._principal_axes()  # (d, m)

        def prepare(rows: slice) -> None:
            x = self._center_and_scale(self.X[rows])
            squares = np.einsum("ij,ij->i", x, x, dtype=np.float64)
            self.factors[rows, -1] = squares
            if self.is_projected:
                x = _product(x, self.axes)
                self.residual_norms[rows] = self._residual_norms(squares, x)
            self.factors[rows, :-2] = x

        parallel_map(prepare, self.blocks)

    def _sample_medians(self) -> np.ndarray:
        """The medians of the coordinates of a sample, which outliers hardly move."""
        sample = self.X[:: -(-self.n // 256)]
        return np.sort(sample, axis=0)[len(sample) // 2].astype(np.result_type(self.X.dtype, np.float32))

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
            x *= self.scale
        return x.astype(np.float32, copy=False)

    def _principal_axes(self) -> np.ndarray:
        """About the principal axes of a sample, by a random projection (Halko, Martinsson & Tropp 2011).

        Points farther out than the median count as if they were at the median distance, so that outliers have no
        axes of their own (Locantore et al. 1999).
        """
        sample = self._center_and_scale(self.X[:: -(-self.n // 1024)])
        norms = np.sqrt(np.einsum("ij,ij->i", sample, sample, dtype=np.float64))
        sample *= np.minimum(1, np.median(norms) / np.maximum(norms, SMALLEST))[:, None].astype(np.float32)
        axes = np.random.default_rng(0).normal(size=(self.d, N_AXES)).astype(np.float32)
        for _ in range(3):
            axes = np.linalg.qr((sample.T @ (sample @ axes)).astype(np.float64))[0].astype(np.float32)
        return axes

    def _residual_norms(self, squares: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Upper bounds of the lengths of residuals, from squared norms (n,) and projections (n, m)."""
        # For the rounding of products of points and axes, and of the axes themselves.
        n_terms = int(N_AXES**0.5 / 2 * _terms_per_sum(self.d)) + 2 * N_AXES
        residual = np.maximum(squares - np.einsum("ij,ij->i", z, z, dtype=np.float64), 0)
        return np.sqrt(residual + rounding_bound(2 * n_terms, squares))

    def changed_assignments(self, centroids: np.ndarray, state: "State") -> tuple[np.ndarray, np.ndarray]:
        """The points that are nearest to another centroid than that of their label.

        At an exact tie a point keeps its label if that is among the nearest centroids, and else gets the first of
        them. Points with a positive margin are skipped; the margin of the others is renewed.

        Parameters
        ----------
        centroids : (k, d) float64
        state
            Its margins are updated, its labels are not.

        Returns
        -------
        index : (n_changed,) int64
            In ascending order.
        labels : (n_changed,) int32
            The new label of each.

        Examples
        --------
        >>> points = Points(np.array([[0.0], [1], [5]]), lambda f, items: [f(x) for x in items])
        >>> index, labels = points.changed_assignments(np.array([[0.0], [4]]), State(points, 2))
        >>> index.tolist(), labels.tolist()
        ([0, 1, 2], [0, 0, 1])
        """
        labels, margin = state.labels, state.margin
        c = (centroids - self.origin) * self.scale
        squares = np.einsum("ij,ij->i", c, c)
        full_factors = np.column_stack([-2 * c, squares, np.ones(len(c))]).astype(np.float32)  # (k, d + 2)
        n_terms = n_terms_full = _terms_per_sum(self.d) + 2
        if self.is_projected:
            z = c @ self.axes
            step = c - state.last_centroids
            state.last_centroids = c
            step_squares = np.einsum("ij,ij->i", step, step)
            state.travel_outside += self._residual_norms(step_squares, step @ self.axes).max()
            state.track_norms(squares)
            typical = np.median(squares)
            factors = np.column_stack([-2 * z, full_factors[:, -2:]]).astype(np.float32)  # (k, m + 2)
            n_terms += 2 * factors.shape[1]
        else:
            factors = full_factors
        # How many points of many dimensions are multiplied at once: as many as fit a core's cache. From a file, as
        # many as are read together, so that few blocks are read again.
        n_at_once = 256 if isinstance(self.X, np.ndarray) else BLOCK_ROWS
        active = np.flatnonzero(margin <= 0)
        # Gathering a point takes about as long as multiplying it by twenty centroids.
        is_everything = len(active) * (len(c) + 20) > self.n * len(c)
        if is_everything:
            active = np.arange(self.n)

        def assign(block: slice) -> tuple[np.ndarray, np.ndarray]:
            index = active[block]
            at = block if is_everything else index  # a slice is quicker
            points = self.factors[block] if is_everything else self.factors.take(index, axis=0)
            squares = points[:, -1].astype(np.float64)
            squared = points @ factors.T  # (n_block, k)
            # The rounding error of a squared distance D is at most a share of |x|² + |c|². And |c|² is at most
            # 2 |x|² + 2 D, so a centroid far away adds nothing to the bounds of near ones. When D was last
            # corrected, |c|² was at most 4 (|c|² + typical), as `track_norms` sees to.
            if self.is_projected:
                squared += state.corrections[at]
                best, first, second = _two_nearest(squared)
                error = rounding_bound(n_terms, 10 * squares + 5 * typical + 17 * _magnitude(second))
                error += 2.1 * self.residual_norms[at] * (state.travel_outside - state.travel_at_correction[at])
            else:
                best, first, second = _two_nearest(squared)
                error = rounding_bound(n_terms, 4 * squares + 5 * _magnitude(second))
            in_doubt = np.flatnonzero(second - first <= 2 * error)
            if self.is_projected and len(in_doubt):
                for rows in np.split(in_doubt, range(n_at_once, len(in_doubt), n_at_once)):
                    unprojected = _product(self._center_and_scale(self.rows(index[rows])), full_factors[:, :-2].T)
                    unprojected += full_factors[:, -2]
                    unprojected += points[rows, -1:]
                    state.corrections[index[rows]] += unprojected - squared[rows]
                    squared[rows] = unprojected
                state.travel_at_correction[index[in_doubt]] = state.travel_outside
                best[in_doubt], first[in_doubt], second[in_doubt] = _two_nearest(squared[in_doubt])
                size = 4 * squares[in_doubt] + 5 * _magnitude(second[in_doubt])
                error[in_doubt] = rounding_bound(n_terms_full, size)
                in_doubt = in_doubt[(second - first <= 2 * error)[in_doubt]]
            if len(in_doubt):
                candidates = squared[in_doubt] <= (first + 4 * error)[in_doubt, None]
                own = labels[index[in_doubt]]
                best[in_doubt] = self._nearest_exactly(index[in_doubt], centroids, own, candidates)
            lower, upper = np.sqrt(np.maximum(second - error, 0)), np.sqrt(np.maximum(first + error, 0))
            margin[at] = lower * (1 - 1e-12) - upper
            changed = np.flatnonzero(best != labels[at])
            return index[changed], best[changed].astype(np.int32)

        # An even number of blocks, as most machines have an even number of cores.
        n_pairs = -(-len(active) // (8192 + 2**18 // len(c)))
        n_rows = max(4096, -(-len(active) // max(1, 2 * n_pairs)))
        active_blocks = blocks(len(active), min(n_rows, max(256, 2**21 // len(c))))
        if not active_blocks:
            return active, labels[active]
        changed, new_labels = zip(*self.parallel_map(assign, active_blocks), strict=True)
        return np.concatenate(changed), np.concatenate(new_labels)

    def _nearest_exactly(
        self, index: np.ndarray, centroids: np.ndarray, labels: np.ndarray, candidates: np.ndarray
    ) -> np.ndarray:
        """The nearest of candidates, bool (n, k), in float64 from the coordinates.

        The tie rule: at an exact tie the present label, if it is among the nearest, else the first of them.
        """
        best = np.empty(len(index), np.intp)
        for block in blocks(len(index), max(1, 2**18 // (self.d * len(centroids)))):
            rows = self.rows(index[block])
            distances = np.full((len(rows), len(centroids)), np.inf)
            i, j = np.nonzero(candidates[block])
            for pairs in blocks(len(i), max(1, 2**18 // self.d)):
                difference = (rows[i[pairs]] - centroids[j[pairs]]) * self.scale
                distances[i[pairs], j[pairs]] = (difference**2).sum(axis=1)
            nearest = distances.argmin(axis=1)
            at = np.arange(len(rows))
            stays = (labels[block] >= 0) & (distances[at, labels[block]] == distances[at, nearest])
            best[block] = np.where(stays, labels[block], nearest)
        return best

    def rows(self, index: np.ndarray) -> np.ndarray:
        """The rows of X with these numbers, which ascend: (len(index), d).

        Examples
        --------
        >>> points = Points(np.array([[0.0], [1], [5]]), lambda f, items: [f(x) for x in items])
        >>> points.rows(np.array([0, 2])).tolist()
        [[0.0], [5.0]]
        """
        if isinstance(self.X, np.ndarray):
            return self.X.take(index, axis=0)
        block = index // BLOCK_ROWS
        starts = np.flatnonzero(np.diff(block, prepend=-1))
        by_block = np.split(index, starts[1:])
        return np.concatenate([self.X[rows[0] : rows[-1] + 1][rows - rows[0]] for rows in by_block])

    def sums(self, labels: np.ndarray, k: int) -> np.ndarray:
        """The sum of the points of each label, (k, d) float64; labels are 0 to k - 1.

        Examples
        --------
        >>> points = Points(np.array([[0.0], [1], [5]]), lambda f, items: [f(x) for x in items])
        >>> points.sums(np.array([1, 0, 1]), 2).tolist()
        [[1.0], [5.0]]
        """

        def add(rows: slice) -> np.ndarray:
            result = np.zeros((k, self.d))
            order = np.argsort(labels[rows], kind="stable")
            x = self.X[rows][order]
            starts = np.flatnonzero(np.diff(labels[rows][order], prepend=-1))
            ends = [*starts[1:].tolist(), len(order)]
            for label, start, end in zip(labels[rows][order[starts]].tolist(), starts.tolist(), ends, strict=True):
                result[label] = np.add.reduce(x[start:end], axis=0, dtype=np.float64)
            return result

        # Blocks of 16 k points or more: the sums of a block take less memory than its points.
        return sum(self.parallel_map(add, blocks(self.n, max(512, 2**18 // self.d, 16 * k))))

    def sum_changes(self, index: np.ndarray, to: np.ndarray, before: np.ndarray, k: int) -> np.ndarray:
        """How the sum of each label changes when points change their label, (k, d) float64.

        Parameters
        ----------
        index : (n_changed,) int
            The points, in ascending order.
        to, before : (n_changed,) int
            Their labels after and before.

        Examples
        --------
        >>> points = Points(np.array([[0.0], [1], [5]]), lambda f, items: [f(x) for x in items])
        >>> points.sum_changes(np.array([2]), np.array([0]), np.array([1]), 2).tolist()
        [[5.0], [-5.0]]
        """

        def add(block: slice) -> np.ndarray:
            sign = np.zeros((k, block.stop - block.start))
            at = np.arange(sign.shape[1])
            sign[to[block], at] = 1
            sign[before[block], at] = -1
            return sign @ self.rows(index[block]).astype(np.float64)

        return sum(self.parallel_map(add, blocks(len(index), max(1024, 2**18 // self.d))))

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
            size = squares + self.factors[rows, -1]
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
        >>> points.squared_distances_to_own(np.array([[0.0], [4]]), np.array([0, 0, 1])).tolist()
        [0.0, 1.0, 1.0]
        """
        squares = np.empty(self.n)

        def compute(rows: slice) -> None:
            difference = (self.X[rows] - centroids[labels[rows]]) * self.scale
            squares[rows] = np.einsum("ij,ij->i", difference, difference)

        self.parallel_map(compute, self.blocks)
        return squares


class State:
    """The label of each of n points, and bounds that tell how long it cannot change.

    Examples
    --------
    >>> points = Points(np.array([[0.0], [1], [5]]), lambda f, items: [f(x) for x in items])
    >>> State(points, 2).labels.tolist()  # none yet
    [-1, -1, -1]
    """

    def __init__(self, points: Points, k: int):
        n = points.n
        self.labels = np.full(n, -1, np.int32)
        # Lower bound of how much farther than the own centroid any other is, in units of 1 / scale. While it is
        # positive the point keeps its label and is skipped (Hamerly 2010).
        self.margin = np.full(n, -np.inf)
        if points.is_projected:
            # Exact minus projected squared distance at the last exact evaluation.
            self.corrections = np.zeros((n, k), np.float32)
            # How far the centroids have travelled outside the axes in all, at most; and until that evaluation.
            self.travel_outside = 0.0
            self.travel_at_correction = np.zeros(n)
            self.last_centroids = np.zeros((k, points.d))
            self.largest_squares = np.zeros(k)  # of each centroid: its largest squared norm since the last reset

    def track_norms(self, squares: np.ndarray) -> None:
        """Note the squared norms (k,) of the centroids; reset the corrections if one has come back from far away.

        While it was far its distances were large, and so were their rounding errors, which corrections contain.
        """
        np.maximum(self.largest_squares, squares, out=self.largest_squares)
        if (self.largest_squares > 4 * (squares + np.median(squares))).any():
            self.corrections[:] = 0
            self.travel_at_correction[:] = -np.inf
            self.largest_squares = squares


def _two_nearest(squared: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row-wise argmin, minimum and second minimum of (n, k). At a tie both minima are equal."""
    at = np.arange(len(squared))
    if squared.shape[1] > 32:
        best = squared.argmin(axis=1)
        first = squared[at, best]
        squared[at, best] = np.inf
        second = squared[at, squared.argmin(axis=1)]
        squared[at, best] = first
        return best, first, second
    # NumPy is slow along a short axis. Always a copy, which is changed below.
    squared = squared.T.copy(order="C")
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


def _magnitude(squared: np.ndarray) -> np.ndarray:
    """Absolute values; 0 for infinity, which is the second minimum where there is one centroid."""
    return np.where(np.isfinite(squared), np.abs(squared), 0)


def _product(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """x @ y as a sum of products of at most 128 terms each, which keeps rounding errors small."""
    return sum(x[:, terms] @ y[terms] for terms in blocks(len(y), 128))


def _terms_per_sum(n_terms: int) -> int:
    """How many numbers are added up in a row, at most, by `_product`."""
    return min(n_terms, 128 + -(-n_terms // 128))


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
    info = np.finfo(np.float32)
    return (n_terms + 8) * float(info.eps) * size + n_terms * float(info.tiny)
