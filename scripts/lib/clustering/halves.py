"""Images cut in two halves at random and clustered anew, to see what other images would do to the clusterings."""

import zlib

import numpy as np

from lib.clustering.gap import n_distinct
from lib.clustering.kmeans import kmeans

N_SPLITS = 20
MAX_SIZE = 5000  # images of a half: enough to see how much images matter, and quick to cluster


def n_starts(is_learned: bool) -> int:
    """How many times each half is clustered in each space; fewer where there are several models, which all count.

    Examples
    --------
    >>> n_starts(is_learned=False), n_starts(is_learned=True)
    (5, 2)
    """
    return 2 if is_learned else 5


def random_halves(n: int, n_splits: int = N_SPLITS, max_size: int = MAX_SIZE) -> list[np.ndarray]:
    """Cut n images in two halves at random, many times, and always in the same way.

    Returns
    -------
    2 * n_splits ascending arrays of n // 2 numbers, `max_size` at most: the two of a split follow one another and
    have no image in common.

    Examples
    --------
    >>> [half.tolist() for half in random_halves(5, n_splits=1)]
    [[2, 4], [0, 3]]
    """
    size = min(n // 2, max_size)
    rng = np.random.default_rng(0)
    halves = []
    for _ in range(n_splits):
        order = rng.permutation(n)
        halves += [np.sort(order[:size]), np.sort(order[size : 2 * size])]
    return halves


def half_seed(half: int, space: str, start: int) -> int:
    """A seed of k-means for the number of a half, the name of a space, and the number of a start.

    No others have it, so what the starts on one side happen to find says nothing of the other side.

    Examples
    --------
    >>> half_seed(0, "pixels", start=0) != half_seed(0, "pixels", start=1)
    True
    """
    return int(np.random.SeedSequence((half, zlib.crc32(space.encode()), start)).generate_state(1)[0])


def cluster_halves(
    X: np.ndarray,
    n_clusters: int,
    halves: list[np.ndarray],
    *,
    space: str,
    n_starts: int,
    init: str = "random",
    n_init: int = 1,
    n_threads: int | None = None,
) -> np.ndarray:
    """Cluster each half from several starts.

    Parameters
    ----------
    X : (n, d) float
        An array, or an open dataset of a file.
    halves
        The numbers of the images of each half, ascending, as of `random_halves`.
    space
        The name of the feature space, for the seeds.
    init, n_init, n_threads
        As for `kmeans`.

    Returns
    -------
    (n_halves, n_starts, m) int32
        The cluster of each image of each half. There are no halves if one has fewer distinct points than
        clusters, or if there is one cluster, which says nothing of the images.

    Raises
    ------
    ValueError
        As of `kmeans`.

    Examples
    --------
    >>> X = np.arange(12.0).reshape(6, 2)
    >>> cluster_halves(X, 2, [np.arange(3), np.arange(3, 6)], space="mine", n_starts=5).shape
    (2, 5, 3)
    >>> cluster_halves(X, 4, [np.arange(3), np.arange(3, 6)], space="mine", n_starts=5).shape
    (0, 5, 3)
    """
    size = len(halves[0])
    none = np.empty((0, n_starts, size), np.int32)
    if n_clusters == 1 or size < n_clusters:
        return none
    labels = np.empty((len(halves), n_starts, size), np.int32)
    for number, half in enumerate(halves):
        points = X[half]
        for start in range(n_starts):
            seed = half_seed(number, space, start)
            try:
                labels[number, start] = kmeans(
                    points, n_clusters, seed=seed, init=init, n_init=n_init, n_threads=n_threads
                ).labels
            except ValueError:
                if n_distinct(points) >= n_clusters:
                    raise
                return none
    return labels
