"""The assignment step: its margins and sums, against brute force."""

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from problems import blobs, problems, problems_of_many_dimensions, squared_distances

from lib.base.parallel import in_threads
from lib.clustering import assignment


def assigned(X, centroids, *more):
    """The points and the state after they were assigned to centroids, one set after the other."""
    with in_threads(1) as parallel_map:
        points = assignment.Points(X, parallel_map)
        state = assignment.State(points, len(centroids))
        for these in (centroids, *more):
            points.assign(these, state)
    return points, state


@settings(deadline=None, max_examples=50)
@given(problems() | problems_of_many_dimensions())
def test_margin_is_at_most_the_lead_of_the_own_centroid(problem):
    X, centroids = problem
    points, state = assigned(X, centroids)
    distances = np.sqrt(squared_distances(X, centroids)) * points.scale
    at = np.arange(len(X))
    own = distances[at, state.labels]
    distances[at, state.labels] = np.inf
    lead = distances.min(axis=1) - own
    assert (state.margin <= np.maximum(lead, 0)).all()
    far = np.linalg.norm(points._center_and_scale(X), axis=1).max()
    if np.isfinite(lead).all():
        assert (state.margin >= lead - 0.1 * far).all()


@settings(deadline=None, max_examples=50)
@given(problems() | problems_of_many_dimensions())
def test_counts_and_sums_follow_the_labels(problem):
    X, centroids = problem
    rng = np.random.default_rng(0)
    moved = centroids + rng.normal(size=centroids.shape) * X.std(axis=0)
    points, state = assigned(X, centroids, moved, moved[::-1].copy())
    k = len(centroids)
    expected = np.zeros((k, X.shape[1]))
    np.add.at(expected, state.labels, X.astype(np.float64))
    size = np.abs(X).astype(np.float64).sum()
    np.testing.assert_allclose(state.sums, expected, rtol=1e-12, atol=1e-12 * size)
    np.testing.assert_allclose(points.sums(state.labels, k), expected, rtol=1e-12, atol=1e-12 * size)
    assert state.counts.tolist() == np.bincount(state.labels, minlength=k).tolist()


@pytest.mark.parametrize("d", [1, 3, 4, 65])
@pytest.mark.parametrize("n", [1, 2, 63, 64, 65, 200])
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
            points.assign(centroids, state)
            state.margin[:-1] = 1  # of the others nothing is asked any more
            assert state.labels[-1] == 1


@pytest.mark.parametrize("n", [1, 3, 64, 1000])
def test_the_hash_is_that_of_the_partition(n):
    X = blobs(n, 2, 3)
    one, other = (X[0] + shifts for shifts in ([[0, 0], [3, 1], [1, 3]], [[1, 1], [0, 2], [2, 0]]))
    hashes = [assigned(X, *steps)[1].hash for steps in ([one], [other, one], [one, other, one])]
    assert len(set(hashes)) == 1
    assert n < 64 or assigned(X, other)[1].hash != hashes[0]
    _, state = assigned(X, one)
    before = state.labels[0]
    state.move(0, X[0], (before + 1) % 3)
    assert state.hash != hashes[0]
    state.move(0, X[0], before)
    assert state.hash == hashes[0]


def test_blocks_of_a_file_in_which_all_are_sure_are_not_read(tmp_path):
    X = np.repeat([[0.0], [10]], 5000, axis=0).astype(np.float32)
    with h5py.File(tmp_path / "X.h5", "w") as file, in_threads(1) as parallel_map:
        file["X"] = X
        points = assignment.Points(file["X"], parallel_map)
        state = assignment.State(points, 2)
        read = []
        points._read = lambda rows: read.append(rows.start) or file["X"][rows]
        for centroids in ([[1.0], [8]], [[1.0], [9]]):
            points.assign(np.array(centroids), state)
            found, read[:] = list(read), []
            assert bool(found) == (state.centroids[1, 0] == 8)
        state.margin[-1] = -1
        points.assign(np.array([[1.0], [9]]), state)
        assert len(read) == 1


def test_sums_of_a_hundred_million_points_do_not_drift():
    """Points change their label and back, over and over, and the sums are updated each time."""
    X = np.full((50_000, 1), 0.5, np.float32)
    X[1000:] = np.random.default_rng(0).random((49_000, 1)) + 10
    X[0] = 1e6
    with in_threads(1) as parallel_map:
        points = assignment.Points(X, parallel_map)
        state = assignment.State(points, 2)
        for i in range(4001):
            points.assign(np.array([[0.0], [20.0]]) if i % 2 else np.array([[-30.0], [10]]), state)
    np.testing.assert_allclose(state.sums, points.sums(state.labels, 2), rtol=1e-10)
