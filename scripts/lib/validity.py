"""Internal validity of a clustering: silhouette and Dunn's index, over all pairs, in NumPy."""

import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from lib.parallel import blocks, in_threads

BLOCK_ROWS = 512
# Squared distances below this share of the largest squared norm are computed from the coordinates.
CLOSE = {np.float32: 1e-2, np.float64: 1e-7}


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
    exponents: np.ndarray  # (n_clusters, n_clusters): what a unit of `sums` is, a power of two
    # Squared distance, number of the tile and the two points: the least such tuple is the extreme, for the
    # diameter with a negative distance. Infinite if there is no such pair.
    separation: tuple[float, int, int, int]
    diameter: tuple[float, int, int, int]


NO_PAIR = (np.inf, 0, 0, 0)


def validity(X: np.ndarray, labels: np.ndarray, *, n_threads: int | None = None) -> Validity:
    """Silhouette and Dunn's index of a clustering, from one pass over all pairs of points.

    Euclidean distance. Silhouettes are within 1e-6 of those in float64, Dunn's index, separation and
    diameter within 1e-9 of their size. The result is the same to the bit whatever `n_threads` is.

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
    Time O(n² d); memory at most 4 n d + 40 n k bytes beside X, and some blocks. Most products are in float32;
    wherever its error could count, distances are computed again from the coordinates in float64.
    """
    return validities(X, [labels], n_threads=n_threads)[0]


def validities(X: np.ndarray, labellings: Sequence[np.ndarray], *, n_threads: int | None = None) -> list[Validity]:
    """The `validity` of several clusterings of the same points, which takes little longer than that of one.

    Distances are computed once for all. Of the first clustering, the result is to the bit that of `validity`;
    of the others it does not depend on each other. Memory: 8 n k bytes more for each.
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
        work = _Work(X, labellings, run)
        run(lambda task: work.compute(*task), work.tasks()[part::n_parts])
        return [work.part_of(labelling) for labelling in work.labellings]


def combine(labels: np.ndarray, parts: Sequence[Part]) -> Validity:
    """The validity of a clustering from all its parts, in any order."""
    _, cluster, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    sums = np.ldexp(sum(part.sums for part in parts).astype(np.float64), parts[0].exponents[:, cluster])
    samples = _silhouettes(sums, sizes, cluster)
    separation, _, *separation_pair = min(part.separation for part in parts)
    diameter, _, *diameter_pair = min(part.diameter for part in parts)
    with np.errstate(divide="ignore", invalid="ignore"):
        separation = float(np.sqrt(separation)) if np.isfinite(separation) else np.nan
        diameter = float(np.sqrt(-diameter))
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
    Time O(n d k n_samples); memory O(k² n_samples) beside X.
    """
    _check(X, labels)
    if n_samples < LEAST_SAMPLES:
        raise ValueError(f"n_samples should be {LEAST_SAMPLES} or more, is {n_samples}")
    order = np.argsort(labels, kind="stable")
    _, cluster, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    rng = np.random.default_rng(seed)
    members = np.split(order, np.cumsum(sizes)[:-1])
    chosen = np.concatenate([np.sort(rng.permutation(of)[:n_samples]) for of in members])
    starts = np.cumsum(sizes) - sizes
    mean = X.mean(axis=0, dtype=np.float64)
    sums = np.zeros((len(sizes), len(chosen)))

    def add(part: slice) -> None:
        x = X[chosen[part]] - mean
        own = np.einsum("ij,ij->i", x, x)[:, None]
        for rows in blocks(len(X), 8 * BLOCK_ROWS):
            y = X[order[rows]] - mean
            size = own + np.einsum("ij,ij->i", y, y)
            squares = size - 2 * x @ y.T
            i, j = np.nonzero(squares < CLOSE[np.float64] * size)
            squares[i, j] = ((x[i] - y[j]) ** 2).sum(axis=1)
            first, last = cluster[order[[rows.start, rows.stop - 1]]]
            within = np.maximum(starts[first : last + 1] - rows.start, 0)
            sums[first : last + 1, part] += _sums(np.sqrt(squares, out=squares), within)

    with in_threads(n_threads) as run:
        run(add, blocks(len(chosen), BLOCK_ROWS))
    samples = _silhouettes(sums, sizes, cluster[chosen])
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
        if X.ndim != 2 or labels.shape != X.shape[:1] or not len(X):
            raise ValueError(f"X {X.shape} and labels {labels.shape} should be of one or more points")
    largest = max(float(X.max()), -float(X.min()))
    if not (1e-30 < largest < 1e30 or largest == 0):
        raise ValueError(f"X should have finite values between 1e-30 and 1e30 in size, has {largest}")


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


class _Block(NamedTuple):
    """Points that follow each other when sorted by cluster."""

    number: int
    rows: slice
    clusters: slice
    starts: np.ndarray  # where each cluster begins among the rows


def _layout(sizes: np.ndarray) -> list[list[_Block]]:
    """Points sorted by cluster in groups, of one large cluster or of a few small ones, and these in blocks."""
    ends = np.cumsum(sizes).tolist()
    groups: list[list[_Block]] = []
    number = first = start = 0
    for j in range(1, len(sizes) + 1):
        is_small = max(sizes[j - 1 : j + 1]) < BLOCK_ROWS // 4
        if j < len(sizes) and is_small and ends[j] - start <= BLOCK_ROWS:
            continue
        starts = np.array([start, *ends[first : j - 1]]) - start if j - first > 1 else np.zeros(1, int)
        groups.append([])
        for part in blocks(ends[j - 1] - start, BLOCK_ROWS):
            rows = slice(start + part.start, start + part.stop)
            groups[-1].append(_Block(number, rows, slice(first, j), starts))
            number += 1
        first, start = j, ends[j - 1]
    return groups


class _Group(NamedTuple):
    """Blocks whose points are seen from their mean."""

    blocks: list[_Block]
    origin: np.ndarray  # (d,)
    dtype: type  # of the products


class _Labelling:
    """The cluster of each point, in an order that may not be theirs, and what is known of them so far."""

    def __init__(self, labels: np.ndarray):
        _, cluster, self.sizes = np.unique(labels, return_inverse=True, return_counts=True)
        self.cluster = cluster.astype(np.min_scalar_type(len(self.sizes)))  # small numbers are quick to compare
        self.sums = np.zeros((len(self.sizes), len(labels)), np.int64)
        # For pairs within a cluster, and of two: the extreme, as in `Part`.
        self.best = {True: NO_PAIR, False: NO_PAIR}

    def set_units(self, lows: np.ndarray, highs: np.ndarray) -> None:
        """Choose units so small that the distances of a point to a whole cluster add up to 2⁶¹ of them at most.

        Parameters
        ----------
        lows, highs : (n_clusters, d) float64
            The least and largest coordinates of the points of each cluster.
        """
        centres = (lows + highs) / 2
        radii = np.sqrt(((highs - centres) ** 2).sum(axis=1))
        centres -= centres.mean(axis=0)
        squares = (centres**2).sum(axis=1)
        apart = squares[:, None] + squares - 2 * centres @ centres.T + 1e-12 * squares.max()
        farthest = np.sqrt(np.maximum(apart, 0)) + radii[:, None] + radii
        # Of the cluster that distances lead to, and that of the point.
        self.exponents = np.maximum(np.frexp(self.sizes[:, None] * farthest)[1] - 61, -1000)
        self.units = np.ldexp(1.0, -self.exponents)


class _Work:
    """The points sorted by cluster, what their pairs add up to so far, and which are the extremes.

    The clusters are those of the first labelling. The pairs are cut into tiles of two blocks of points each.
    Sums are kept in whole units, so that the order in which tiles are added does not matter.
    """

    def __init__(self, X: np.ndarray, labellings: Sequence[np.ndarray], run: Callable):
        self.X = X
        self.order = np.argsort(labellings[0], kind="stable")
        self.labellings = [_Labelling(labels[self.order]) for labels in labellings]
        self.lock = threading.Lock()
        layout = _layout(self.labellings[0].sizes)
        self.blocks = [block for members in layout for block in members]
        boxes = run(self._boxes, self.labellings)
        # Where squares leave the range of float32, a power of two, which changes no digit, brings them back.
        extent = float((boxes[0][1].max(axis=0) - boxes[0][0].min(axis=0)).max())
        self.scale = 1.0 if 1e-6 < extent < 1e6 else 0.5 ** int(np.frexp(extent)[1])
        for labelling, (lows, highs) in zip(self.labellings, boxes, strict=True):
            labelling.set_units(lows * self.scale, highs * self.scale)
        self.left: list = [None] * len(self.blocks)  # of each block its factor, and the largest squared norm in it
        self.groups = run(self._prepare, layout)

    def _boxes(self, labelling: _Labelling) -> tuple[np.ndarray, np.ndarray]:
        """The least and largest coordinates of the points of each cluster, (n_clusters, d) float64 each."""
        d = self.X.shape[1]
        lows, highs = np.full((len(labelling.sizes), d), np.inf), np.full((len(labelling.sizes), d), -np.inf)
        order = np.argsort(labelling.cluster, kind="stable")
        for j, members in enumerate(np.split(order, np.cumsum(labelling.sizes)[:-1])):
            for part in blocks(len(members), BLOCK_ROWS):
                x = self.points(members[part])
                np.minimum(lows[j], x.min(axis=0), out=lows[j])
                np.maximum(highs[j], x.max(axis=0), out=highs[j])
        return lows, highs

    def points(self, rows: slice | np.ndarray) -> np.ndarray:
        return self.X.take(self.order[rows], axis=0)

    def tasks(self) -> list[tuple[_Group, _Block]]:
        return [(group, block) for group in self.groups for block in self.blocks[group.blocks[0].number :]]

    def part_of(self, labelling: _Labelling) -> Part:
        labelling.sums[:, self.order] = labelling.sums.copy()
        return Part(labelling.sums, labelling.exponents, labelling.best[False], labelling.best[True])

    def _prepare(self, members: list[_Block]) -> _Group:
        clusters = members[0].clusters
        total = sum(self.points(block.rows).sum(axis=0, dtype=np.float64) for block in members)
        origin = total / (members[-1].rows.stop - members[0].rows.start)
        # Seen from the middle of one cluster, its points are about as far from the origin as from each other,
        # and all others farther, so that float32 serves. For small clusters together it may not; and where
        # there are few points its errors do not cancel out.
        single = clusters.stop - clusters.start == 1
        dtype = np.float32 if single and len(self.X) > 8 * BLOCK_ROWS else np.float64
        group = _Group(members, origin.astype(np.result_type(self.X.dtype, np.float32)), dtype)
        for block in members:
            factor = self._factor(group, block, left=True)
            self.left[block.number] = factor, float(factor[:, -2].max())
        return group

    def _factor(self, group: _Group, block: _Block, *, left: bool) -> np.ndarray:
        """[-2 x, |x|², 1], a row for each point; or [y, 1, |y|²], a column. Their product: |x|² + |y|² - 2 x·y."""
        points = self.points(block.rows)
        d = points.shape[1]
        factor = np.empty((len(points), d + 2), group.dtype)
        x = factor[:, :d]
        np.subtract(
            points, group.origin, out=x, dtype=np.result_type(group.origin, group.dtype), casting="same_kind"
        )
        if self.scale != 1:
            x *= self.scale
        factor[:, d if left else d + 1] = np.einsum("ij,ij->i", x, x, dtype=np.float64)
        factor[:, d + 1 if left else d] = 1
        if left:
            x *= -2
            return factor
        return np.ascontiguousarray(factor.T)  # as BLAS likes it best

    def compute(self, group: _Group, columns: _Block) -> None:
        """Add the tiles of a block of points with all blocks of a group that are not behind it."""
        right = self._factor(group, columns, left=False)
        space = np.empty((BLOCK_ROWS, right.shape[1]), group.dtype)
        first, *others = self.labellings
        for rows in group.blocks[: columns.number - group.blocks[0].number + 1]:
            squares, error = self._squares(group, rows, columns, right, space)
            self._note_extremes(squares, error, rows, columns)
            distances = np.sqrt(squares, out=squares)
            off_diagonal = rows.number != columns.number
            sums = _sums(distances, columns.starts)
            self._add(first, sums, rows, columns)
            if off_diagonal:
                self._add(first, _sums(distances.T, rows.starts), columns, rows)
            # Sums of numbers around 0 keep more digits: a product adds them up in a single float32.
            middle = distances.dtype.type(sums.sum() / distances.size)
            if others:
                distances -= middle
            for labelling in others:
                self._add_to_each(labelling, distances, middle, rows, columns)
                if off_diagonal:
                    self._add_to_each(labelling, distances.T, middle, columns, rows)

    def _squares(
        self, group: _Group, rows: _Block, columns: _Block, right: np.ndarray, space: np.ndarray
    ) -> tuple[np.ndarray, float]:
        """Squared (scaled) distances of a tile, and a bound of their error."""
        left, nearest = self.left[rows.number]
        squares = np.matmul(left, right, out=space[: len(left)])
        # Higham 2002, section 3.1: a sum of d + 2 products of numbers that were rounded themselves.
        size = nearest + float(right[-1].max())
        error = 2 * (left.shape[1] + 6) * float(np.finfo(group.dtype).eps) * size
        # The product has lost its digits where x is close to y.
        limit = CLOSE[group.dtype] * nearest
        if squares.min() < limit:
            i, j = np.nonzero(squares < limit)
            squares[i, j] = self._directly(rows.rows.start + i, columns.rows.start + j) * self.scale**2
        return squares, error

    def _directly(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Squared distances of pairs of points from their coordinates."""
        result = np.empty(len(i))
        for part in blocks(len(i)):
            difference = self.points(i[part]).astype(np.float64) - self.points(j[part])
            result[part] = np.einsum("ij,ij->i", difference, difference)
        return result

    def _add(self, labelling: _Labelling, sums: np.ndarray, to: _Block, of: _Block) -> None:
        """Add the sums of distances of some points to each cluster of a block."""
        own = to.clusters if len(to.starts) == 1 else labelling.cluster[to.rows]
        self._add_units(labelling, sums * labelling.units[of.clusters, own], of.clusters, to)

    def _add_to_each(
        self, labelling: _Labelling, distances: np.ndarray, less: float, to: _Block, of: _Block
    ) -> None:
        """Add the distances, given `less` a number, of some points to those of a block, to each cluster."""
        cluster = labelling.cluster[of.rows]
        k = len(labelling.sizes)
        sums = (distances @ np.eye(k, dtype=distances.dtype)[cluster]).T
        sums = sums + float(less) * np.bincount(cluster, minlength=k)[:, None]
        self._add_units(labelling, sums * labelling.units[:, labelling.cluster[to.rows]], slice(None), to)

    def _add_units(self, labelling: _Labelling, sums: np.ndarray, clusters: slice, to: _Block) -> None:
        whole = np.rint(sums, out=sums).astype(np.int64)
        with self.lock:
            labelling.sums[clusters, to.rows] += whole

    def _note_extremes(self, squares: np.ndarray, error: float, rows: _Block, columns: _Block) -> None:
        """Find what is farther than all pairs within a cluster so far, or closer than all of two clusters."""
        tile = rows.number * len(self.blocks) + columns.number
        for within in (True, False):
            sign = -1 if within else 1
            extreme = sign * float(squares.max() if within else squares.min())
            known = {
                labelling: labelling.best[within][0] * self.scale**2
                for labelling in self.labellings
                if labelling is not self.labellings[0] or _may_be(within, rows, columns)
            }
            known = {labelling: limit for labelling, limit in known.items() if extreme <= limit + error}
            if not known:
                continue
            limit = max(known.values()) + error
            pairs = np.flatnonzero(squares >= -limit if within else squares <= limit)
            if len(pairs) > squares.size // 8:
                pairs = slice(None)  # as quick, if most of them are to be looked at
            values = sign * squares.ravel()[pairs]
            for labelling, limit in known.items():
                same = labelling.cluster[rows.rows, None] == labelling.cluster[columns.rows]
                of_kind = np.where(same.ravel()[pairs] == within, values, np.inf)
                bound = float(of_kind.min())
                if np.isfinite(bound) and bound <= limit + error:
                    found = np.flatnonzero(of_kind <= min(limit, bound + error) + error)
                    i, j = np.divmod(found if isinstance(pairs, slice) else pairs[found], squares.shape[1])
                    self._note(labelling, within, tile, rows.rows.start + i, columns.rows.start + j)

    def _note(self, labelling: _Labelling, within: bool, tile: int, i: np.ndarray, j: np.ndarray) -> None:
        """Keep the extreme of some pairs, if it is one of all so far."""
        if not within and (0, tile) > labelling.best[within][:2]:
            return  # none could be better, and there may be many of duplicates
        exact = self._directly(i, j) * (-1 if within else 1)
        at = exact.argmin()
        pair = sorted(self.order[[i[at], j[at]]].tolist())
        with self.lock:
            labelling.best[within] = min(labelling.best[within], (float(exact[at]), tile, *pair))


def _may_be(within: bool, rows: _Block, columns: _Block) -> bool:
    """Whether two blocks can have pairs within a cluster, or of two, of those they were sorted by."""
    if len(rows.starts) == len(columns.starts) == 1:
        return (rows.clusters == columns.clusters) == within
    return True


def _sums(distances: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """The sum of each row's distances to each cluster of the columns, (n_clusters, n_rows) float64."""
    if len(starts) == 1:
        return (distances @ np.ones(distances.shape[1], distances.dtype)).astype(np.float64)[None]
    return np.add.reduceat(distances, starts, axis=1, dtype=np.float64).T
