"""All pairs of points, in tiles: the sums of distances and the extreme pairs that make the validity indices.

Bentley, J. (1975). Multidimensional binary search trees used for associative searching. CACM 18(9), 509-517.
Higham, N. (2002). Accuracy and Stability of Numerical Algorithms, section 3.1: errors of sums of products.
"""

import threading
from collections.abc import Callable, Sequence

import numpy as np
from scipy.sparse import csr_array

from lib.base.parallel import blocks
from lib.evaluation.partial_sums import NO_PAIR, Extreme, PartialSums

BLOCK_ROWS = 500  # a tile of two blocks fits a core's cache; it is transposed faster than one of 512
TILES_AT_ONCE = 8
TOLERANCE = 4e-9  # bound of the relative error of squared distances


def check_points(X: np.ndarray, *labellings: np.ndarray) -> None:
    """Check the arguments of `validity`.

    Parameters
    ----------
    X : (n, d) float
    *labellings : (n,) int

    Raises
    ------
    ValueError
        If there are no points, or not one label for each, or values are not finite, too large or too small.

    Examples
    --------
    >>> check_points(np.eye(3), np.array([0, 1, 1.5]))
    Traceback (most recent call last):
    ValueError: labels should be whole numbers, are float64
    """
    for labels in labellings:
        if X.ndim != 2 or labels.shape != X.shape[:1] or not X.size:
            raise ValueError(
                f"X {X.shape} should be a table of one or more points, and labels {labels.shape} one for each"
            )
        if labels.dtype.kind not in "iub":
            raise ValueError(f"labels should be whole numbers, are {labels.dtype}")
    if X.dtype.kind not in "iuf":
        raise ValueError(f"X should hold real numbers, holds {X.dtype}")
    largest = max(float(X.max()), -float(X.min()))
    if not (1e-30 < largest < 1e30 or largest == 0):
        raise ValueError(f"X should have finite values, the largest between 1e-30 and 1e30 in size, has {largest}")


def silhouettes(sums: np.ndarray, sizes: np.ndarray, cluster: np.ndarray) -> np.ndarray:
    """Silhouettes of points, from their sums of distances to each cluster (Rousseeuw 1987).

    Parameters
    ----------
    sums : (n_clusters, n) float
    sizes : (n_clusters,) int
        Points of each cluster.
    cluster : (n,) int
        Of each point, 0 to n_clusters - 1.

    Returns
    -------
    (n,) float64
        0 for the only point of a cluster and where all distances are 0; NaN if there is one cluster only.

    Examples
    --------
    >>> sums = np.array([[2.0, 2.0, 15.0], [9.0, 6.0, 0.0]])
    >>> silhouettes(sums, np.array([2, 1]), np.array([0, 0, 1])).round(3).tolist()
    [0.778, 0.667, 0.0]
    """
    if len(sizes) == 1:
        return np.full(len(cluster), np.nan)
    own = cluster, np.arange(len(cluster))
    single = sizes[cluster] == 1
    a = sums[own] / np.maximum(sizes[cluster] - 1, 1)
    others = sums / sizes[:, None]
    others[own] = np.inf
    b = others.min(axis=0)
    scale = np.maximum(a, b)
    undefined = single | (scale == 0)
    return np.where(undefined, 0.0, (b - a) / np.where(undefined, 1.0, scale))


class Points:
    """The points in a spatial order, in which those of a block are near each other. Labels do not change it.

    Parameters
    ----------
    X : (n, d) float
    in_order_of_X
        Leave them in their order, which saves a copy of X.

    Examples
    --------
    >>> points = Points(np.array([[0.0], [3.0], [7.0]]))
    >>> points.squares_to(slice(0, 3))(slice(0, 1)).tolist()
    [[0.0, 9.0, 49.0]]
    """

    def __init__(self, X: np.ndarray, *, in_order_of_X: bool = False):
        self.order = np.arange(len(X)) if in_order_of_X else _spatial_order(X)
        self.X = X if in_order_of_X else np.ascontiguousarray(X[self.order])
        self.blocks = blocks(len(X), BLOCK_ROWS)
        # A power of two, which changes no digit, keeps squares within the range of float64.
        extent = float((X.max(axis=0).astype(np.float64) - X.min(axis=0)).max())
        self.scale = 1.0 if 1e-90 < extent < 1e90 else 2.0 ** -max(int(np.frexp(extent)[1]), -1000)
        # A squared distance below this share of |x|² + |y|² may have lost too many digits in a sum of d + 2
        # products of rounded numbers (Higham 2002).
        self.cancellation_limit = (1.5 * X.shape[1] + 8) * float(np.finfo(np.float64).eps) / TOLERANCE

    def relative_to(self, origin: np.ndarray, index: slice | np.ndarray) -> np.ndarray:
        """Points as seen from an origin, (d,) for all or (n_points, d) for each; scaled, (n_points, d) float64.

        Examples
        --------
        >>> Points(np.array([[0.0], [3.0], [7.0]])).relative_to(np.array([1.0]), slice(1, 3)).tolist()
        [[2.0], [6.0]]
        """
        x = np.empty((len(self.X[index]), self.X.shape[1]))
        self._fill(x, origin, index)
        return x

    def _fill(self, x: np.ndarray, origin: np.ndarray, index: slice | np.ndarray) -> None:
        np.subtract(self.X[index], origin, out=x, dtype=np.float64)
        if self.scale != 1:
            x *= self.scale

    def _factor(self, origin: np.ndarray, index: slice | np.ndarray) -> np.ndarray:
        """[x, |x|², 1] for each of the points x, relative to an origin; (n_points, d + 2)."""
        result = np.empty((len(self.X[index]), self.X.shape[1] + 2))
        x = result[:, :-2]
        self._fill(x, origin, index)
        result[:, -2] = np.einsum("ij,ij->i", x, x)
        result[:, -1] = 1
        return result

    def squares_to(self, columns: slice) -> Callable[[slice | np.ndarray], np.ndarray]:
        """A function that computes squared distances of points to those of a slice.

        Parameters
        ----------
        columns
            The slice of the points in spatial order.

        Returns
        -------
        compute(rows)
            rows: a slice or indices of points. Gives (n_rows, n_columns) float64, in units of 1 / scale², with a
            relative error of `TOLERANCE` at most.

        Examples
        --------
        >>> points = Points(np.array([[0.0], [3.0], [7.0]]))
        >>> points.squares_to(slice(1, 3))(np.array([0, 2])).tolist()
        [[9.0, 49.0], [16.0, 0.0]]
        """
        origin = self.sample_medians(columns)
        y = self._factor(origin, columns)
        y_squares = y[:, -2].copy()
        y[:, :-2] *= -2
        y[:, -2], y[:, -1] = 1, y_squares

        def compute(rows: slice | np.ndarray) -> np.ndarray:
            x = self._factor(origin, rows)
            squares = x @ y.T  # |x|² + |y|² - 2 x·y
            if squares.min() < self.cancellation_limit * (x[:, -2].max() + y_squares.max()):
                i, j = np.nonzero(squares < self.cancellation_limit * (x[:, -2, None] + y_squares))
                numbers = np.arange(len(self.X))
                squares[i, j] = self.exact_squared_distances(numbers[rows][i], numbers[columns][j])
            return squares

        return compute

    def sample_medians(self, rows: slice) -> np.ndarray:
        """The medians of the coordinates of a sample of a slice, which outliers hardly move; (d,).

        Examples
        --------
        >>> Points(np.array([[0.0], [3.0], [900.0]])).sample_medians(slice(0, 3)).tolist()
        [3.0]
        """
        sample = self.X[rows][:: -(-(rows.stop - rows.start) // 64)]
        return np.sort(sample, axis=0)[len(sample) // 2]

    def exact_squared_distances(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Squared distances of the pairs of points i and j, from the coordinates.

        Parameters
        ----------
        i, j : (n_pairs,) int
            Positions in the spatial order.

        Returns
        -------
        (n_pairs,) float64
            In units of 1 / scale².

        Examples
        --------
        >>> points = Points(np.array([[0.0], [3.0], [7.0]]))
        >>> points.exact_squared_distances(np.array([0, 1]), np.array([1, 2])).tolist()
        [9.0, 16.0]
        """
        result = np.zeros(len(i))
        differ = np.flatnonzero(i != j)
        if len(differ) > 2 * BLOCK_ROWS:  # probably duplicates, which are found faster
            index, number = np.unique(np.concatenate([i, j]), return_inverse=True)
            number = self._number_distinct(index)[number]
            differ = np.flatnonzero(number[: len(i)] != number[len(i) :])
        for block in blocks(len(differ)):
            pairs = differ[block]
            x = self.relative_to(self.X[j[pairs]], i[pairs])
            result[pairs] = np.einsum("ij,ij->i", x, x)
        return result

    def _number_distinct(self, index: np.ndarray) -> np.ndarray:
        """Number points so that equal ones have the same number, (len(index),)."""
        rows = self.X[index] + 0.0  # -0 and 0 are equal
        whole_rows = rows.view(np.dtype((np.void, rows.itemsize * rows.shape[1]))).ravel()
        return np.unique(whole_rows, return_inverse=True)[1]


def _spatial_order(X: np.ndarray) -> np.ndarray:
    """An order by a k-d tree (Bentley 1975): cells are cut along their longest axis until they are blocks.

    Nothing is summed up, so all machines find the same order.
    """
    order = np.arange(len(X))
    cells = [order]
    while cells:
        cell = cells.pop()
        n_blocks = -(-len(cell) // BLOCK_ROWS)
        if n_blocks < 2:
            continue
        sample = X[cell[:: -(-len(cell) // 256)]]
        axis = (sample.max(axis=0).astype(np.float64) - sample.min(axis=0)).argmax()
        cell[:] = cell[np.argsort(X[cell, axis], kind="stable")]
        cells += np.split(cell, [n_blocks // 2 * BLOCK_ROWS])
    return order


class Labelling:
    """A clustering in the order of `Points`, with its sums of distances and its extreme pairs so far.

    Parameters
    ----------
    labels : (n,) int
        In the order of X.

    Examples
    --------
    >>> labelling = Labelling(np.array([7, 7, -1]), Points(np.array([[0.0], [1.0], [5.0]])))
    >>> labelling.cluster.tolist(), labelling.sizes.tolist()
    ([1, 1, 0], [1, 2])
    """

    def __init__(self, labels: np.ndarray, points: Points):
        _, cluster, self.sizes = np.unique(labels[points.order], return_inverse=True, return_counts=True)
        self.cluster = cluster.astype(np.min_scalar_type(len(self.sizes)))  # small numbers are fast to compare
        self.members = [self._members(rows) for rows in points.blocks]
        self.sums = np.zeros((len(self.sizes), len(labels)), np.int64)
        self.units = np.empty(self.sums.shape)  # how many units of a sum are a distance of 1
        # The extremes of `PartialSums`: the farthest within-cluster pair, and the nearest between-cluster pair.
        self.extremes = {True: NO_PAIR, False: NO_PAIR}

    def may_contain_pairs(self, within: bool, rows: int, columns: int) -> bool:
        """Whether the tile of two blocks may contain within-cluster pairs, or between-cluster pairs.

        Examples
        --------
        >>> labelling = Labelling(np.array([7, 7, 7]), Points(np.array([[0.0], [1.0], [5.0]])))
        >>> labelling.may_contain_pairs(True, 0, 0), labelling.may_contain_pairs(False, 0, 0)
        (True, False)
        """
        a, b = np.diff(self.members[rows].indptr) > 0, np.diff(self.members[columns].indptr) > 0
        if within:
            return bool((a & b).any())
        return bool(np.count_nonzero(a | b) > 1)

    def _members(self, rows: slice) -> csr_array:
        """Indicator of membership, (n_clusters, n_points): a product with it sums by cluster."""
        cluster = self.cluster[rows]
        at = cluster, np.arange(len(cluster))
        return csr_array((np.ones(len(cluster)), at), shape=(len(self.sizes), len(cluster)))


class PairwisePass:
    """A pass over the pairs of points, in tiles of two blocks, that adds up distances and finds extreme pairs.

    Sums are integers, so that the order in which tiles are added does not matter.

    Parameters
    ----------
    points
    labellings : sequence of (n,) int
    parallel_map
        Of `in_threads`.

    Examples
    --------
    >>> points = Points(np.array([[0.0], [1.0], [5.0]]))
    >>> pairs = PairwisePass(points, [np.array([0, 0, 1])], lambda f, items: [f(x) for x in items])
    >>> for columns, others in pairs.tasks():
    ...     pairs.add_tiles(columns, others)
    >>> sums = pairs.partial_sums_of(pairs.labellings[0])
    >>> sums.separation, sums.diameter
    ((4.0, 0, 1, 2), (-1.0, 0, 0, 1))
    >>> np.ldexp(sums.sums.astype(float), sums.exponents).tolist()
    [[1.0, 1.0, 9.0], [5.0, 4.0, 0.0]]
    """

    def __init__(self, points: Points, labellings: Sequence[np.ndarray], parallel_map: Callable):
        self.points = points
        self.labellings = [Labelling(labels, points) for labels in labellings]
        self.lock = threading.Lock()
        self._set_units(parallel_map)

    def _set_units(self, parallel_map: Callable) -> None:
        """Choose units, powers of two, so that the distances of a point to a whole cluster sum to 2⁶¹ at most."""
        points = self.points
        origin = points.sample_medians(slice(0, len(points.order)))

        def add_up(number: int) -> list[np.ndarray]:
            x = points.relative_to(origin, points.blocks[number])
            return [labelling.members[number] @ x for labelling in self.labellings]

        totals = zip(*parallel_map(add_up, range(len(points.blocks))), strict=True)
        centres = [
            sum(of_blocks) / labelling.sizes[:, None]
            for labelling, of_blocks in zip(self.labellings, totals, strict=True)
        ]

        def measure(rows: slice) -> None:
            """First the distance of each point to the mean of each cluster."""
            x = points.relative_to(origin, rows)
            for labelling, centre in zip(self.labellings, centres, strict=True):
                size = np.einsum("ij,ij->i", centre, centre)[:, None] + np.einsum("ij,ij->i", x, x)
                squares = size - 2 * centre @ x.T
                labelling.units[:, rows] = np.sqrt(np.maximum(squares, 0) + 1e-9 * size)

        parallel_map(measure, points.blocks)
        for labelling in self.labellings:
            radii = np.zeros(len(labelling.sizes))
            np.maximum.at(
                radii, labelling.cluster, labelling.units[labelling.cluster, np.arange(len(points.order))]
            )
            for rows in points.blocks:
                largest_sum = labelling.sizes[:, None] * (labelling.units[:, rows] + radii[:, None])
                labelling.units[:, rows] = np.ldexp(1.0, np.minimum(61 - np.frexp(largest_sum)[1], 1000))

    def tasks(self) -> list[tuple[int, range]]:
        """The arguments of all calls of `add_tiles`, which together add each tile once.

        Examples
        --------
        >>> points = Points(np.zeros((3, 1)))
        >>> PairwisePass(points, [np.array([0, 0, 1])], lambda f, items: [f(x) for x in items]).tasks()
        [(0, range(0, 1))]
        """
        return [
            (columns, range(first, min(first + TILES_AT_ONCE, columns + 1)))
            for columns in range(len(self.points.blocks))
            for first in range(0, columns + 1, TILES_AT_ONCE)
        ]

    def partial_sums_of(self, labelling: Labelling) -> PartialSums:
        """The sums and extremes of one of `labellings`, in the order of X. It deletes the units: call it once."""
        order, scale = self.points.order, self.points.scale
        exponents = np.empty(labelling.units.shape, np.int16)
        for sums, to, units in zip(labelling.sums, exponents, labelling.units, strict=True):
            sums[order] = sums.copy()
            to[order] = 1 - np.frexp(units)[1]
        del labelling.units

        def unscaled(extreme: Extreme) -> Extreme:
            distance, tile, i, j = extreme
            return distance / scale, tile, i, j

        between, within = unscaled(labelling.extremes[False]), unscaled(labelling.extremes[True])
        return PartialSums(labelling.sums, exponents, separation=between, diameter=within)

    def add_tiles(self, columns: int, others: range) -> None:
        """Add the tiles of a block with other blocks, by their numbers; several threads may do so at once."""
        squares_to = self.points.squares_to(self.points.blocks[columns])
        for rows in others:
            squares = squares_to(self.points.blocks[rows])
            self._update_extremes(squares, rows, columns)
            distances = np.sqrt(squares, out=squares)
            self._add(distances, rows, columns)
            if rows != columns:
                self._add(np.ascontiguousarray(distances.T), columns, rows)

    def _add(self, distances: np.ndarray, of: int, to: int) -> None:
        """Sum the distances of two blocks by the clusters of the first; add them to the sums of the second."""
        rows = self.points.blocks[to]
        for labelling in self.labellings:
            sums = labelling.members[of] @ distances
            sums *= labelling.units[:, rows]
            whole = np.rint(sums, out=sums).astype(np.int64)
            with self.lock:
                labelling.sums[:, rows] += whole

    def _update_extremes(self, squares: np.ndarray, rows: int, columns: int) -> None:
        """Update the farthest within-cluster and the nearest between-cluster pair."""
        row_points, column_points = self.points.blocks[rows], self.points.blocks[columns]
        for within in (True, False):
            sign, extreme = (-1, squares.max()) if within else (1, squares.min())
            limits = {
                labelling: limit
                for labelling in self.labellings
                if labelling.may_contain_pairs(within, rows, columns)
                and sign * extreme <= (limit := self._limit(labelling, within))
            }
            if not limits:
                continue
            limit = sign * max(limits.values())
            pairs = np.flatnonzero(squares >= limit if within else squares <= limit)
            values = sign * squares.ravel()[pairs]
            for labelling, limit in limits.items():
                same = labelling.cluster[row_points, None] == labelling.cluster[column_points]
                of_kind = np.flatnonzero(same.ravel()[pairs] == within)
                if len(of_kind):
                    at = of_kind[values[of_kind].argmin()]
                    if values[at] <= limit:
                        i, j = np.divmod(pairs[at], squares.shape[1])
                        i, j = row_points.start + i, column_points.start + j
                        self._update_extreme(labelling, within, rows, columns, i, j)

    def _limit(self, labelling: Labelling, within: bool) -> float:
        """The largest squared distance (negative for the diameter) that may be an extreme, given its error."""
        known = labelling.extremes[within][0]
        return known * abs(known) + 4 * TOLERANCE * known**2

    def _update_extreme(self, labelling: Labelling, within: bool, rows: int, columns: int, i: int, j: int) -> None:
        """Keep a pair of points, by their positions, if it is the extreme so far."""
        (square,) = self.points.exact_squared_distances(np.array([i]), np.array([j]))
        distance = -float(np.sqrt(square)) if within else float(np.sqrt(square))
        tile = rows * len(self.points.blocks) + columns
        with self.lock:
            pair = sorted(self.points.order[[i, j]].tolist())
            labelling.extremes[within] = min(labelling.extremes[within], (distance, tile, *pair))
