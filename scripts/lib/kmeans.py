"""k-means clustering by Lloyd's algorithm, exact and deterministic, in NumPy.

Lloyd, S. (1982). Least squares quantization in PCM. IEEE Trans. Inf. Theory 28(2), 129-137.
Hamerly, G. (2010). Making k-means even faster. SIAM Int. Conf. on Data Mining, 130-140.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from lib.parallel import blocks, in_threads

UNIT_ROUNDOFF = 2.0**-24  # of float32


class KMeansResult(NamedTuple):
    labels: np.ndarray  # (n,) int32
    centroids: np.ndarray  # (k, d) float32: the mean of each cluster
    inertia: float  # sum of squared Euclidean distances to the own centroid
    n_iter: int  # assignment steps
    converged: bool  # the last assignment step changed nothing


def kmeans(
    X: np.ndarray,
    n_clusters: int,
    *,
    seed: int = 0,
    init: str | np.ndarray = "random",
    n_init: int = 1,
    max_iter: int | None = None,
    n_threads: int | None = None,
) -> KMeansResult:
    """Cluster n points of d dimensions into k clusters.

    The result is a fixed point of Lloyd's iteration, the same to the bit whatever
    `n_threads` is. Distances are computed in float32; wherever that leaves in doubt which
    centroid is nearest, they are computed again in float64. A point keeps its cluster at an
    exact tie, and goes to the first of the nearest centroids otherwise. A cluster that loses
    all its points gets the point that is farthest from its own centroid, among clusters of
    two points and more.

    Parameters
    ----------
    X : (n, d) float
        Finite values.
    n_clusters
        k, at most the number of distinct points.
    seed
        Of the initial centroids.
    init : "random", "k-means++" or (k, d) float
        The initial centroids: distinct points drawn evenly; greedy k-means++ (Arthur &
        Vassilvitskii 2007); or given.
    n_init
        Runs from different centroids; the one of the lowest inertia is returned.
    max_iter
        Assignment steps at most; by default as many as it takes until no assignment changes.
    n_threads
        By default one for each core that the process may use.

    Raises
    ------
    ValueError
        If there are fewer distinct points than clusters, or the shapes do not fit.

    Notes
    -----
    Time O(n k d) a step at most: bounds (Hamerly 2010) pass over points that cannot change their cluster.
    Memory 4 n d bytes beside X.
    """
    if X.ndim != 2:
        raise ValueError(f"X should have two axes, has the shape {X.shape}")
    for name, value in {
        "n_clusters": n_clusters,
        "n_init": n_init,
        "max_iter": 1 if max_iter is None else max_iter,
    }.items():
        if value < 1:
            raise ValueError(f"{name} should be 1 or more, is {value}")
    rng = np.random.default_rng(seed)
    points = _Points(X, n_threads)
    best = None
    for _ in range(n_init):
        if not isinstance(init, str):
            centroids = np.asarray(init, np.float64)
            if centroids.shape != (n_clusters, X.shape[1]):
                raise ValueError(f"init has the shape {centroids.shape}, not {(n_clusters, X.shape[1])}")
            _distinct(X, range(len(X)), n_clusters)
        elif init == "random":
            centroids = _random_points(X, n_clusters, rng)
        elif init == "k-means++":
            centroids = _plus_plus(points, n_clusters, rng)
        else:
            raise ValueError(f"init should be random, k-means++ or an array, is {init!r}")
        result = _lloyd(points, centroids, max_iter)
        if best is None or result.inertia < best.inertia:
            best = result
    return best


def _lloyd(points: "_Points", centroids: np.ndarray, max_iter: int | None) -> KMeansResult:
    k = len(centroids)
    labels = np.full(points.n, -1, np.int32)
    # Hamerly 2010: bounds of the distance to the own and to the second nearest centroid, which tell for
    # most points that nothing changed without looking at a centroid.
    upper, lower = np.full(points.n, np.inf), np.zeros(points.n)
    sums = np.zeros_like(centroids)
    seen = set()
    n_iter = 0
    exact = converged = False
    while max_iter is None or n_iter < max_iter:
        new = points.nearest(centroids, labels, upper, lower)
        n_iter += 1
        _refill_empty(points, centroids, new, upper)
        moved = np.flatnonzero(new != labels)
        if not len(moved) and exact:
            converged = True
            break
        # To follow those that moved is quicker, but rounding adds up: at the end all are summed again.
        exact = not 0 < len(moved) < points.n / 4
        if exact:
            sums = points.sums(np.arange(points.n), new, k)
        else:
            sums += points.sums(moved, new[moved], k)
            sums -= points.sums(moved, labels[moved], k)
        labels = new
        before, centroids = centroids, sums / np.bincount(labels, minlength=k)[:, None]
        moves = np.sqrt(((centroids - before) ** 2).sum(axis=1)) * points.scale * (1 + 1e-12)
        upper += moves[labels]
        lower -= moves.max()
        # Rounding of the means could make equal partitions take turns for ever.
        state = hash(labels.tobytes())
        if len(moved) and state in seen:
            break
        seen.add(state)
    if not exact:
        sums = points.sums(np.arange(points.n), labels, k)
        centroids = sums / np.bincount(labels, minlength=k)[:, None]
    inertia = float(points.squared_distances_to_own(centroids, labels).sum())
    return KMeansResult(labels, centroids.astype(np.float32), inertia, n_iter, converged)


class _Points:
    """The data as the steps of the algorithm see it."""

    def __init__(self, X: np.ndarray, n_threads: int | None):
        self.X = X
        self.n, self.d = X.shape
        self.n_threads = n_threads
        # Around the mean, float32 has the most digits to spare for what tells points apart; a power of
        # two brings all within its range.
        self.mean = X.mean(axis=0, dtype=np.float64)
        largest = max(np.abs(X[rows] - self.mean).max() for rows in blocks(self.n))
        self.scale = 0.5 ** np.frexp(largest)[1]
        self.centred = np.empty(X.shape, np.float32)
        for rows in blocks(self.n):
            self.centred[rows] = (X[rows] - self.mean) * self.scale
        self.norms = np.sqrt(np.einsum("ij,ij->i", self.centred, self.centred))

    def nearest(
        self, centroids: np.ndarray, labels: np.ndarray, upper: np.ndarray, lower: np.ndarray
    ) -> np.ndarray:
        """The nearest centroid of each point, (n,) int32; at a tie the present label, or the first.

        Points whose `upper` is below their `lower` are passed over; the bounds of the others are renewed.
        """
        c = ((centroids - self.mean) * self.scale).astype(np.float32)
        squares = np.einsum("ij,ij->i", c, c, dtype=np.float64)
        longest = np.sqrt(squares.max())
        single = squares.astype(np.float32)
        new = labels.copy()
        undecided = np.flatnonzero(upper >= lower)
        # Gathering a point costs more than the product with a few centroids does.
        everything = len(undecided) > self.n / 2

        def assign(part: slice) -> None:
            rows = part if everything else undecided[part]
            norms = self.norms[rows]
            # |x - c|² less |x|², which is the same for all centroids.
            scores = self.centred[rows] @ c.T
            scores *= -2
            scores += single
            best = scores.argmin(axis=1)
            at = np.arange(len(best))
            first = scores[at, best].astype(np.float64)
            # A bound of the error of a score: dot product (Higham 2002, section 3.1), the rounding of both
            # factors to float32, and of the sum; and of |x|².
            u = UNIT_ROUNDOFF
            error = u * (2 * (self.d + 4) * norms * longest + 6 * longest**2 + (self.d + 4) * norms**2)
            if len(c) > 1:
                scores[at, best] = np.inf
                second = scores.min(axis=1).astype(np.float64)
            else:
                second = np.full(len(best), np.inf)
            unsure = np.flatnonzero(second - first <= 2 * error)
            if len(unsure):
                index = unsure + part.start if everything else rows[unsure]
                best[unsure] = self._nearest_exactly(index, centroids, labels)
                second[unsure] = first[unsure]  # which may belong to another one now
            new[rows] = best
            upper[rows] = np.sqrt(np.maximum(first + norms**2 + error, 0))
            lower[rows] = np.sqrt(np.maximum(second + norms**2 - error, 0))

        in_threads(assign, blocks(self.n if everything else len(undecided)), self.n_threads)
        return new

    def _nearest_exactly(self, index: np.ndarray, centroids: np.ndarray, labels: np.ndarray) -> np.ndarray:
        best = np.empty(len(index), np.int32)
        for rows in blocks(len(index), 256):
            x = self.X[index[rows]].astype(np.float64)
            distances = np.stack([((x - centroid) ** 2).sum(axis=1) for centroid in centroids], axis=1)
            first = distances.argmin(axis=1)
            present = labels[index[rows]]
            at = np.arange(len(first))
            stays = (present >= 0) & (distances[at, present] == distances[at, first])
            best[rows] = np.where(stays, present, first)
        return best

    def sums(self, index: np.ndarray, labels: np.ndarray, k: int) -> np.ndarray:
        """The sum of some of the points by label, (k, d) float64."""
        order = np.argsort(labels, kind="stable")
        ends = np.cumsum(np.bincount(labels, minlength=k))
        members = np.split(index[order], ends[:-1])
        result = np.zeros((k, self.d))

        def add(j: int) -> None:
            for rows in blocks(len(members[j]), 256):
                result[j] += self.X[members[j][rows]].astype(np.float64).sum(axis=0)

        in_threads(add, range(k), self.n_threads)
        return result

    def squared_distances_to_own(self, centroids: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Squared distance of each point to the centroid of its label, (n,) float64."""
        squares = np.empty(self.n)

        def compute(rows: slice) -> None:
            squares[rows] = ((self.X[rows] - centroids[labels[rows]]) ** 2).sum(axis=1)

        in_threads(compute, blocks(self.n, 512), self.n_threads)
        return squares


def _refill_empty(points: _Points, centroids: np.ndarray, labels: np.ndarray, upper: np.ndarray) -> None:
    """Give each empty cluster the point that is farthest from its own centroid; changes `labels` and `upper`."""
    counts = np.bincount(labels, minlength=len(centroids))
    empty = np.flatnonzero(counts == 0)
    if not len(empty):
        return
    squares = points.squared_distances_to_own(centroids, labels)
    candidates = iter(np.argsort(-squares, kind="stable"))
    for cluster in empty:
        farthest = next(i for i in candidates if counts[labels[i]] > 1)
        counts[labels[farthest]] -= 1
        counts[cluster] += 1
        labels[farthest] = cluster
        upper[farthest] = np.inf


def _random_points(X: np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray:
    """k distinct points, each set of them as likely as another up to duplicates; (k, d) float64."""
    return X[_distinct(X, rng.permutation(len(X)), k)].astype(np.float64)


def _distinct(X: np.ndarray, order: Iterable[int], k: int) -> list[int]:
    """The first k points in an order that differ from each other."""
    chosen: dict[bytes, int] = {}
    for i in order:
        chosen.setdefault((X[i] + np.float64(0)).tobytes(), i)  # -0 and 0 are one point
        if len(chosen) == k:
            return list(chosen.values())
    raise ValueError(f"{k} clusters need as many distinct points, and there are only {len(chosen)}")


def _plus_plus(points: _Points, k: int, rng: np.random.Generator) -> np.ndarray:
    """Greedy k-means++: of 2 + log k candidates drawn by squared distance, the best; (k, d) float64."""
    n_candidates = 2 + int(np.log(k))
    chosen = [int(rng.integers(points.n))]
    closest = _squared_distances(points, chosen[0])
    while len(chosen) < k:
        cumulated = np.cumsum(closest)
        if cumulated[-1] == 0:
            raise ValueError(f"{k} clusters need as many distinct points, and there are only {len(chosen)}")
        draws = rng.random(n_candidates) * cumulated[-1]
        candidates = np.searchsorted(cumulated, draws, side="right")
        options = [np.minimum(closest, _squared_distances(points, i)) for i in candidates]
        best = min(range(n_candidates), key=lambda i: options[i].sum())
        chosen.append(int(candidates[best]))
        closest = options[best]
    return points.X[chosen].astype(np.float64)


def _squared_distances(points: _Points, i: int) -> np.ndarray:
    centroid = points.X[i : i + 1].astype(np.float64)
    return points.squared_distances_to_own(centroid, np.zeros(points.n, np.int32))
