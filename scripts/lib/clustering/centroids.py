"""Centroids of clusters, and how far the points are from them."""

import h5py
import numpy as np

from lib.base.parallel import BLOCK_ROWS, blocks

BLOCK_VALUES = 2**24  # at a time, so that memory stays bounded where there are many features


def means(X: h5py.Dataset | np.ndarray, labels: np.ndarray, n_clusters: int) -> np.ndarray:
    """The mean of the points of each cluster, (n_clusters, d) float64.

    Parameters
    ----------
    X : (n, d) float
        Features, in memory or not.
    labels : (n,) int
        Each cluster has a point. Points with a label below 0 are in none.

    Examples
    --------
    >>> means(np.array([[0.0], [1], [9], [99]]), np.array([0, 0, 1, -1]), 2).tolist()
    [[0.5], [9.0]]
    """
    sums = np.zeros((n_clusters, X.shape[1]))
    for rows in _blocks(X):
        clustered = labels[rows] >= 0
        np.add.at(sums, labels[rows][clustered], X[rows][clustered])
    return sums / np.bincount(labels[labels >= 0], minlength=n_clusters)[:, None]


def distances_to_centroids(X: h5py.Dataset | np.ndarray, labels: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    """The Euclidean distance of each point to the centroid of its cluster, (n,) float64; NaN if it is in none.

    Parameters
    ----------
    X : (n, d) float
        Features, in memory or not.
    labels : (n,) int
        Points with a label below 0 are in no cluster.
    centroids : (k, d) float

    Examples
    --------
    >>> X, labels = np.array([[0.0], [1], [9], [99]]), np.array([0, 0, 1, -1])
    >>> distances_to_centroids(X, labels, np.array([[0.5], [9.0]]))
    array([0.5, 0.5, 0. , nan])
    """
    distances = np.empty(len(labels))
    for rows in _blocks(X):
        gaps = X[rows].astype(np.float64) - centroids[labels[rows]]
        distances[rows] = np.sqrt(np.square(gaps).sum(axis=1))
    return np.where(labels < 0, np.nan, distances)


def _blocks(X: h5py.Dataset | np.ndarray) -> list[slice]:
    n, d = X.shape
    return blocks(n, max(1, min(BLOCK_ROWS, BLOCK_VALUES // d)))
