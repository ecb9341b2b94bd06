"""Points without clusters for the gap statistic, and what it says of known clusters."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from lib.gap import reference
from lib.kmeans import kmeans


def test_reference_fills_the_box_along_the_principal_axes():
    """Of a long thin cloud along a diagonal it makes a long thin box along it, not a square."""
    rng = np.random.default_rng(0)
    turn = np.array([[1, 1], [-1, 1]]) / np.sqrt(2)
    X = (rng.uniform([-10, -0.1], [10, 0.1], (5000, 2)) @ turn + [5, 7]).astype(np.float32)
    points = (reference(X, seed=1) - [5, 7]) @ turn.T
    assert points.shape == X.shape
    np.testing.assert_allclose(np.ptp(points, axis=0), [20, 0.2], atol=0.02)
    np.testing.assert_allclose(points.mean(axis=0), 0, atol=0.3)
    # Evenly spread: a tenth of the points in each tenth of the box.
    np.testing.assert_allclose(np.histogram(points[:, 0], bins=10)[0], 500, rtol=0.2)


def test_reference_depends_on_the_seed_alone():
    X = np.random.default_rng(0).normal(size=(100, 5)).astype(np.float32)
    np.testing.assert_array_equal(reference(X, 3), reference(X, 3))
    assert (reference(X, 3) != reference(X, 4)).any()


def test_reference_does_not_depend_on_threads():
    X = np.random.default_rng(0).normal(size=(5000, 64)).astype(np.float32)
    found = []
    for n_threads in (1, 2):
        with threadpool_limits(n_threads, user_api="blas"):  # as Snakemake does it
            found.append(reference(X, 0))
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("n_clusters", [1, 3])
def test_gap_finds_known_clusters(n_clusters):
    """Tibshirani's rule on well separated clusters: the first k whose gap the next one does not beat."""
    rng = np.random.default_rng(0)
    centres = 20 * np.eye(4)[:n_clusters]
    X = (centres[rng.integers(n_clusters, size=600)] + rng.normal(size=(600, 4))).astype(np.float32)
    gaps, errors = [], []
    for k in range(1, 6):
        logs = [np.log(kmeans(reference(X, seed), k, n_init=5).inertia) for seed in range(10)]
        gaps.append(np.mean(logs) - np.log(kmeans(X, k, n_init=5).inertia))
        errors.append(np.std(logs) * np.sqrt(1 + 1 / 10))
    chosen = next(k for k in range(1, 5) if gaps[k - 1] >= gaps[k] - errors[k])
    assert chosen == n_clusters
