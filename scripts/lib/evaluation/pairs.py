"""All pairs of points, in tiles: the sums of distances and the extremes that the validity indices are made of."""

import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from lib.base.parallel import blocks

BLOCK_ROWS = 500  # a tile of two blocks fits a core's cache, and is transposed quicker than one of 512
TILES_AT_ONCE = 8
TOLERANCE = 4e-9  # bound of the relative error of squared distances


class PartialSums(NamedTuple):
    """What some of the pairs of points say of a clustering; all parts together make a `Validity`."""

    sums: np.ndarray  # (n_clusters, n) int64: of the distances of each point to those of each cluster
    exponents: np.ndarray  # (n_clusters, n) int16: the unit of each sum is two to this power
    # Distance, number of the tile and the two points: the least such tuple is the extreme, for the
    # diameter with a negative distance. Infinite if there is no such pair.
    separation: tuple[float, int, int, int]
    diameter: tuple[float, int, int, int]


NO_PAIR = (np.inf, 0, 0, 0)


def check_points(X: np.ndarray, *labellings: np.ndarray) -> None:
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
    """From the sums of distances of each point to each cluster, (n_clusters, n)."""
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
    """The points in an order in which those of a block lie near each other; labels do not count."""

    def __init__(self, X: np.ndarray):
        self.order = _near_together(X)
        self.X = np.ascontiguousarray(X[self.order])
        self.blocks = blocks(len(X), BLOCK_ROWS)
        # Where squares would leave the range of numbers, a power of two, which changes no digit, brings them back.
        extent = float((X.max(axis=0).astype(np.float64) - X.min(axis=0)).max())
        self.scale = 1.0 if 1e-90 < extent < 1e90 else 2.0 ** -max(int(np.frexp(extent)[1]), -1000)
        # A squared distance below this share of |x|² + |y|² may have lost too many digits as a product (Higham
        # 2002, section 3.1: a sum of d + 2 products of numbers that were rounded themselves).
        self.close = (1.5 * X.shape[1] + 8) * float(np.finfo(np.float64).eps) / TOLERANCE

    def seen_from(self, origin: np.ndarray, index: slice | np.ndarray) -> np.ndarray:
        """Some points from an origin, or each from its own, scaled; (n_points, d) float64."""
        return np.subtract(self.X[index], origin, dtype=np.float64) * self.scale

    def _factor(self, origin: np.ndarray, index: slice | np.ndarray) -> np.ndarray:
        """[x, |x|², 1] for each of some points x, seen from an origin; (n_points, d + 2)."""
        points = self.X[index]
        result = np.ones((len(points), points.shape[1] + 2))
        x = result[:, :-2]
        np.subtract(points, origin, out=x, dtype=np.float64)
        if self.scale != 1:
            x *= self.scale
        result[:, -2] = np.einsum("ij,ij->i", x, x)
        return result

    def squares_to(self, columns: slice) -> Callable[[slice | np.ndarray], np.ndarray]:
        """A function that computes squared (scaled) distances of some points (rows) to some others (columns)."""
        origin = self.middle(columns)
        y = self._factor(origin, columns)
        right = np.vstack([-2 * y[:, :-2].T, y[:, -1], y[:, -2]])

        def compute(rows: slice | np.ndarray) -> np.ndarray:
            x = self._factor(origin, rows)
            squares = x @ right  # |x|² + |y|² - 2 x·y
            if squares.min() < self.close * (x[:, -2].max() + y[:, -2].max()):
                i, j = np.nonzero(squares < self.close * (x[:, -2, None] + y[:, -2]))
                numbers = np.arange(len(self.X))
                squares[i, j] = self.squared_distances(numbers[rows][i], numbers[columns][j])
            return squares

        return compute

    def middle(self, rows: slice) -> np.ndarray:
        """The medians of the coordinates of some points, which outliers hardly move, (d,)."""
        some = self.X[rows][:: -(-(rows.stop - rows.start) // 64)]
        return np.sort(some, axis=0)[len(some) // 2]

    def squared_distances(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Squared (scaled) distances of pairs of points from their coordinates."""
        result = np.zeros(len(i))
        differ = np.arange(len(i))
        if len(i) > 2 * BLOCK_ROWS:  # likely duplicates, which are quick to tell
            index, number = np.unique(np.concatenate([i, j]), return_inverse=True)
            number = self._number_equal(index)[number]
            differ = np.flatnonzero(number[: len(i)] != number[len(i) :])
        for part in blocks(len(differ)):
            pairs = differ[part]
            x = self.seen_from(self.X[j[pairs]], i[pairs])
            result[pairs] = np.einsum("ij,ij->i", x, x)
        return result

    def _number_equal(self, index: np.ndarray) -> np.ndarray:
        """Numbers for some points, the same for equal ones."""
        rows = self.X[index] + 0.0  # -0 and 0 are equal
        whole_rows = rows.view(np.dtype((np.void, rows.itemsize * rows.shape[1]))).ravel()
        return np.unique(whole_rows, return_inverse=True)[1]


def _near_together(X: np.ndarray) -> np.ndarray:
    """An order of points: cut in two where they extend farthest, until blocks are left (Bentley 1975).

    Nothing is summed up, so all machines find the same order.
    """
    order = np.arange(len(X))
    groups = [order]
    while groups:
        group = groups.pop()
        n_blocks = -(-len(group) // BLOCK_ROWS)
        if n_blocks < 2:
            continue
        some = X[group[:: -(-len(group) // 256)]]
        axis = (some.max(axis=0).astype(np.float64) - some.min(axis=0)).argmax()
        group[:] = group[np.argsort(X[group, axis], kind="stable")]
        groups += np.split(group, [n_blocks // 2 * BLOCK_ROWS])
    return order


class Labelling:
    """The cluster of each point, in the order of `Points`, and what is known of all clusters so far."""

    def __init__(self, labels: np.ndarray, points: Points):
        _, cluster, self.sizes = np.unique(labels[points.order], return_inverse=True, return_counts=True)
        self.cluster = cluster.astype(np.min_scalar_type(len(self.sizes)))  # small numbers are quick to compare
        self.members = [self._members(rows) for rows in points.blocks]
        self.sums = np.zeros((len(self.sizes), len(labels)), np.int64)
        self.units = np.empty(self.sums.shape)  # so many to a distance of 1
        # Of pairs within a cluster, and of two: the extreme, as in `PartialSums`.
        self.best = {True: NO_PAIR, False: NO_PAIR}

    def may_contain_pairs(self, within: bool, rows: int, columns: int) -> bool:
        """Whether two blocks can have pairs of points within a cluster, or of two."""
        a, b = np.diff(self.members[rows].indptr) > 0, np.diff(self.members[columns].indptr) > 0
        return bool((a & b).any()) if within else np.count_nonzero(a | b) > 1

    def _members(self, rows: slice) -> csr_array:
        """1 where a point belongs to a cluster, (n_clusters, n_points): a product with it adds up by cluster."""
        cluster = self.cluster[rows]
        at = cluster, np.arange(len(cluster))
        return csr_array((np.ones(len(cluster)), at), shape=(len(self.sizes), len(cluster)))


class PairwisePass:
    """The pairs of points in tiles of two blocks; what they add up to so far, and which are the extremes.

    Sums are kept in whole units, so that the order in which tiles are added does not matter.
    """

    def __init__(self, points: Points, labellings: Sequence[np.ndarray], parallel_map: Callable):
        self.points = points
        self.labellings = [Labelling(labels, points) for labels in labellings]
        self.lock = threading.Lock()
        self._set_units(parallel_map)

    def _set_units(self, parallel_map: Callable) -> None:
        """Choose units so small that the distances of a point to a whole cluster add up to 2⁶¹ of them at most."""
        points = self.points
        origin = points.middle(slice(0, len(points.order)))

        def add_up(number: int) -> list[np.ndarray]:
            x = points.seen_from(origin, points.blocks[number])
            return [labelling.members[number] @ x for labelling in self.labellings]

        totals = zip(*parallel_map(add_up, range(len(points.blocks))), strict=True)
        centres = [
            sum(parts) / labelling.sizes[:, None] for labelling, parts in zip(self.labellings, totals, strict=True)
        ]

        def measure(rows: slice) -> None:
            x = points.seen_from(origin, rows)
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
                farthest = labelling.sizes[:, None] * (labelling.units[:, rows] + radii[:, None])
                labelling.units[:, rows] = np.ldexp(1.0, np.minimum(61 - np.frexp(farthest)[1], 1000))

    def tasks(self) -> list[tuple[int, range]]:
        """A block, and some of the blocks up to it to be paired with it, by their numbers."""
        return [
            (columns, range(first, min(first + TILES_AT_ONCE, columns + 1)))
            for columns in range(len(self.points.blocks))
            for first in range(0, columns + 1, TILES_AT_ONCE)
        ]

    def partial_sums_of(self, labelling: Labelling) -> PartialSums:
        order, scale = self.points.order, self.points.scale
        exponents = np.empty(labelling.units.shape, np.int16)
        for sums, to, units in zip(labelling.sums, exponents, labelling.units, strict=True):
            sums[order] = sums.copy()
            to[order] = 1 - np.frexp(units)[1]
        del labelling.units
        extremes = ((best[0] / scale, *best[1:]) for best in (labelling.best[False], labelling.best[True]))
        return PartialSums(labelling.sums, exponents, *extremes)

    def compute(self, columns: int, others: range) -> None:
        """Add the tiles of a block with some others."""
        squares_to = self.points.squares_to(self.points.blocks[columns])
        for rows in others:
            squares = squares_to(self.points.blocks[rows])
            self._note_extremes(squares, rows, columns)
            distances = np.sqrt(squares, out=squares)
            self._add(distances, rows, columns)
            if rows != columns:
                self._add(np.ascontiguousarray(distances.T), columns, rows)

    def _add(self, distances: np.ndarray, of: int, to: int) -> None:
        """Add the distances of the points of two blocks, by clusters of the first, to the sums of the second."""
        rows = self.points.blocks[to]
        for labelling in self.labellings:
            sums = labelling.members[of] @ distances
            sums *= labelling.units[:, rows]
            whole = np.rint(sums, out=sums).astype(np.int64)
            with self.lock:
                labelling.sums[:, rows] += whole

    def _note_extremes(self, squares: np.ndarray, rows: int, columns: int) -> None:
        """Update the farthest pair within a cluster and the nearest pair of two clusters."""
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
                        self._note(labelling, within, rows, columns, row_points.start + i, column_points.start + j)

    def _limit(self, labelling: Labelling, within: bool) -> float:
        """What a squared distance, for the diameter negative, must not exceed to be an extreme."""
        known = labelling.best[within][0]
        return known * abs(known) + 4 * TOLERANCE * known**2

    def _note(self, labelling: Labelling, within: bool, rows: int, columns: int, i: int, j: int) -> None:
        """Keep a pair if it is the extreme so far."""
        (square,) = self.points.squared_distances(np.array([i]), np.array([j]))
        distance = -float(np.sqrt(square)) if within else float(np.sqrt(square))
        tile = rows * len(self.points.blocks) + columns
        with self.lock:
            pair = sorted(self.points.order[[i, j]].tolist())
            labelling.best[within] = min(labelling.best[within], (distance, tile, *pair))
