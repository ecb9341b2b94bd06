"""Internal validity of a clustering: silhouette and Dunn's index, exact, on NumPy alone."""

from typing import NamedTuple

import numpy as np

from lib.parallel import blocks, in_threads

BLOCK_ROWS = 1024
CLOSE = 1e-7  # squared distances below this share of the largest squared norm are computed directly


class Validity(NamedTuple):
    silhouette: float  # mean of silhouette_samples
    dunn: float  # separation / diameter
    separation: float  # smallest distance between two points of different clusters
    diameter: float  # largest distance between two points of one cluster
    silhouette_samples: np.ndarray  # (n,) float64


def validity(X: np.ndarray, labels: np.ndarray, *, n_threads: int | None = None) -> Validity:
    """Silhouette and Dunn's index of a clustering, from one pass over all pairs of points.

    Euclidean distance. The result is the same to the bit whatever `n_threads` is.

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
    Time O(n² d); memory O(n (d + k)).
    """
    if X.ndim != 2 or labels.shape != X.shape[:1] or not len(X):
        raise ValueError(f"X {X.shape} and labels {labels.shape} should be of one or more points")
    order = np.argsort(labels, kind="stable")
    sizes = np.unique(labels, return_counts=True)[1]
    cluster = np.repeat(np.arange(len(sizes)), sizes)  # of each point, in this order
    # Distances do not change with the origin, and their rounding errors are least around the mean.
    exact = X[order]
    points = exact - exact.mean(axis=0, dtype=np.float64)
    data = _Data(exact, points, np.einsum("ij,ij->i", points, points), cluster)

    sums = np.zeros((len(X), len(sizes)))  # of the distances of each point to those of each cluster
    lowest: list[tuple[float, slice, slice]] = []  # of squared distances between clusters, by block
    largest = (-1.0, 0, 0)  # squared distance within a cluster, and the two points
    rows_of = blocks(len(X), BLOCK_ROWS)
    for i, rows in enumerate(rows_of):

        def pairs(columns: slice, rows: slice = rows):
            return _block(data, rows, columns)

        for columns, block in zip(rows_of[i:], in_threads(pairs, rows_of[i:], n_threads), strict=True):
            sums[rows, block.column_clusters] += block.row_sums
            if columns != rows:
                sums[columns, block.row_clusters] += block.column_sums.T
            lowest.append((block.lowest, rows, columns))
            largest = max(largest, block.largest)

    samples = _silhouettes(sums, sizes, cluster)
    diameter = float(np.sqrt(data.directly(*np.array([largest[1:]]).T)[0]))
    separation = _separation(data, lowest) if len(sizes) > 1 else np.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        dunn = float(np.divide(separation, diameter))
    result = np.empty(len(X))
    result[order] = samples
    return Validity(float(result.mean()), dunn, separation, diameter, result)


class _Data(NamedTuple):
    """The points, sorted by cluster."""

    exact: np.ndarray  # (n, d) as given
    centred: np.ndarray  # (n, d) float64
    squares: np.ndarray  # (n,) squared norms of the centred points
    cluster: np.ndarray  # (n,)

    def directly(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Squared distances of pairs of points from their coordinates."""
        result = np.empty(len(i))
        for part in blocks(len(i)):
            difference = self.exact[i[part]].astype(np.float64) - self.exact[j[part]]
            result[part] = np.einsum("ij,ij->i", difference, difference)
        return result


class _Block(NamedTuple):
    """What the distances between the points of two blocks add to the whole."""

    row_clusters: np.ndarray
    column_clusters: np.ndarray
    row_sums: np.ndarray  # of each row's distances to each cluster of the columns
    column_sums: np.ndarray  # of each column's distances to each cluster of the rows
    lowest: float  # squared distance between two clusters
    largest: tuple[float, int, int]  # squared distance within a cluster, and the two points


def _squared_distances(data: _Data, rows: slice, columns: slice) -> np.ndarray:
    distances = data.centred[rows] @ data.centred[columns].T
    distances *= -2
    distances += data.squares[rows, None]
    distances += data.squares[columns]
    # |x|² + |y|² - 2 x·y has lost its digits where x is close to y (Higham 2002, section 3.1).
    i, j = np.nonzero(distances < CLOSE * data.squares.max())
    distances[i, j] = data.directly(rows.start + i, columns.start + j)
    return distances


def _block(data: _Data, rows: slice, columns: slice) -> _Block:
    distances = _squared_distances(data, rows, columns)
    row_clusters, row_starts = np.unique(data.cluster[rows], return_index=True)
    column_clusters, column_starts = np.unique(data.cluster[columns], return_index=True)
    between = row_clusters[:, None] != column_clusters
    lowest = np.inf
    if between.any():
        least = np.minimum.reduceat(np.minimum.reduceat(distances, row_starts, 0), column_starts, 1)
        lowest = float(least[between].min())
    largest = (-1.0, 0, 0)
    for a, b in np.argwhere(~between):
        # Both are sorted by cluster, so the pairs within a cluster are one rectangle.
        stop_a = row_starts[a + 1] if a + 1 < len(row_starts) else None
        stop_b = column_starts[b + 1] if b + 1 < len(column_starts) else None
        within = distances[row_starts[a] : stop_a, column_starts[b] : stop_b]
        i, j = np.unravel_index(within.argmax(), within.shape)
        pair = (rows.start + row_starts[a] + i, columns.start + column_starts[b] + j)
        largest = max(largest, (float(within[i, j]), int(pair[0]), int(pair[1])))
    np.sqrt(distances, out=distances)
    row_sums = np.add.reduceat(distances, column_starts, axis=1)
    column_sums = np.add.reduceat(distances, row_starts, axis=0)
    return _Block(row_clusters, column_clusters, row_sums, column_sums, lowest, largest)


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


def _separation(data: _Data, lowest: list[tuple[float, slice, slice]]) -> float:
    """The smallest distance between clusters, from the coordinates of every pair that may have it."""
    limit = min(least for least, _, _ in lowest)
    # An error of the product weighs most just above where it is not trusted any more.
    limit *= 1 + 8 * np.finfo(np.float64).eps * (data.centred.shape[1] + 4) / CLOSE
    best = np.inf
    for least, rows, columns in lowest:
        if least <= limit:
            between = data.cluster[rows, None] != data.cluster[columns]
            i, j = np.nonzero((_squared_distances(data, rows, columns) <= limit) & between)
            best = min(best, data.directly(rows.start + i, columns.start + j).min())
    return float(np.sqrt(best))
