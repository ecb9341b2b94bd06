"""Fisher's discriminants with each image as a class of its own: what tells images apart, not views of one image.

Along some directions images differ much, and views of one image little: these tell what is in it (Fisher 1936;
Bar-Hillel et al. 2005, relevant component analysis).
"""

import itertools
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
from scipy.linalg import eigh, helmert

from lib.base.parallel import blocks

RIDGE = 0.01  # times the mean variance, added to all variances, so that no direction is all noise
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
        """Features (..., d) to (..., n_components)."""
        return np.tensordot(X - self.mean, self.axes, 1)


class Covariances(NamedTuple):
    """How the features of views vary. Both matrices are (d, d) float64."""

    mean: np.ndarray  # (d,)
    total: np.ndarray
    within: np.ndarray  # images: of the differences between views of one image


def covariances(batches: Iterable[np.ndarray], parallel_map: Callable) -> Covariances:
    """The covariances of features of views, in all and within images.

    Parameters
    ----------
    batches : (m, n_views, d) float32 each
        Features of views of some images, one after the other. No more than one is in memory.
    parallel_map
        As `parallel.in_threads` yields it. The result does not depend on the number of threads.

    Examples
    --------
    >>> from lib.base.parallel import in_threads
    >>> X = np.array([[[1, 0], [3, 0]], [[1, 4], [3, 4]]], np.float32)  # two images, two views of each
    >>> with in_threads(1) as parallel_map:
    ...     mean, total, within = covariances([X], parallel_map)
    >>> mean.tolist(), np.diag(total).round(3).tolist(), np.diag(within).round(3).tolist()
    ([2.0, 2.0], [1.0, 4.0], [2.0, 0.0])
    """
    n = 0
    for X in batches:
        if n == 0:
            n_views, d = X.shape[1:]
            # The first of each image's views becomes their mean, times sqrt(n_views), and the others independent
            # differences between them. The sum of the products of all stays as it is.
            turn = np.concatenate([np.full((1, n_views), n_views**-0.5), helmert(n_views)]).astype(np.float32)
            sums, between, within = np.zeros(d), np.zeros((d, d)), np.zeros((d, d))
        n += len(X)
        sums += X.sum(axis=(0, 1), dtype=np.float64)
        X = turn @ X
        _add_products(between, X[:, 0], parallel_map)
        _add_products(within, X[:, 1:].reshape(-1, d), parallel_map)
    between, within = (np.triu(products) + np.triu(products, 1).T for products in (between, within))
    mean = sums / (n * n_views)
    total = (between + within) / (n * n_views) - np.outer(mean, mean)
    return Covariances(mean, total, within / (n * (n_views - 1)))


def _add_products(total: np.ndarray, X: np.ndarray, parallel_map: Callable) -> None:
    """Add X.T @ X to the upper half of `total`, (d, d).

    Each tile of it is one product, so that the bits do not depend on threads.
    """

    def add(tile: tuple[slice, slice]) -> None:
        rows, columns = tile
        total[rows, columns] += X[:, rows].T @ X[:, columns]

    parallel_map(add, list(itertools.combinations_with_replacement(blocks(len(total), TILE), 2)))


def discriminants(covariances: Covariances, n_components: int) -> Projection:
    """The directions in which images differ most, scaled so that views of one image have variance 1 along each.

    They are the generalised eigenvectors with the largest eigenvalues of the two covariance matrices. Both have a
    ridge.

    Parameters
    ----------
    covariances
        Of d features.
    n_components
        Number of directions.

    Raises
    ------
    ValueError
        If there are more components than features.

    Examples
    --------
    >>> images = Covariances(np.zeros(2), np.diag([1.0, 4.0]), np.diag([2.0, 0.1]))
    >>> discriminants(images, 1).axes.round(2)
    array([[0.  ],
           [2.83]], dtype=float32)
    """
    mean, total, within = covariances
    d = len(mean)
    if n_components > d:
        raise ValueError(f"{n_components} components were asked for, and there are only {d} features")
    # The second term is for features of which none varies.
    ridge = np.eye(d) * (RIDGE * np.trace(total) / d + np.finfo(np.float32).eps)
    _, axes = eigh(
        total + ridge,
        within + ridge,
        subset_by_index=[d - n_components, d - 1],
        overwrite_a=True,
        overwrite_b=True,
    )
    return Projection(mean.astype(np.float32), axes[:, ::-1].astype(np.float32))
