"""k-means clustering by Lloyd's algorithm, exact and deterministic.

Lloyd, S. (1982). Least squares quantization in PCM. IEEE Trans. Inf. Theory 28(2), 129-137.
"""

from collections.abc import Iterable

import numpy as np

from lib.base.parallel import in_threads
from lib.clustering.assignment import LARGEST, Points, State
from lib.clustering.result import KMeansResult


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

    The result is a fixed point of Lloyd's iteration. It is the same to the bit whatever `n_threads` is.

    - Distances are computed in float32. Where that leaves in doubt which centroid is nearest, they are computed
      again in float64.
    - At an exact tie a point keeps its cluster, if that is among the nearest, and else goes to the first of them.
    - A cluster that loses all its points gets the point that is farthest from its own centroid, among the
      clusters of two points or more.

    Parameters
    ----------
    X : (n, d) float
        Finite values. The largest absolute value is between 1e-37 and 1e37, or all are 0. Anything that has a
        shape and gives an array for a slice of rows will do: an h5py.Dataset is read block by block, and may be
        larger than memory. An array whose rows are not contiguous is copied.
    n_clusters
        k, at most the number of distinct points.
    seed
        Of the initial centroids.
    init : "random", "k-means++" or (k, d) float
        The initial centroids. "random": distinct points, all equally likely. "k-means++": greedy k-means++ (Arthur
        & Vassilvitskii 2007). An array: these, finite and below 1e37 in size.
    n_init
        How many initialisations are tried. The clustering of the lowest inertia is returned.
    max_iter
        Assignment steps at most; None: until no assignment changes.
    n_threads
        None: one for each core that the process may use.

    Returns
    -------
    KMeansResult

    Raises
    ------
    ValueError
        If there are fewer distinct points than clusters, shapes do not fit, or values are not finite, too
        large or too small.

    Notes
    -----
    Time is O(n k d) for each assignment step, at most: bounds (Hamerly 2010) skip points that cannot change their
    cluster. Memory beside X: 30 n bytes, some arrays of k d numbers, sums for the threads of at most a fifth of X
    in float32, and 256 d + 512 k bytes for each thread. The first call of a process loads compiled code, in a
    fraction of a second. The first of all compiles it, in some seconds.

    Examples
    --------
    >>> X = np.array([[0.0], [1], [10], [12]])
    >>> result = kmeans(X, 2, init=X[[0, 2]])
    >>> result.labels.tolist(), result.centroids.tolist(), result.inertia
    ([0, 0, 1, 1], [[0.5], [11.0]], 2.5)
    """
    if len(X.shape) != 2 or 0 in X.shape:
        raise ValueError(f"X should have one point and one feature or more, has the shape {X.shape}")
    if X.dtype.kind not in "iuf":
        raise ValueError(f"X should hold real numbers, holds {X.dtype}")
    if isinstance(X, np.ndarray):
        X = np.ascontiguousarray(X)  # the order in memory is the order of summation, which decides the last digits
    for name, value in {
        "n_clusters": n_clusters,
        "n_init": n_init,
        "max_iter": 1 if max_iter is None else max_iter,
    }.items():
        if not isinstance(value, int | np.integer) or value < 1:
            raise ValueError(f"{name} should be a whole number of 1 or more, is {value!r}")
    if not isinstance(init, str):
        init = _check_init(init, (n_clusters, X.shape[1]))
    rng = np.random.default_rng(seed)
    with in_threads(n_threads) as parallel_map:
        points = Points(X, parallel_map, init if not isinstance(init, str) else None)
        results = (
            _lloyd(points, _initial_centroids(points, init, n_clusters, rng), max_iter) for _ in range(n_init)
        )
        return min(results, key=lambda result: result.inertia)


def _initial_centroids(points: Points, init: str | np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray:
    """Initial centroids, (k, d) float64."""
    if not isinstance(init, str):
        _distinct(points.X, range(points.n), k)  # raises where there are too few
        return init
    if init == "random":
        return random_points(points.X, k, rng)
    if init == "k-means++":
        return _plus_plus(points, k, rng)
    raise ValueError(f"init should be random, k-means++ or an array, is {init!r}")


def _check_init(init: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Initial centroids that the caller gives, in float64."""
    init = np.asarray(init, np.float64)
    if init.shape != shape:
        raise ValueError(f"init has the shape {init.shape}, not {shape}")
    wrong = ~(np.abs(init) < LARGEST).all(axis=1)
    if wrong.any():
        raise ValueError(f"init[{wrong.argmax()}] should have finite values below {LARGEST:g} in size")
    return init


def _lloyd(points: Points, centroids: np.ndarray, max_iter: int | None) -> KMeansResult:
    """Lloyd's iteration from initial centroids, (k, d) float64."""
    k = len(centroids)
    state = State(points, k)
    seen = set()  # partitions: rounding of the means could make some of equal inertia alternate for ever
    n_iter = 0
    is_summed = converged = False
    while max_iter is None or n_iter < max_iter:
        before = state.hash
        points.assign(centroids, state)
        n_iter += 1
        is_full = bool(state.counts.all())
        if not is_full:
            _refill_empty(points, centroids, state)
        has_changed = n_iter == 1 or state.hash != before
        if not has_changed and is_summed:
            converged = True
            break
        # Changes alone are quicker to add, but their rounding errors add up: before the end all points are summed.
        is_summed = not has_changed or (n_iter == 1 and is_full)
        if not has_changed:
            state.sums = points.sums(state.labels, k)
        centroids = state.sums / state.counts[:, None]
        if has_changed and state.hash in seen:
            break
        seen.add(state.hash)
    inertia = float(points.squared_distances_to_own(centroids, state.labels).sum()) / points.scale / points.scale
    return KMeansResult(state.labels, centroids.astype(np.float32), inertia, n_iter, converged)


def _refill_empty(points: Points, centroids: np.ndarray, state: State) -> None:
    """Give each empty cluster the point that is farthest from its own centroid."""
    squares = points.squared_distances_to_own(centroids, state.labels)
    candidates = iter(np.argsort(-squares, kind="stable").tolist())
    for cluster in np.flatnonzero(state.counts == 0):
        farthest = next(i for i in candidates if state.counts[state.labels[i]] > 1)
        state.sums[cluster] = 0
        state.move(farthest, points.X[farthest].astype(np.float64), int(cluster))


def random_points(X: np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray:
    """k distinct points in random order, (k, d) float64; a point that occurs twice is twice as likely.

    Raises
    ------
    ValueError
        If there are fewer distinct points.

    Examples
    --------
    >>> sorted(random_points(np.array([[0.0], [1], [1]]), 2, np.random.default_rng(0)).ravel().tolist())
    [0.0, 1.0]
    """
    return _distinct(X, rng.permutation(len(X)), k)


def _distinct(X: np.ndarray, order: Iterable[int], k: int) -> np.ndarray:
    """The first k points that differ from each other, in this order; (k, d) float64."""
    chosen: dict[bytes, np.ndarray] = {}
    for i in order:
        point = X[i] + np.float64(0)  # -0 and 0 are one point
        chosen.setdefault(point.tobytes(), point)
        if len(chosen) == k:
            return np.stack(list(chosen.values()))
    raise ValueError(f"{k} clusters need as many distinct points, and there are only {len(chosen)}")


def _plus_plus(points: Points, k: int, rng: np.random.Generator) -> np.ndarray:
    """Greedy k-means++: the best of 2 + log k candidates, sampled by squared distance; (k, d) float64."""
    n_candidates = 2 + int(np.log(k))
    chosen = [int(rng.integers(points.n))]
    (closest,) = points.squared_distances_to_points(chosen)
    while len(chosen) < k:
        cumulated = np.cumsum(closest)
        if cumulated[-1] == 0:
            raise ValueError(f"{k} clusters need as many distinct points, and there are only {len(chosen)}")
        quantiles = rng.random(n_candidates) * cumulated[-1]
        candidates = np.searchsorted(cumulated, quantiles, side="right")
        options = np.minimum(closest, points.squared_distances_to_points(candidates))
        best = options.sum(axis=1).argmin()
        chosen.append(int(candidates[best]))
        closest = options[best]
    return np.stack([points.X[i] for i in chosen]).astype(np.float64)
