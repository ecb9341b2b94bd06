"""Internal validity of a clustering: silhouette and Dunn's index, over all pairs."""

import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array
from scipy.special import stdtrit

from lib.parallel import blocks, in_threads

BLOCK_ROWS = 500  # a tile of two blocks fits a core's cache, and is transposed quicker than one of 512
TILES_AT_ONCE = 8
TOLERANCE = 4e-9  # bound of the relative error of squared distances


class Validity(NamedTuple):
    silhouette: float  # mean of silhouette_samples
    dunn: float  # separation / diameter
    separation: float  # smallest distance between two points of different clusters
    diameter: float  # largest distance between two points of one cluster
    silhouette_samples: np.ndarray  # (n,) float64
    separation_pair: tuple[int, int] | None  # rows of X that are so far apart; None if there is one cluster only
    diameter_pair: tuple[int, int] | None


class Part(NamedTuple):
    """What some of the pairs of points say of a clustering; all parts together make a `Validity`."""

    sums: np.ndarray  # (n_clusters, n) int64: of the distances of each point to those of each cluster
    exponents: np.ndarray  # (n_clusters, n) int16: the unit of each sum is two to this power
    # Distance, number of the tile and the two points: the least such tuple is the extreme, for the
    # diameter with a negative distance. Infinite if there is no such pair.
    separation: tuple[float, int, int, int]
    diameter: tuple[float, int, int, int]


NO_PAIR = (np.inf, 0, 0, 0)


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
    parts = partial_validities(X, labellings, 0, 1, n_threads=n_threads)
    return [combine(labels, [part]) for labels, part in zip(labellings, parts, strict=True)]


def partial_validities(
    X: np.ndarray, labellings: Sequence[np.ndarray], part: int, n_parts: int, *, n_threads: int | None = None
) -> list[Part]:
    """The part of each of the `validities` from about one in `n_parts` of all pairs of points.

    Parts may be computed anywhere, in any order; `combine` makes of them, to the bit, what `validities` gives.

    Parameters
    ----------
    X, labellings, n_threads
        As for `validities`; the same for all parts.
    part : int
        0 to `n_parts` - 1.
    """
    _check(X, *labellings)
    with in_threads(n_threads) as run:
        pairs = _PairwisePass(_Points(X), labellings, run)
        run(lambda task: pairs.compute(*task), pairs.tasks()[part::n_parts])
        return [pairs.part_of(labelling) for labelling in pairs.labellings]


def combine(labels: np.ndarray, parts: Sequence[Part]) -> Validity:
    """The validity of a clustering from all its parts, in any order."""
    _, cluster, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    # Parts may come from machines of different kinds, whose rounding may choose different units.
    exponents = np.max([part.exponents for part in parts], axis=0)
    whole = sum(part.sums >> (exponents - part.exponents) for part in parts)
    sums = np.ldexp(whole.astype(np.float64), exponents)
    samples = _silhouettes(sums, sizes, cluster)
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


class SampledSilhouette(NamedTuple):
    silhouette: float  # estimate of the mean
    lower: float  # bounds of its 95 % confidence interval, from -1 to 1
    upper: float


LEAST_SAMPLES = 20  # of each cluster


def sampled_silhouette(
    X: np.ndarray, labels: np.ndarray, n_samples: int, *, seed: int = 0, n_threads: int | None = None
) -> SampledSilhouette:
    """The mean silhouette, estimated from some points of each cluster.

    Their own silhouettes are exact: their distances to all points count. Points are drawn from each cluster
    by itself, so that small ones have their say (stratified sampling, Cochran 1977, section 5.5).

    The interval is that of Student's t, with the degrees of freedom of Satterthwaite 1946 (Cochran, section
    5.4). By itself it would miss what a sample does not show: a few points of a cluster that lie deep in
    another. With 20 samples of each cluster and 1 to 3 % of such points it held 46 to 87 % of truths. So each
    cluster has the variance that it would have if two points of silhouette -1 and two of 1 had been drawn too,
    as Agresti & Coull 1998 have it for shares. Where one cluster has nearly all points, and silhouettes of two
    values far apart, it then holds 93 % in the worst case; elsewhere 95 % or more, as it is wide if samples
    are few. It is of the draw alone: other points and other clusterings would have other silhouettes. If all
    points are drawn, all three numbers are the mean silhouette.

    Parameters
    ----------
    X, labels, n_threads
        As for `validity`.
    n_samples : int
        Points of each cluster, 20 or more; of smaller clusters all points. In simulations the interval reached
        0.06 to 0.26 to each side with 20, 0.01 to 0.07 with 100, and 0.015 or less with 1,000.
    seed : int
        Of the draw.

    Raises
    ------
    ValueError
        As `validity`, or if `n_samples` is too small.

    Notes
    -----
    Time O(n d k n_samples); memory 4 n d bytes (float32) and O(k² n_samples) beside X.
    """
    _check(X, labels)
    if n_samples < LEAST_SAMPLES:
        raise ValueError(f"n_samples should be {LEAST_SAMPLES} or more, is {n_samples}")
    points = _Points(X)
    labelling = _Labelling(labels, points)
    sizes = labelling.sizes
    rng = np.random.default_rng(seed)
    members = np.split(np.argsort(labels, kind="stable"), np.cumsum(sizes)[:-1])
    chosen = np.concatenate([np.sort(rng.permutation(of)[:n_samples]) for of in members])
    chosen = np.argsort(points.order)[chosen]
    sums = np.zeros((len(sizes), len(chosen)))

    def add(part: slice) -> None:
        for of, rows in zip(labelling.members, points.blocks, strict=True):
            squares = points.squares_to(rows)(chosen[part])
            sums[:, part] += of @ np.sqrt(squares, out=squares).T

    with in_threads(n_threads) as run:
        run(add, blocks(len(chosen), BLOCK_ROWS))
    samples = _silhouettes(sums, sizes, labelling.cluster[chosen])
    estimate, variances = 0.0, []
    for drawn, size in zip(np.split(samples, np.cumsum(np.minimum(sizes, n_samples))[:-1]), sizes, strict=True):
        estimate += drawn.mean() * size / len(X)
        if len(drawn) < size:
            spread = np.append(drawn, [-1, -1, 1, 1]).var(ddof=1)
            variances.append((size / len(X)) ** 2 * (1 - len(drawn) / size) * spread / len(drawn))
    margin = 0.0
    if variances:
        variance = sum(variances)
        freedom = variance**2 / sum(part**2 / (n_samples - 1) for part in variances)
        margin = stdtrit(freedom, 0.975) * np.sqrt(variance)
    lower, upper = np.clip([estimate - margin, estimate + margin], -1, 1)
    return SampledSilhouette(float(estimate), float(lower), float(upper))


def _check(X: np.ndarray, *labellings: np.ndarray) -> None:
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


def _silhouettes(sums: np.ndarray, sizes: np.ndarray, cluster: np.ndarray) -> np.ndarray:
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


class _Points:
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


class _Labelling:
    """The cluster of each point, in the order of `_Points`, and what is known of all clusters so far."""

    def __init__(self, labels: np.ndarray, points: _Points):
        _, cluster, self.sizes = np.unique(labels[points.order], return_inverse=True, return_counts=True)
        self.cluster = cluster.astype(np.min_scalar_type(len(self.sizes)))  # small numbers are quick to compare
        self.members = [self._members(rows) for rows in points.blocks]
        self.sums = np.zeros((len(self.sizes), len(labels)), np.int64)
        self.units = np.empty(self.sums.shape)  # so many to a distance of 1
        # Of pairs within a cluster, and of two: the extreme, as in `Part`.
        self.best = {True: NO_PAIR, False: NO_PAIR}

    def may_have_pairs(self, within: bool, rows: int, columns: int) -> bool:
        """Whether two blocks can have pairs of points within a cluster, or of two."""
        a, b = np.diff(self.members[rows].indptr) > 0, np.diff(self.members[columns].indptr) > 0
        return bool((a & b).any()) if within else np.count_nonzero(a | b) > 1

    def _members(self, rows: slice) -> csr_array:
        """1 where a point belongs to a cluster, (n_clusters, n_points): a product with it adds up by cluster."""
        cluster = self.cluster[rows]
        at = cluster, np.arange(len(cluster))
        return csr_array((np.ones(len(cluster)), at), shape=(len(self.sizes), len(cluster)))


class _PairwisePass:
    """The pairs of points in tiles of two blocks; what they add up to so far, and which are the extremes.

    Sums are kept in whole units, so that the order in which tiles are added does not matter.
    """

    def __init__(self, points: _Points, labellings: Sequence[np.ndarray], run: Callable):
        self.points = points
        self.labellings = [_Labelling(labels, points) for labels in labellings]
        self.lock = threading.Lock()
        self._set_units(run)

    def _set_units(self, run: Callable) -> None:
        """Choose units so small that the distances of a point to a whole cluster add up to 2⁶¹ of them at most."""
        points = self.points
        origin = points.middle(slice(0, len(points.order)))

        def add_up(number: int) -> list[np.ndarray]:
            x = points.seen_from(origin, points.blocks[number])
            return [labelling.members[number] @ x for labelling in self.labellings]

        totals = zip(*run(add_up, range(len(points.blocks))), strict=True)
        centres = [
            sum(parts) / labelling.sizes[:, None] for labelling, parts in zip(self.labellings, totals, strict=True)
        ]

        def measure(rows: slice) -> None:
            x = points.seen_from(origin, rows)
            for labelling, centre in zip(self.labellings, centres, strict=True):
                size = np.einsum("ij,ij->i", centre, centre)[:, None] + np.einsum("ij,ij->i", x, x)
                squares = size - 2 * centre @ x.T
                labelling.units[:, rows] = np.sqrt(np.maximum(squares, 0) + 1e-9 * size)

        run(measure, points.blocks)
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

    def part_of(self, labelling: _Labelling) -> Part:
        order, scale = self.points.order, self.points.scale
        exponents = np.empty(labelling.units.shape, np.int16)
        for sums, to, units in zip(labelling.sums, exponents, labelling.units, strict=True):
            sums[order] = sums.copy()
            to[order] = 1 - np.frexp(units)[1]
        del labelling.units
        extremes = ((best[0] / scale, *best[1:]) for best in (labelling.best[False], labelling.best[True]))
        return Part(labelling.sums, exponents, *extremes)

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
                if labelling.may_have_pairs(within, rows, columns)
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

    def _limit(self, labelling: _Labelling, within: bool) -> float:
        """What a squared distance, for the diameter negative, must not exceed to be an extreme."""
        known = labelling.best[within][0]
        return known * abs(known) + 4 * TOLERANCE * known**2

    def _note(self, labelling: _Labelling, within: bool, rows: int, columns: int, i: int, j: int) -> None:
        """Keep a pair if it is the extreme so far."""
        (square,) = self.points.squared_distances(np.array([i]), np.array([j]))
        distance = -float(np.sqrt(square)) if within else float(np.sqrt(square))
        tile = rows * len(self.points.blocks) + columns
        with self.lock:
            pair = sorted(self.points.order[[i, j]].tolist())
            labelling.best[within] = min(labelling.best[within], (distance, tile, *pair))
