"""The assignment step: its margins and sums, against brute force."""

import numpy as np
import pytest
from hypothesis import given, settings
from problems import problems, problems_of_many_dimensions, squared_distances

from lib.base.parallel import in_threads
from lib.clustering import assignment


@settings(deadline=None, max_examples=50)
@given(problems() | problems_of_many_dimensions())
def test_margin_is_at_most_the_lead_of_the_own_centroid(problem):
    X, centroids = problem
    with in_threads(1) as parallel_map:
        points = assignment.Points(X, parallel_map)
        state = assignment.State(points, len(centroids))
        moved, labels = points.changed_assignments(centroids, state)
    assert len(moved) == len(X)
    distances = np.sqrt(squared_distances(X, centroids)) * points.scale
    at = np.arange(len(X))
    own = distances[at, labels]
    distances[at, labels] = np.inf
    lead = distances.min(axis=1) - own
    assert (state.margin <= np.maximum(lead, 0)).all()
    far = np.linalg.norm(points._center_and_scale(X), axis=1).max()
    if X.shape[1] <= 2 * assignment.N_AXES and np.isfinite(lead).all():  # else the bound is looser
        assert (state.margin >= lead - 0.1 * far).all()


@pytest.mark.parametrize("d", [1, 2 * assignment.N_AXES + 1])
@pytest.mark.parametrize("n", [1, 2])
@pytest.mark.parametrize("k", [2, 40])
@pytest.mark.parametrize("lead", [1e-8, 5e-7, 1e-4])
def test_a_point_in_doubt_goes_to_the_nearest(d, n, k, lead):
    """Also where it is evaluated alone."""
    X = np.zeros((n, d), np.float32)
    centroids = np.full((k, d), 9.0)
    centroids[:2] = 0
    centroids[0, 0], centroids[1, 0] = 1 + lead, -1
    with in_threads(1) as parallel_map:
        points = assignment.Points(X, parallel_map)
        state = assignment.State(points, k)
        for _ in range(2):
            moved, labels = points.changed_assignments(centroids, state)
            state.labels[moved] = labels
            state.margin[1:] = 1  # of the others nothing is asked any more
            assert state.labels[0] == 1


def test_residuals_decide():
    """The residuals of points and of the centroids' travel are parallel: the worst case of the bound."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, 80)).astype(np.float32) * np.where(np.arange(80) < assignment.N_AXES, 10, 0)
    X[:, -1] = rng.choice([-1, 1], len(X))
    centroids = np.zeros((2, 80))
    with in_threads(1) as parallel_map:
        points = assignment.Points(X, parallel_map)
        state = assignment.State(points, 2)
        for _ in range(4):
            centroids[:, 0] += [0.1, 0]
            centroids[:, -1] += [1, -1]
            state.margin[:] = -1  # evaluate all of them again
            moved, to = points.changed_assignments(centroids, state)
            state.labels[moved] = to
            np.testing.assert_array_equal(state.labels, squared_distances(X, centroids).argmin(axis=1))


def test_sums_of_a_hundred_million_points_do_not_drift():
    """Points change their label and back, over and over, and the sums are updated each time."""
    X = (np.random.default_rng(0).random((50_000, 1)) + 10).astype(np.float32)
    half = np.arange(len(X)) % 2
    with in_threads(1) as parallel_map:
        points = assignment.Points(X, parallel_map)
        sums = start = points.sums(half, 2)
        index = np.arange(1000)
        change = points.sum_changes(index, 1 - half[:1000], half[:1000], 2)
        for _ in range(50_000):
            sums = sums + change
            sums = sums - change
    np.testing.assert_allclose(sums, start, rtol=1e-10)
