"""Centroids, and how far the points are from them, computed in a second way."""

import h5py
import numpy as np
import pytest

from lib.clustering.centroids import distances_to_centroids, means


@pytest.fixture(params=["in memory", "in a file"])
def points(request, tmp_path):
    """More points than a block has, and their labels, with noise."""
    rng = np.random.default_rng(0)
    X, labels = rng.random((5000, 7), dtype=np.float32), rng.integers(-1, 3, 5000)
    if request.param == "in memory":
        yield X, X, labels
    else:
        with h5py.File(tmp_path / "x.h5", "w") as file:
            file["features"] = X
            yield file["features"], X, labels


def test_means_are_of_the_points_of_each_cluster(points):
    X, values, labels = points
    expected = [values[labels == cluster].mean(axis=0, dtype=float) for cluster in range(3)]
    np.testing.assert_allclose(means(X, labels, 3), expected)


def test_distances_are_those_to_the_centroid_of_the_own_cluster(points):
    X, values, labels = points
    centroids = np.random.default_rng(1).random((3, 7))
    expected = [
        np.sqrt(sum((x - centroids[label]) ** 2)) if label >= 0 else np.nan
        for x, label in zip(values.astype(float), labels, strict=True)
    ]
    np.testing.assert_allclose(distances_to_centroids(X, labels, centroids), expected)
