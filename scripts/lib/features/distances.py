"""How far images are from the centroids of their clusters."""

from pathlib import Path

import numpy as np

from lib.clustering.centroids import distances_to_centroids, means
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
        centroids = (
            read_centroids(clusters) if has_centroids(clusters) else means(X, labels, int(labels.max()) + 1)
        )
        return distances_to_centroids(X, labels, centroids)
