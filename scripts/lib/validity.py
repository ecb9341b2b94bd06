"""Internal validity of a clustering: silhouette and Dunn's index, over all pairs, in NumPy."""

from typing import NamedTuple

import numpy as np

from lib.parallel import blocks, in_threads

BLOCK_ROWS = 1024
# Squared distances below this share of the largest squared norm are computed from the coordinates.
CLOSE = {np.float32: 1e-2, np.float64: 1e-7}


class Validity(NamedTuple):
    silhouette: float  # mean of silhouette_samples
    dunn: float  # separation / diameter
    separation: float  # smallest distance between two points of different clusters
    diameter: float  # largest distance between two points of one cluster
    silhouette_samples: np.ndarray  # (n,) float64


def validity(X: np.ndarray, labels: np.ndarray, *, n_threads: int | None = None) -> Validity:
    """Silhouette and Dunn's index of a clustering, from one pass over all pairs of points.

    Euclidean distance. Silhouettes are within 1e-6 of those in float64, Dunn's index, separation and
    diameter within 1e-9 of their size. The result is the same to the bit whatever `n_threads` is.

    Silhouette (Rousseeuw 1987): of a point, (b - a) / max(a, b), where a is its mean distance
    to the other points of its cluster and b the least mean distance to the points of another
    cluster. 0 for the only point of a cluster, and where a = b = 0. NaN where there is one
    cluster only.

    Dunn's index (Dunn 1974): separation over diameter. Infinite where the diameter is 0 and the
    separation is not; NaN where both are 0 or there is one cluster only.

    Parameters
    ----------
    X : (n, d) float
        Finite values.
    labels : (n,) int
        Any numbers will do for clusters.
    n_threads
        By default one for each core that the process may use.

    Raises
    ------
    ValueError
        If there are no points, or not one label for each.

    Notes
    -----
    Time O(n² d); memory O(n (d + k)). Most products are in float32; wherever its error could count,
    distances are computed again from the coordinates in float64.
    """
    if X.ndim != 2 or labels.shape != X.shape[:1] or not len(X):
        raise ValueError(f"X {X.shape} and labels {labels.shape} should be of one or more points")
    order = np.argsort(labels, kind="stable")
    sizes = np.unique(labels, return_counts=True)[1]
    cluster = np.repeat(np.arange(len(sizes)), sizes)  # of each point, in this order
    data = _Data(X[order], cluster, _scale(X))

    sums = np.zeros((len(X), len(sizes)))  # of the distances of each point to those of each cluster
    tiles = []
    rows_of = _row_blocks(sizes)
    for i, rows in enumerate(rows_of):
        origin = data.points[rows].mean(axis=0, dtype=np.float64)

        def compute(columns: slice, rows: slice = rows, origin: np.ndarray = origin):
            return _tile(data, rows, columns, origin)

        for tile in in_threads(compute, rows_of[i:], n_threads):
            sums[tile.rows, cluster[tile.columns][tile.column_starts]] += tile.row_sums
            if tile.columns != rows:
                sums[tile.columns, cluster[rows][tile.row_starts]] += tile.column_sums.T
            tiles.append(tile.without_sums())

    samples = _silhouettes(sums, sizes, cluster)
    diameter = _extreme(data, tiles, within=True)
    separation = _extreme(data, tiles, within=False)
    with np.errstate(divide="ignore", invalid="ignore"):
        dunn = float(np.divide(separation, diameter))
    result = np.empty(len(X))
    result[order] = samples
    return Validity(float(result.mean()), dunn, separation, diameter, result)


def _scale(X: np.ndarray) -> float:
    """A power of two, which changes no digit, to bring all distances near 1."""
    extent = X.max(axis=0).astype(np.float64) - X.min(axis=0)
    return 0.5 ** int(np.frexp(extent.max())[1])


def _row_blocks(sizes: np.ndarray) -> list[slice]:
    """Blocks of rows of points sorted by cluster: of one cluster each, but for those of small clusters."""
    result = []
    start = stop = 0
    for size in sizes:
        if size >= BLOCK_ROWS // 4 or stop + size - start > BLOCK_ROWS:
            result += [slice(start, stop)] if stop > start else []
            start = stop
        stop += int(size)
        if size >= BLOCK_ROWS // 4:
            result += [slice(start + part.start, start + part.stop) for part in blocks(stop - start, BLOCK_ROWS)]
            start = stop
    return result + ([slice(start, stop)] if stop > start else [])


class _Data(NamedTuple):
    """The points, sorted by cluster."""

    points: np.ndarray  # (n, d)
    cluster: np.ndarray  # (n,)
    scale: float  # brings all coordinates around their mean within float32

    def of_one_cluster(self, rows: slice) -> bool:
        return self.cluster[rows.start] == self.cluster[rows.stop - 1]

    def directly(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Squared distances of pairs of points from their coordinates."""
        result = np.empty(len(i))
        for part in blocks(len(i)):
            difference = self.points[i[part]].astype(np.float64) - self.points[j[part]]
            result[part] = np.einsum("ij,ij->i", difference, difference)
        return result


class _Tile(NamedTuple):
    """What the distances between two blocks of points add to the whole."""

    rows: slice
    columns: slice
    origin: np.ndarray  # (d,)
    row_starts: np.ndarray  # where a cluster begins among the rows
    column_starts: np.ndarray
    row_sums: np.ndarray | None  # of each row's distances to each cluster of the columns
    column_sums: np.ndarray | None  # of each column's distances to each cluster of the rows
    lowest: float  # squared distance between two clusters
    largest: float  # squared distance within a cluster
    error: float  # bound of the rounding error of both

    def without_sums(self) -> "_Tile":
        return self._replace(row_sums=None, column_sums=None)


def _squared_distances(data: _Data, rows: slice, columns: slice, origin: np.ndarray) -> tuple[np.ndarray, float]:
    """Squared distances (scaled) of two blocks of points, and a bound of their rounding error.

    Seen from the middle of one cluster, its points are about as far from the origin as from each other,
    and all other points farther, so that float32 serves. Where small clusters share a block it may not.
    """
    dtype = np.float32 if data.of_one_cluster(rows) else np.float64
    n, m, d = rows.stop - rows.start, columns.stop - columns.start, len(origin)
    # |x|² + |y|² - 2 x·y as one product of [-2 x, |x|², 1] and [y, 1, |y|²].
    a, b = np.empty((n, d + 2), dtype), np.empty((m, d + 2), dtype)
    for factor, part in ((a, rows), (b, columns)):
        factor[:, :d] = (data.points[part] - origin) * data.scale
    a[:, d] = np.einsum("ij,ij->i", a[:, :d], a[:, :d])
    b[:, d + 1] = np.einsum("ij,ij->i", b[:, :d], b[:, :d])
    a[:, d + 1] = b[:, d] = 1
    a[:, :d] *= -2
    distances = a @ b.T
    # Higham 2002, section 3.1: a sum of d + 2 products of numbers that were rounded themselves.
    nearest, farthest = float(a[:, d].max()), float(b[:, d + 1].max())
    error = 2 * (d + 8) * float(np.finfo(dtype).eps) * (nearest + farthest)
    # The product has lost its digits where x is close to y.
    limit = CLOSE[dtype] * nearest
    if distances.min() < limit:
        i, j = np.nonzero(distances < limit)
        distances[i, j] = data.directly(rows.start + i, columns.start + j) * data.scale**2
    return distances, error


def _tile(data: _Data, rows: slice, columns: slice, origin: np.ndarray) -> _Tile:
    distances, error = _squared_distances(data, rows, columns, origin)
    row_clusters, row_starts = np.unique(data.cluster[rows], return_index=True)
    column_clusters, column_starts = np.unique(data.cluster[columns], return_index=True)
    same = row_clusters[:, None] == column_clusters
    lowest, largest = np.inf, -np.inf
    if not same.all():
        lowest = float(_by_cluster(np.minimum, distances, row_starts, column_starts)[~same].min())
    if same.any():
        largest = float(_by_cluster(np.maximum, distances, row_starts, column_starts)[same].max())
    np.sqrt(distances, out=distances)
    if len(column_starts) == 1:
        row_sums = distances.sum(axis=1)[:, None]  # pairwise: the error of float32 stays small
    else:
        row_sums = np.add.reduceat(distances, column_starts, axis=1, dtype=np.float64)
    if len(row_starts) == 1:
        # Along this axis NumPy sums one by one, so few at a time.
        column_sums = np.add.reduceat(distances, range(0, len(distances), 16), axis=0).sum(axis=0, dtype=float)[
            None
        ]
    else:
        column_sums = np.add.reduceat(distances, row_starts, axis=0, dtype=np.float64)
    return _Tile(rows, columns, origin, row_starts, column_starts, row_sums, column_sums, lowest, largest, error)


def _by_cluster(function: np.ufunc, distances, row_starts, column_starts) -> np.ndarray:
    """Reduce the distances between each two clusters to one."""
    if len(row_starts) == len(column_starts) == 1:
        return function.reduce(distances, axis=None, keepdims=True)
    return function.reduceat(function.reduceat(distances, row_starts, 0), column_starts, 1)


def _silhouettes(sums: np.ndarray, sizes: np.ndarray, cluster: np.ndarray) -> np.ndarray:
    if len(sizes) == 1:
        return np.full(len(sums), np.nan)
    own = np.arange(len(sums)), cluster
    single = sizes[cluster] == 1
    a = sums[own] / np.maximum(sizes[cluster] - 1, 1)
    others = sums / sizes
    others[own] = np.inf
    b = others.min(axis=1)
    scale = np.maximum(a, b)
    undefined = single | (scale == 0)
    return np.where(undefined, 0.0, (b - a) / np.where(undefined, 1.0, scale))


def _extreme(data: _Data, tiles: list[_Tile], *, within: bool) -> float:
    """The largest distance within a cluster, or the smallest between two; NaN if there is no pair.

    From the coordinates of every pair that may have it.
    """
    sign = -1 if within else 1
    bounds = np.array([-tile.largest if within else tile.lowest for tile in tiles])
    errors = np.array([tile.error for tile in tiles])
    limit = (bounds + errors).min()
    if not np.isfinite(limit):
        return np.nan
    best = np.inf
    for index in np.flatnonzero(bounds - errors <= limit):
        tile = tiles[index]
        distances, _ = _squared_distances(data, tile.rows, tile.columns, tile.origin)
        same = data.cluster[tile.rows, None] == data.cluster[tile.columns]
        i, j = np.nonzero((sign * distances <= limit + tile.error) & (same == within))
        best = min(best, (sign * data.directly(tile.rows.start + i, tile.columns.start + j)).min())
    return float(np.sqrt(sign * best))
