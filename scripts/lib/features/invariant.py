"""Invariant features: what stays the same between views of an image, learned without labels.

A view is an image cropped, mirrored and recoloured at random. The features of an image tell what is in it and how
it was taken. Along some directions images differ much, and views of one image little: these tell what is in it.
They are Fisher's discriminants with each image as a class of its own (Fisher 1936; Bar-Hillel et al. 2005,
relevant component analysis).
"""

import itertools
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
from scipy.linalg import eigh

from lib.base.parallel import blocks
from lib.clustering.kmeans import kmeans
from lib.features.patches import normalize_rows

N_FIRST = 256  # components of the first projection, at most
MAX_ITER = 10  # of k-means
RIDGE = 0.01  # times the mean variance, added to all variances, so that no direction is all noise


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


class Encoder(NamedTuple):
    """What turns features of images into invariant features.

    Examples
    --------
    >>> first, second = Projection(np.zeros(2), np.eye(2)), Projection(np.zeros(5), np.eye(5)[:, :4])
    >>> encoder = Encoder(first, np.eye(3)[:, :2], second)
    >>> encoder(np.ones((7, 2))).shape
    (7, 4)
    """

    first: Projection  # from d features to n_first
    prototypes: np.ndarray  # (n_prototypes, n_first) of length 1: typical images
    second: Projection  # from n_prototypes + n_first to n_components

    def __call__(self, X: np.ndarray) -> np.ndarray:
        """Features (n, d) to float32 (n, n_components) of length 1."""
        return normalize_rows(self.second(similarities(normalize_rows(self.first(X)), self.prototypes)))


def learn_encoder(
    batches: list[np.ndarray],
    n_views: int,
    *,
    n_prototypes: int,
    n_components: int,
    seed: int,
    n_threads: int,
    parallel_map: Callable,
) -> Encoder:
    """Learn from views of images what stays the same between them.

    The features are projected. The similarities of the projected features to prototypes, and the projected
    features beside them, are projected again.

    Parameters
    ----------
    batches : (m * n_views, d) each
        Features of views, the views of one image next to each other.
    n_views
        Number of views of each image, 2 or more.
    n_prototypes
        Number of typical images: centroids of k-means.
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
    >>> X = np.random.default_rng(0).normal(size=(20, 6)).astype(np.float32)
    >>> with in_threads(1) as parallel_map:
    ...     encoder = learn_encoder(
    ...         [X], 2, n_prototypes=5, n_components=3, seed=0, n_threads=1, parallel_map=parallel_map
    ...     )
    >>> encoder(X).shape
    (20, 3)
    """
    first = invariant_projection(batches, n_views, min(N_FIRST, batches[0].shape[1]), parallel_map=parallel_map)
    projected = [normalize_rows(first(X.astype(np.float32))) for X in batches]
    clustering = kmeans(np.concatenate(projected), n_prototypes, seed=seed, max_iter=MAX_ITER, n_threads=n_threads)
    prototypes = normalize_rows(clustering.centroids)
    second = invariant_projection(
        (similarities(X, prototypes) for X in projected), n_views, n_components, parallel_map=parallel_map
    )
    return Encoder(first, prototypes, second)


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


def invariant_projection(
    batches: Iterable[np.ndarray], n_views: int, n_components: int, *, parallel_map: Callable
) -> Projection:
    """The directions in which images differ most, scaled so that views of one image have variance 1 along each.

    They are the generalised eigenvectors with the largest eigenvalues of two covariance matrices: the total one,
    and the one within images. Both have a ridge.

    Parameters
    ----------
    batches : (m * n_views, d) each
        Features of views, the views of one image next to each other.
    n_views
        Number of views of each image, 2 or more.
    n_components
        Number of directions.
    parallel_map
        As `parallel.in_threads` yields it. The result does not depend on the number of threads.

    Raises
    ------
    ValueError
        If there are more components than features.

    Examples
    --------
    >>> from lib.base.parallel import in_threads
    >>> X = np.random.default_rng(0).normal(size=(20, 6)).astype(np.float32)
    >>> with in_threads(1) as parallel_map:
    ...     invariant_projection([X], 2, 3, parallel_map=parallel_map).axes.shape
    (6, 3)
    """
    n = 0
    sums: np.ndarray = np.zeros(())  # (d,) from the first batch on
    products: np.ndarray = np.zeros((), np.float32)  # (d, d) from the first batch on
    image_products: np.ndarray = np.zeros((), np.float32)  # the same of the sum of each image's views
    for batch in batches:
        X = batch.astype(np.float32, copy=False)
        n += len(X)
        sums = sums + X.sum(axis=0, dtype=np.float64)
        products = products + _products(X, parallel_map)
        image_products = image_products + _products(X.reshape(-1, n_views, X.shape[1]).sum(axis=1), parallel_map)
    mean = sums / n
    total = products / n - np.outer(mean, mean)
    between = image_products / (n * n_views) - np.outer(mean, mean)
    within = (total - between) * (n_views / (n_views - 1))
    d = len(mean)
    if n_components > d:
        raise ValueError(f"{n_components} components were asked for, and there are only {d} features")
    ridge = RIDGE * np.trace(total) / d * np.eye(d)
    _, axes = eigh(total + ridge, within + ridge, subset_by_index=[d - n_components, d - 1])
    return Projection(mean.astype(np.float32), axes[:, ::-1].astype(np.float32))


def _products(X: np.ndarray, parallel_map: Callable) -> np.ndarray:
    """X.T @ X: float32 (d, d). Each tile of it is one product, so that the bits do not depend on threads."""
    d = X.shape[1]
    result = np.empty((d, d), np.float32)
    tiles = list(itertools.combinations_with_replacement(blocks(d, 512), 2))

    def compute(tile: tuple[slice, slice]) -> None:
        rows, columns = tile
        result[rows, columns] = X[:, rows].T @ X[:, columns]
        result[columns, rows] = result[rows, columns].T

    parallel_map(compute, tiles)
    return result
