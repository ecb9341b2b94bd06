"""What stays the same from view to view of an image, learnt without labels.

An image is cropped, mirrored and recoloured at random. Directions of the features in which images differ much and
views of one image little tell what is in the image from how it happens to be taken: Fisher's discriminants
with each image as a class of its own (Fisher 1936; Bar-Hillel et al. 2005, relevant component analysis).
"""

import itertools
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
from scipy.linalg import eigh

from lib.base.parallel import blocks
from lib.clustering.kmeans import kmeans
from lib.features.patches import normalize_rows

N_FIRST = 256  # components of the first projection
MAX_ITER = 10  # of k-means
RIDGE = 0.01  # of the mean variance, added to all within images, so that no direction is all noise


class Encoder(NamedTuple):
    """What features of an image become: what stays the same between views of it."""

    first: "Projection"
    prototypes: np.ndarray  # (n_prototypes, n_first) of length 1: typical images
    second: "Projection"

    def __call__(self, X: np.ndarray) -> np.ndarray:
        """Features (n, d) to float32 (n, n_components) of length 1."""
        return normalize_rows(self.second(similarities(normalize_rows(self.first(X)), self.prototypes)))


def learn_encoder(
    parts: list[np.ndarray],
    n_views: int,
    *,
    n_prototypes: int,
    n_components: int,
    seed: int,
    n_threads: int,
    parallel_map: Callable,
) -> Encoder:
    """Learn from views of images what stays the same between them.

    Twice: the projection of the features is compared with prototypes, and these similarities (those above 0) are
    projected again, beside it.

    Parameters
    ----------
    parts
        Features of views, (m * n_views, d), those of one image one after another.
    n_prototypes
        Number of typical images: centroids of k-means.
    n_threads, parallel_map
        What was given to `parallel.in_threads`, and what that yields.

    Raises
    ------
    ValueError
        If there are more components than features, or fewer views than prototypes.
    """
    first = invariant_projection(parts, n_views, min(N_FIRST, parts[0].shape[1]), parallel_map=parallel_map)
    projected = [normalize_rows(first(X.astype(np.float32))) for X in parts]
    found = kmeans(np.concatenate(projected), n_prototypes, seed=seed, max_iter=MAX_ITER, n_threads=n_threads)
    prototypes = normalize_rows(found.centroids)
    second = invariant_projection(
        (similarities(X, prototypes) for X in projected), n_views, n_components, parallel_map=parallel_map
    )
    return Encoder(first, prototypes, second)


def similarities(X: np.ndarray, prototypes: np.ndarray) -> np.ndarray:
    """How like each of n projected images is to each prototype, and the images: (n, n_prototypes + d)."""
    return np.concatenate([np.maximum(X @ prototypes.T, 0), X], axis=1)


class Projection(NamedTuple):
    mean: np.ndarray  # (d,)
    axes: np.ndarray  # (d, n_components), so that views of one image differ by a variance of 1 along each

    def __call__(self, X: np.ndarray) -> np.ndarray:
        return (X - self.mean) @ self.axes


def invariant_projection(
    parts: Iterable[np.ndarray], n_views: int, n_components: int, *, parallel_map: Callable
) -> Projection:
    """The directions in which images differ most, where views of one image differ by a variance of 1.

    Parameters
    ----------
    parts
        Features of views, (m * n_views, d), those of one image one after another.
    parallel_map
        As `parallel.in_threads` yields it.

    Raises
    ------
    ValueError
        If there are more components than features.
    """
    n, total, sums, of_images = 0, 0, 0, 0
    for part in parts:
        X = part.astype(np.float32, copy=False)
        n += len(X)
        sums = sums + X.sum(axis=0, dtype=np.float64)
        total = total + _products(X, parallel_map)
        of_images = of_images + _products(X.reshape(-1, n_views, X.shape[1]).sum(axis=1), parallel_map)
    mean = sums / n
    total = total / n - np.outer(mean, mean)
    between = of_images / (n * n_views) - np.outer(mean, mean)
    within = (total - between) * (n_views / (n_views - 1))
    d = len(mean)
    if n_components > d:
        raise ValueError(f"{n_components} components were asked for, and there are only {d} features")
    ridge = RIDGE * np.trace(total) / d * np.eye(d)
    _, axes = eigh(total + ridge, within + ridge, subset_by_index=[d - n_components, d - 1])
    return Projection(mean.astype(np.float32), axes[:, ::-1].astype(np.float32))


def _products(X: np.ndarray, parallel_map: Callable) -> np.ndarray:
    """X.T @ X, in tiles of which each is one product, so that the bits do not depend on threads."""
    d = X.shape[1]
    result = np.empty((d, d), np.float32)
    tiles = list(itertools.combinations_with_replacement(blocks(d, 512), 2))

    def compute(tile: tuple[slice, slice]) -> None:
        rows, columns = tile
        result[rows, columns] = X[:, rows].T @ X[:, columns]
        result[columns, rows] = result[rows, columns].T

    parallel_map(compute, tiles)
    return result
