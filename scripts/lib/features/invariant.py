"""Invariant features: what stays the same between views of an image, learned without labels.

A view is an image cropped, mirrored and recoloured at random. The features of an image tell what is in it and how
it was taken. Along some directions images differ much, and views of one image little: these tell what is in it.
They are Fisher's discriminants with each image as a class of its own (Fisher 1936; Bar-Hillel et al. 2005,
relevant component analysis).
"""

import itertools
import logging
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
from scipy.linalg import eigh, helmert

from lib.base.parallel import blocks
from lib.clustering.kmeans import kmeans
from lib.features.patches import normalize_rows

N_COMPONENTS = 256  # of each projection but the last, at most
MAX_ITER = 10  # of k-means
MAX_LAYERS = 10
N_DIRECTIONS = 9  # that tell how alike views are: ten clusters differ in no more
RIDGE = 0.01  # times the mean variance, added to all variances, so that no direction is all noise
LARGEST = 1.5  # no feature is larger: they are similarities, or square roots of their means
UNIT = 2.0**-30  # of the sums of features
TILE = 512  # rows and columns of covariances that are computed at once


class Projection(NamedTuple):
    """An affine map from d features to n_components.

    Examples
    --------
    >>> Projection(np.array([1.0, 1.0]), np.array([[2.0], [0.0]]))(np.array([[2.0, 5.0]]))
    array([[2.]])
    """

    mean: np.ndarray  # (d,)
    axes: np.ndarray  # (d, n_components), along each of which views of one image have variance 1

    def __call__(self, X: np.ndarray) -> np.ndarray:
        """Features (n, d) to (n, n_components)."""
        return (X - self.mean) @ self.axes


class Layer(NamedTuple):
    """What finds more that stays the same in projected images: prototypes, and a further projection.

    Examples
    --------
    >>> layer = Layer(np.eye(3)[:, :2], Projection(np.zeros(5), np.eye(5)[:, :4]))
    >>> layer(np.ones((7, 2))).shape
    (7, 4)
    """

    prototypes: np.ndarray  # (n_prototypes, d) of length 1: typical images
    projection: Projection  # from n_prototypes + d to n_components

    def __call__(self, Z: np.ndarray) -> np.ndarray:
        """Images (n, d) of length 1 to float32 (n, n_components) of length 1."""
        return normalize_rows(self.projection(similarities(Z, self.prototypes)))


class Encoder(NamedTuple):
    """What turns features of images into invariant features.

    Examples
    --------
    >>> layer = Layer(np.eye(3)[:, :2], Projection(np.zeros(5), np.eye(5)[:, :4]))
    >>> encoder = Encoder(Projection(np.zeros(2), np.eye(2)), [layer])
    >>> encoder(np.ones((7, 2))).shape
    (7, 4)
    """

    first: Projection  # from d features
    layers: list[Layer]

    def __call__(self, X: np.ndarray) -> np.ndarray:
        """Features (n, d) to float32 (n, n_components) of length 1."""
        Z = normalize_rows(self.first(X))
        for layer in self.layers:
            Z = layer(Z)
        return Z


def learn_layers(
    projected: list[np.ndarray],
    held_out: list[np.ndarray],
    n_views: int,
    *,
    n_prototypes: int,
    n_components: int,
    seed: int,
    n_threads: int,
    parallel_map: Callable,
) -> list[Layer]:
    """Learn layers, one after the other, as long as each makes views of held-out images more alike.

    Parameters
    ----------
    projected : (m * n_views, d) each
        Views by the first projection, of length 1, the views of one image next to each other.
    held_out : (m * n_views, d) each
        Such views of images that no projection was learned from. Without any there is one layer.
    n_views
        Number of views of each image, 2 or more.
    n_prototypes
        Of each layer: centroids of k-means.
    n_components
        Number of invariant features.
    seed
        Of k-means.
    n_threads, parallel_map
        What was given to `parallel.in_threads`, and what that yields. The result does not depend on them.

    Raises
    ------
    ValueError
        If there are more components than features, or fewer distinct views than prototypes.

    Examples
    --------
    >>> from lib.base.parallel import in_threads
    >>> Z = normalize_rows(np.random.default_rng(0).normal(size=(40, 6)).astype(np.float32))
    >>> with in_threads(1) as parallel_map:
    ...     layers = learn_layers(
    ...         [Z[:20], Z[20:36]], [Z[36:]], 2, n_prototypes=5, n_components=3, seed=0, n_threads=1,
    ...         parallel_map=parallel_map,
    ...     )
    >>> layers[-1](Z).shape
    (40, 3)
    """
    layers: list[Layer] = []
    best = 0.0
    while len(layers) < MAX_LAYERS:
        Z = np.concatenate(projected)
        clustering = kmeans(Z, n_prototypes, seed=seed, max_iter=MAX_ITER, n_threads=n_threads)
        prototypes = normalize_rows(clustering.centroids)
        n_images, d = len(Z) // n_views, n_prototypes + Z.shape[1]
        sums = view_sums(
            (similarities(batch, prototypes) for batch in projected),
            d,
            n_views,
            n_images,
            parallel_map=parallel_map,
        )
        n_kept = max(n_components, min(N_COMPONENTS, d))
        projection = invariant_projection(sums, n_views, n_images, n_kept)
        ratio = variance_ratio([projection(similarities(batch, prototypes)) for batch in held_out], n_views)
        logging.info("layer %d: views of held-out images %.3f times as alike as images", len(layers) + 1, ratio)
        if layers and not ratio > best:
            break
        best = ratio
        layers.append(Layer(prototypes, projection))
        projected, held_out = ([layers[-1](batch) for batch in batches] for batches in (projected, held_out))
    last = layers[-1].projection
    layers[-1] = Layer(layers[-1].prototypes, Projection(last.mean, last.axes[:, :n_components]))
    return layers


def variance_ratio(batches: list[np.ndarray], n_views: int) -> float:
    """How much more images differ than views of one image do: the ratio of their variances.

    It is the geometric mean over the first directions, as many as ten clusters differ in.

    Parameters
    ----------
    batches : (m * n_views, d) each
        Features of views, the views of one image next to each other.

    Returns
    -------
    NaN if there are no views, or they do not vary.

    Examples
    --------
    >>> variance_ratio([np.array([[0.0], [2.0]]), np.array([[8.0], [10.0]])], 2)
    8.5
    """
    if not batches:
        return np.nan
    X = np.concatenate(batches)[:, :N_DIRECTIONS].astype(np.float64)
    within = X.reshape(-1, n_views, X.shape[1]).var(axis=1, ddof=1).mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.exp(np.mean(np.log(X.var(axis=0) / within))))


def similarities(X: np.ndarray, prototypes: np.ndarray) -> np.ndarray:
    """Similarities of projected images to prototypes, clipped at 0, and beside them the images themselves.

    Parameters
    ----------
    X : (n, d)
        Rows of length 1.
    prototypes : (n_prototypes, d)
        Rows of length 1.

    Returns
    -------
    np.ndarray
        (n, n_prototypes + d)

    Examples
    --------
    >>> similarities(np.array([[0.6, 0.8]]), np.array([[1.0, 0.0], [0.0, -1.0]]))
    array([[0.6, 0. , 0.6, 0.8]])
    """
    return np.concatenate([np.maximum(X @ prototypes.T, 0), X], axis=1)


class ViewSums(NamedTuple):
    """What views of images add to the covariances of features.

    They are whole numbers, so that the sums of parts of the images make the same bytes in any order.

    Examples
    --------
    >>> from lib.base.parallel import in_threads
    >>> X = np.random.default_rng(0).random((20, 6), np.float32)
    >>> with in_threads(1) as parallel_map:
    ...     parts = [view_sums([part], 6, 2, 10, parallel_map=parallel_map) for part in (X[8:], X[:8])]
    ...     whole = view_sums([X[:8], X[8:]], 6, 2, 10, parallel_map=parallel_map)
    >>> bool((add_sums(parts).within == whole.within).all())
    True
    """

    sums: np.ndarray  # (d,) int64: of all views, in units of UNIT
    between: np.ndarray  # (d, d) int32: squares and products of the sums of each image's views; the upper half
    within: np.ndarray  # (d, d) int32: the same of the differences of its views; the upper half


def view_sums(
    batches: Iterable[np.ndarray], n_features: int, n_views: int, n_images: int, *, parallel_map: Callable
) -> ViewSums:
    """What views of images add to the covariances.

    Parameters
    ----------
    batches : (m * n_views, n_features) each
        Features of views, the views of one image next to each other; none larger than `LARGEST`. The bytes depend
        on which images are in a batch, and not on how the batches are shared out among parts.
    n_features
        Of each view.
    n_views
        Number of views of each image, 2 or more.
    n_images
        In all parts that will be added up.
    parallel_map
        As `parallel.in_threads` yields it. The result does not depend on the number of threads.

    Raises
    ------
    ValueError
        If a feature is too large.

    Examples
    --------
    >>> from lib.base.parallel import in_threads
    >>> X = np.array([[1.0, 0.0], [1.0, 0.5]])  # two views of one image
    >>> with in_threads(1) as parallel_map:
    ...     sums = view_sums([X], 2, 2, 1, parallel_map=parallel_map)
    >>> (sums.sums * UNIT).tolist()
    [2.0, 0.5]
    """
    turn = np.concatenate([np.full((1, n_views), n_views**-0.5), helmert(n_views)]).astype(np.float32)
    scale = 1 / _unit(n_views, n_images)
    sums = np.zeros(n_features, np.int64)
    between, within = np.zeros((2, n_features, n_features), np.int32)
    for batch in batches:
        X = batch.astype(np.float32, copy=False)
        if np.abs(X).max() > LARGEST:
            raise ValueError(f"a feature is larger than {LARGEST}")
        sums += np.rint(X.sum(axis=0, dtype=np.float64) / UNIT).astype(np.int64)
        # Turned so that the first of each image's views is their mean, times sqrt(n_views), and the others are
        # independent differences. The sum of the products of all of them stays as it is.
        X = turn @ X.reshape(-1, n_views, n_features)
        _add_products(between, X[:, 0], scale, parallel_map)
        _add_products(within, X[:, 1:].reshape(-1, n_features), scale, parallel_map)
    return ViewSums(sums, between, within)


def _unit(n_views: int, n_images: int) -> float:
    """What products are whole multiples of, so that no sum of them is too large for int32: a power of 2."""
    return 2.0 ** np.ceil(np.log2(LARGEST**2 * n_views * n_images) - 30)


def _add_products(total: np.ndarray, X: np.ndarray, scale: float, parallel_map: Callable) -> None:
    """Add X.T @ X to the upper half of `total`, (d, d).

    Each tile of it is one product, so that the bits do not depend on threads.
    """

    def add(tile: tuple[slice, slice]) -> None:
        rows, columns = tile
        total[rows, columns] += np.rint((X[:, rows].T @ X[:, columns]) * np.float32(scale)).astype(np.int32)

    parallel_map(add, list(itertools.combinations_with_replacement(blocks(len(total), TILE), 2)))


def add_sums(parts: Iterable[ViewSums]) -> ViewSums:
    """The sums of all parts of the images; those of the first part are changed to them.

    Parameters
    ----------
    parts
        Read one by one: each may take a gigabyte.

    Examples
    --------
    >>> add_sums(ViewSums(*np.ones((3, 1, 1), int)) for _ in range(4)).within.tolist()
    [[4]]
    """
    parts = iter(parts)
    total = next(parts)
    for part in parts:
        for a, b in zip(total, part, strict=True):
            a += b
        del part, a, b  # before the next one is read
    return total


def invariant_projection(sums: ViewSums, n_views: int, n_images: int, n_components: int) -> Projection:
    """The directions in which images differ most, scaled so that views of one image have variance 1 along each.

    They are the generalised eigenvectors with the largest eigenvalues of two covariance matrices: the total one,
    and the one within images. Both have a ridge.

    Parameters
    ----------
    sums
        Of the views of all images. The covariances take their place in memory.
    n_views, n_images
        As `view_sums` got them.
    n_components
        Number of directions.

    Raises
    ------
    ValueError
        If there are more components than features.

    Examples
    --------
    >>> from lib.base.parallel import in_threads
    >>> X = np.random.default_rng(0).random((20, 6), np.float32)
    >>> with in_threads(1) as parallel_map:
    ...     sums = view_sums([X], 6, 2, 10, parallel_map=parallel_map)
    >>> invariant_projection(sums, 2, 10, 3).axes.shape
    (6, 3)
    """
    d = len(sums.sums)
    if n_components > d:
        raise ValueError(f"{n_components} components were asked for, and there are only {d} features")
    mean = sums.sums * UNIT / (n_images * n_views)
    unit = _unit(n_views, n_images)
    within = _symmetric(sums.within, unit / (n_images * (n_views - 1)))
    total = _symmetric(sums.between, unit / (n_images * n_views))
    for rows in blocks(d, TILE):
        total[rows] += within[rows] * np.float32((n_views - 1) / n_views) - np.outer(mean[rows], mean)
    # No less than the errors that rounding the products to whole numbers leaves.
    ridge = RIDGE * np.trace(total) / d + 10 * np.sqrt(d) * unit / (n_images * n_views)
    for covariance in (total, within):
        covariance[np.diag_indices(d)] += ridge
    # Transposed, they are in the order of Fortran, and LAPACK needs no copies.
    _, axes = eigh(
        total.T, within.T, subset_by_index=[d - n_components, d - 1], overwrite_a=True, overwrite_b=True
    )
    return Projection(mean.astype(np.float32), axes[:, ::-1].astype(np.float32))


def _symmetric(products: np.ndarray, factor: float) -> np.ndarray:
    """`products`, of which the upper half is there, times a factor: float32 (d, d), in the same memory."""
    result = products.view(np.float32)
    for rows in blocks(len(products), TILE):
        result[rows] = products[rows] * np.float32(factor)
    for rows, columns in itertools.combinations(blocks(len(products), TILE), 2):
        result[columns, rows] = result[rows, columns].T
    return result
