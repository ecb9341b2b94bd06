"""How far images are from the centroids of their clusters."""

from pathlib import Path

import h5py
import numpy as np

from lib.base.parallel import blocks
from lib.clustering.clusters_file import has_centroids, read_centroids, read_clusters
from lib.features.features_file import open_features


def read_distances(clusters: Path, features: Path) -> np.ndarray:
    """The distance of each image to the centroid of its cluster, (n,). NaN: it is in none.

    A clustering that was made elsewhere has no centroids; those are the means of the features.

    Parameters
    ----------
    clusters
        The file of a clustering.
    features
        Of the images that were clustered, .h5.

    Raises
    ------
    InputError
        If a file cannot be read, or they are of different images.

    Examples
    --------
    >>> from lib.clustering.clusters_file import write_labels
    >>> from lib.clustering.labels import Labels
    >>> from lib.features.features_file import write_features
    >>> write_features(Path("test.h5"), np.array([[0.0], [4.0], [7.0]]))
    >>> write_labels(Path("run0.h5"), Labels(np.array([0, 0, -1]), ["red"]), run=0)
    >>> read_distances(Path("run0.h5"), Path("test.h5"))
    array([ 2.,  2., nan])
    """
    with open_features(features) as X:
        labels = read_clusters(clusters, len(X))
        centroids = read_centroids(clusters) if has_centroids(clusters) else means(X, labels)
        return distances_to_centroids(X, labels, centroids)


def means(X: h5py.Dataset | np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The mean of the features of each cluster, (k, d) float64.

    Parameters
    ----------
    X : (n, d)
        Features, in memory or not.
    labels : (n,) int
        -1: in no cluster.

    Examples
    --------
    >>> means(np.array([[0.0], [4.0], [7.0]]), np.array([0, 0, -1])).tolist()
    [[2.0]]
    """
    n_clusters = labels.max() + 1
    sums = np.zeros((n_clusters + 1, X.shape[1]))  # the last is that of noise
    for rows in blocks(len(labels)):
        np.add.at(sums, labels[rows], X[rows])
    return sums[:-1] / np.bincount(labels[labels >= 0], minlength=n_clusters)[:, None]


def distances_to_centroids(X: h5py.Dataset | np.ndarray, labels: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    """The distance of each image to the centroid of its cluster, (n,). NaN: it is in none.

    Parameters
    ----------
    X : (n, d)
        Features, in memory or not.
    labels : (n,) int
        -1: in no cluster.
    centroids : (k, d)

    Examples
    --------
    >>> distances_to_centroids(np.array([[0.0], [4.0]]), np.array([0, -1]), np.array([[2.0]]))
    array([ 2., nan])
    """
    distances = np.concatenate(
        [np.linalg.norm(X[rows] - centroids[labels[rows]], axis=1) for rows in blocks(len(labels))]
    )
    return np.where(labels < 0, np.nan, distances)
