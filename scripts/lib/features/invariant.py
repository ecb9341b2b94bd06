"""Invariant features: what stays the same between views of an image, learned without labels.

A view is an image cropped and recoloured at random. Its features tell what is in the image, and how it was taken.
The directions that tell what is in it are Fisher's discriminants with each image as a class of its own.
"""

import logging
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from lib.base.parallel import blocks
from lib.clustering.kmeans import kmeans
from lib.features.discriminants import Projection, covariances, discriminants
from lib.features.patches import normalize_rows

N_COMPONENTS = 256  # of each projection but the last, at most
MAX_ITER = 10  # of k-means
MAX_LAYERS = 10
N_DIRECTIONS = 9  # that tell how alike views are: ten clusters differ in no more
BATCH = 1000  # images at a time


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
        """Images (..., d) of length 1 to float32 (..., n_components) of length 1."""
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
        """Features (..., d) to float32 (..., n_components) of length 1."""
        Z = normalize_rows(self.first(X))
        for layer in self.layers:
            Z = layer(Z)
        return Z


def learn_encoder(
    views: np.ndarray,
    held_out: np.ndarray,
    *,
    n_prototypes: int,
    n_components: int,
    seed: int,
    n_threads: int,
    parallel_map: Callable,
) -> Encoder:
    """Learn a projection, and then layers as long as each makes views of held-out images more alike.

    Parameters
    ----------
    views : (n, n_views, d) float
        Features of two or more views of each image.
    held_out : (m, n_views, d) float
        Those of images that nothing is learned from. Without any there is one layer.
    n_prototypes
        Of each layer: centroids that k-means finds of the means of each image's views.
    n_components
        Number of invariant features.
    seed
        Of k-means.
    n_threads, parallel_map
        What was given to `parallel.in_threads`, and what that yields. The result does not depend on them.

    Raises
    ------
    ValueError
        If there are more components than features, or fewer distinct images than prototypes.

    Examples
    --------
    >>> from lib.base.parallel import in_threads
    >>> views = np.random.default_rng(0).normal(size=(30, 2, 6))
    >>> with in_threads(1) as parallel_map:
    ...     encoder = learn_encoder(
    ...         views[:20], views[20:], n_prototypes=5, n_components=3, seed=0, n_threads=1,
    ...         parallel_map=parallel_map,
    ...     )
    >>> encoder(views[0]).shape
    (2, 3)
    """
    first = _fitted(np.asarray, views, min(N_COMPONENTS, views.shape[2]), parallel_map)
    views = _applied(lambda X: normalize_rows(first(X)), views, parallel_map)
    held_out = normalize_rows(first(held_out.astype(np.float32)))
    layers: list[Layer] = []
    best = 0.0
    while len(layers) < MAX_LAYERS:
        means = normalize_rows(views.mean(axis=1))
        clustering = kmeans(means, n_prototypes, seed=seed, max_iter=MAX_ITER, n_threads=n_threads)
        layer = _learn_layer(views, normalize_rows(clustering.centroids), n_components, parallel_map)
        ratio = variance_ratio(layer.projection(similarities(held_out, layer.prototypes)))
        logging.info("layer %d: ratio %.3f", len(layers) + 1, ratio)
        if layers and not ratio > best:
            break
        best = ratio
        layers.append(layer)
        views, held_out = _applied(layer.__call__, views, parallel_map), layer(held_out)
    logging.info("layers that are kept: %d, with a ratio of %.3f on held-out images", len(layers), best)
    last = layers[-1].projection
    layers[-1] = Layer(layers[-1].prototypes, Projection(last.mean, last.axes[:, :n_components]))
    return Encoder(first, layers)


def _learn_layer(views: np.ndarray, prototypes: np.ndarray, n_components: int, parallel_map: Callable) -> Layer:
    n_kept = max(n_components, min(N_COMPONENTS, sum(prototypes.shape)))
    return Layer(prototypes, _fitted(lambda Z: similarities(Z, prototypes), views, n_kept, parallel_map))


def _fitted(prepare: Callable, views: np.ndarray, n_components: int, parallel_map: Callable) -> Projection:
    """The discriminants of what `prepare` makes of views, batch by batch."""
    batches = (prepare(views[rows].astype(np.float32, copy=False)) for rows in blocks(len(views), BATCH))
    return discriminants(covariances(batches, parallel_map), n_components)


def _applied(step: Callable, views: np.ndarray, parallel_map: Callable) -> np.ndarray:
    """What `step` makes of views, batch by batch."""
    batches = blocks(len(views), BATCH)
    return np.concatenate(parallel_map(lambda rows: step(views[rows].astype(np.float32, copy=False)), batches))


def variance_ratio(views: np.ndarray) -> float:
    """How much more images differ than views of one image do: the ratio of their variances.

    It is the geometric mean over the first directions, as many as ten clusters differ in.

    Parameters
    ----------
    views : (m, n_views, d)
        Features of two or more views of each image.

    Returns
    -------
    NaN if there are no views, or they do not vary.

    Examples
    --------
    >>> variance_ratio(np.array([[[0.0], [2.0]], [[8.0], [10.0]]]))
    8.5
    """
    if not len(views):
        return np.nan
    X = views[:, :, :N_DIRECTIONS].astype(np.float64)
    within = X.var(axis=1, ddof=1).mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.exp(np.mean(np.log(X.var(axis=(0, 1)) / within))))


def similarities(X: np.ndarray, prototypes: np.ndarray) -> np.ndarray:
    """Similarities of projected images to prototypes, clipped at 0, and beside them the images themselves.

    Parameters
    ----------
    X : (..., d)
        Of length 1.
    prototypes : (n_prototypes, d)
        Of length 1.

    Returns
    -------
    np.ndarray
        (..., n_prototypes + d)

    Examples
    --------
    >>> similarities(np.array([[0.6, 0.8]]), np.array([[1.0, 0.0], [0.0, -1.0]]))
    array([[0.6, 0. , 0.6, 0.8]])
    """
    return np.concatenate([np.maximum(np.tensordot(X, prototypes.T, 1), 0), X], axis=-1)
