"""k-means: against Lloyd's algorithm by brute force, scikit-learn, and what its docstring promises."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from problems import blobs, problems, problems_of_many_dimensions, seeds, squared_distances
from sklearn.cluster import KMeans

from lib.clustering import assignment
from lib.clustering import kmeans as module
from lib.clustering.kmeans import kmeans

SCRIPTS = Path(module.__file__).parents[2]
INITS = ["random", "k-means++"]


def brute_force(X, centroids):
    """The labels by Lloyd's algorithm in float64; None at a near tie or an empty cluster."""
    labels = None
    while True:
        distances = squared_distances(X, centroids)
        nearest, *others = np.sort(distances, axis=1).T
        if others and (others[0] - nearest <= 1e-6 * others[0]).any():
            return None
        new = distances.argmin(axis=1)
        if len(np.unique(new)) < len(centroids):
            return None
        if labels is not None and (new == labels).all():
            return labels
        labels = new
        centroids = np.stack([X[labels == j].mean(axis=0, dtype=np.float64) for j in range(len(centroids))])


def assert_fixed_point(X, k, result):
    """Each centroid is the mean of its points, and no other centroid is nearer to one of them."""
    X = X.astype(np.float64)
    assert result.labels.shape == (len(X),)
    assert np.unique(result.labels).tolist() == list(range(k))
    means = np.stack([X[result.labels == j].mean(axis=0) for j in range(k)])
    np.testing.assert_allclose(result.centroids, means, rtol=1e-6, atol=1e-6 * np.abs(X).max())
    distances = squared_distances(X, means)
    own = distances[np.arange(len(X)), result.labels]
    assert (own <= distances.min(axis=1) * (1 + 1e-9)).all()
    assert result.inertia == pytest.approx(own.sum(), rel=1e-9, abs=1e-25 * np.abs(X).max() ** 2)
    assert result.converged


def assert_same_bytes(a, b):
    assert a.labels.tobytes() == b.labels.tobytes()
    assert a.centroids.tobytes() == b.centroids.tobytes()
    assert a[2:] == b[2:]


@settings(deadline=None, max_examples=100)
@given(problems() | problems_of_many_dimensions())
def test_labels_are_those_of_brute_force(problem):
    X, centroids = problem
    expected = brute_force(X, centroids)
    assume(expected is not None)
    result = kmeans(X, len(centroids), init=centroids, n_threads=1)
    np.testing.assert_array_equal(result.labels, expected)
    assert_fixed_point(X, len(centroids), result)


@pytest.mark.parametrize(("d", "k"), [(8, 12), (8, 40), (100, 12), (100, 33)])
def test_labels_are_those_of_brute_force_on_many_points(d, k):
    X = blobs(2000, d, k).astype(np.float32)
    expected = brute_force(X, X[:k].astype(np.float64))
    assert expected is not None
    np.testing.assert_array_equal(kmeans(X, k, init=X[:k]).labels, expected)


@pytest.mark.parametrize("d", [20, 100])
def test_every_iteration_is_that_of_brute_force(d):
    """A point that bounds skip once too often would show, even if a later iteration corrected it."""
    X = (blobs(1500, d, 3) / 3).astype(np.float32)  # clusters that overlap: 60 iterations and more
    centroids = X[:9].astype(np.float64)
    for n_iter in range(1, 60):
        labels = squared_distances(X, centroids).argmin(axis=1)
        np.testing.assert_array_equal(kmeans(X, 9, init=X[:9], max_iter=n_iter).labels, labels)
        centroids = np.stack([X[labels == j].mean(axis=0, dtype=np.float64) for j in range(9)])


def test_partitions_that_alternate_for_ever(monkeypatch):
    """Rounding could make them do so; no data that do are known."""

    assign = assignment.Points.assign

    def flip(self, centroids, state):
        if state.centroids is None:
            assign(self, centroids, state)
        else:
            state.move(0, self.X[0], 1 - state.labels[0])

    monkeypatch.setattr(assignment.Points, "assign", flip)
    result = kmeans(np.arange(4.0)[:, None], 2, init=np.array([[0.5], [2.5]]), max_iter=100)
    assert result.n_iter < 10
    assert not result.converged


@pytest.mark.parametrize("d", [3, 90])
def test_inertia_never_rises(d):
    X = blobs(400, d)
    inertias = [kmeans(X, 7, init=X[:7], max_iter=n).inertia for n in range(1, 12)]
    assert (np.diff(inertias) <= 1e-9 * inertias[0]).all()


@pytest.mark.parametrize("seed", range(5))
def test_inertia_is_that_of_scikit_learn(seed):
    X = blobs(800, 6, 9, seed)
    theirs = KMeans(9, init=X[:9], n_init=1, tol=0, algorithm="lloyd", max_iter=10_000).fit(X)
    ours = kmeans(X, 9, init=X[:9])
    assert ours.inertia == pytest.approx(theirs.inertia_, rel=1e-9)
    np.testing.assert_array_equal(ours.labels, theirs.labels_)


# Points on a coarse grid: many duplicates, and many exact ties.
grids = hnp.arrays(
    st.sampled_from([np.float32, np.float64]),
    st.tuples(st.integers(1, 40), st.integers(1, 3)),
    elements=st.integers(-3, 3),
)


@settings(deadline=None, max_examples=50)
@given(grids, st.data(), st.sampled_from(INITS), seeds)
def test_fixed_point_in_spite_of_duplicates_and_ties(X, data, init, seed):
    k = data.draw(st.integers(1, len(np.unique(X, axis=0))))
    assert_fixed_point(X, k, kmeans(X, k, init=init, seed=seed, n_threads=1))


@settings(deadline=None, max_examples=30)
@given(grids, st.data())
def test_no_cluster_stays_empty_whatever_the_initial_centroids(X, data):
    k = data.draw(st.integers(1, len(np.unique(X, axis=0))))
    init = data.draw(hnp.arrays(np.float64, (k, X.shape[1]), elements=st.integers(-100, 100)))
    assert_fixed_point(X, k, kmeans(X, k, init=init, n_threads=1))


@pytest.mark.parametrize(
    ("init", "labels"),
    [
        ([1, 1000], [0, 0, 0, 1]),
        # 9 is the farthest from its centroid, 16, but alone with it.
        ([0, 16, 1000], [0, 0, 2, 1]),
    ],
)
def test_empty_cluster_gets_the_farthest_point_that_is_not_alone(init, labels):
    X = np.array([[0.0], [1], [2], [9]])
    assert kmeans(X, len(init), init=np.array(init)[:, None]).labels.tolist() == labels


@pytest.mark.parametrize("init", INITS)
@pytest.mark.parametrize("n_threads", [2, 4, None])
@pytest.mark.parametrize("d", [16, 100])
def test_same_bytes_for_any_number_of_threads(init, n_threads, d):
    X = blobs(7000, d, 10).astype(np.float32)
    one, more = (kmeans(X, 10, init=init, max_iter=8, n_threads=n) for n in (1, n_threads))
    assert_same_bytes(more, one)


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="the kernels are those of x86-64")
def test_same_bytes_with_the_products_of_another_processor():
    """Of points so near half way that rounding errors of float32 would decide."""
    code = (
        "import hashlib\nimport numpy as np\nfrom lib.clustering.kmeans import kmeans\n"
        "X = np.random.default_rng(0).normal(size=(3000, 300)).astype(np.float32)\n"
        "X[:, 0] *= 1e-6\n"
        "result = kmeans(X, 2, init=np.outer([1, -1], np.eye(300)[0]), max_iter=1)\n"
        "print(hashlib.sha256(b''.join(map(bytes, result[:2]))).hexdigest())\n"
    )
    kernels = ({}, {"OPENBLAS_CORETYPE": "Prescott"}, {"OPENBLAS_CORETYPE": "Haswell"})
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], cwd=SCRIPTS, env=os.environ | kernel, capture_output=True, check=True
        )
        for kernel in kernels
    ]
    assert len({run.stdout for run in runs}) == 1


@pytest.mark.parametrize("init", INITS)
@pytest.mark.parametrize("d", [16, 100])
def test_same_bytes_from_a_file(tmp_path, init, d):
    X = blobs(7000, d, 10).astype(np.float32)
    with h5py.File(tmp_path / "X.h5", "w") as file:
        file["X"] = X
        assert_same_bytes(kmeans(file["X"], 10, init=init, max_iter=20), kmeans(X, 10, init=init, max_iter=20))


@pytest.mark.parametrize("d", [4, 100])
def test_moved_and_scaled_points_have_the_same_clusters(d):
    X = blobs(500, d)
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(d, d)))[0]
    expected = kmeans(X, 5, init=X[:5])
    for move in (lambda X: X + 1000, lambda X: -X, lambda X: X * 1e-3, lambda X: X * 1e9, lambda X: X @ rotation):
        result = kmeans(move(X), 5, init=move(X)[:5])
        np.testing.assert_array_equal(result.labels, expected.labels)
    order = np.random.default_rng(1).permutation(len(X))
    np.testing.assert_array_equal(kmeans(X[order], 5, init=X[:5]).labels, expected.labels[order])


@pytest.mark.parametrize("init", INITS)
def test_seed_decides(init):
    X = np.random.default_rng(0).normal(size=(100, 5))
    first = kmeans(X, 10, init=init, seed=1)
    assert_same_bytes(first, kmeans(X, 10, init=init, seed=1))
    assert (first.labels != kmeans(X, 10, init=init, seed=2).labels).any()


@pytest.mark.parametrize("init", INITS)
@pytest.mark.parametrize("seed", range(5))
def test_initial_centroids_are_distinct_points(init, seed):
    # With as many clusters as distinct points, nothing else leaves each of them in a cluster of its own.
    X = np.repeat(np.arange(8.0)[:, None], [300, 1, 1, 200, 1, 5, 1, 1], axis=0)
    result = kmeans(X, 8, init=init, seed=seed)
    assert result.inertia == 0
    assert result.n_iter == 2
    assert sorted(result.centroids[:, 0]) == list(range(8))


@pytest.mark.parametrize("init", INITS)
@pytest.mark.parametrize("k", [4, 100])
def test_refuses_more_clusters_than_distinct_points(init, k):
    X = np.array([[0.0, 1], [0, 2], [3, 3], [-0.0, 1]] * 10)  # -0 is 0
    with pytest.raises(ValueError, match=f"{k} clusters need as many distinct points, and there are only 3"):
        kmeans(X, k, init=init)


@pytest.mark.parametrize(("n", "init"), [(2, [0, 1, 2]), (5, [0, 1, 2]), (2, [0, 10, 20]), (5, [0, 10, 20])])
def test_refuses_more_clusters_than_distinct_points_with_given_centroids(n, init):
    with pytest.raises(ValueError, match="distinct points"):
        kmeans(np.ones((n, 1)), 3, init=np.array(init)[:, None])


@pytest.mark.parametrize("arguments", [{"n_init": 0}, {"max_iter": 0}, {"n_clusters": 0}])
def test_refuses_to_do_nothing(arguments):
    with pytest.raises(ValueError, match="should be a whole number of 1 or more, is 0"):
        kmeans(np.ones((3, 1)), **{"n_clusters": 1} | arguments)


@pytest.mark.parametrize("init", INITS)
def test_all_points_equal(init):
    result = kmeans(np.full((10, 3), 0.1), 1, init=init)
    assert result.labels.tolist() == [0] * 10
    assert result.inertia == pytest.approx(0, abs=1e-30)


def test_one_cluster_is_the_mean():
    X = blobs()
    result = kmeans(X, 1)
    np.testing.assert_allclose(result.centroids[0], X.mean(axis=0), rtol=1e-6)
    assert result.inertia == pytest.approx(X.var(axis=0).sum() * len(X))


@pytest.mark.parametrize("init", INITS)
def test_as_many_clusters_as_points(init):
    result = kmeans(blobs(20), 20, init=init)
    assert sorted(result.labels) == list(range(20))
    assert result.inertia == 0


def test_far_from_the_origin():
    X = blobs()
    near = kmeans(X, 5, init=X[:5])
    far = kmeans(X + 1e6, 5, init=X[:5] + 1e6)
    np.testing.assert_array_equal(far.labels, near.labels)
    assert far.inertia == pytest.approx(near.inertia, rel=1e-6)


def test_columns_of_very_different_scales():
    X = (blobs(400, 6) * [1e-6, 1e-3, 1, 1e3, 1e6, 1e9]).astype(np.float32)
    assert_fixed_point(X, 6, kmeans(X, 6))


@pytest.mark.parametrize("scale", [1e30, 1e20, 1e-22, 1e-30])
def test_very_large_and_very_small_values(scale):
    for seed in range(5):
        X = (blobs(60, 3, seed=seed) * scale).astype(np.float32)
        labels = kmeans(X, 5, seed=seed).labels
        np.testing.assert_array_equal(labels, kmeans(X / np.float64(scale), 5, seed=seed).labels)


@pytest.mark.parametrize("init", INITS)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.int64])
def test_type_of_the_input_does_not_matter(init, dtype):
    X = np.random.default_rng(0).integers(0, 256, (60, 5))
    assert_same_bytes(kmeans(X.astype(dtype), 7, init=init), kmeans(X.astype(np.float64), 7, init=init))


@pytest.mark.parametrize(
    "view", [np.asfortranarray, lambda X: np.repeat(X, 2, axis=1)[:, ::2], lambda X: X[::-1][::-1]]
)
def test_layout_of_the_input_does_not_matter(view):
    X = blobs(3000, k=6)
    assert_same_bytes(kmeans(view(X), 6, init=X[:6]), kmeans(X, 6, init=X[:6]))


def test_input_is_left_as_it_was():
    X, init = blobs(), blobs(5)
    kept = X.copy(), init.copy()
    kmeans(X, 5, init=init)
    np.testing.assert_array_equal(X, kept[0])
    np.testing.assert_array_equal(init, kept[1])


def test_clusters_on_a_line_are_intervals():
    X = np.sort(np.random.default_rng(0).normal(size=(200, 1)), axis=0)
    result = kmeans(X, 6)
    assert_fixed_point(X, 6, result)
    assert np.count_nonzero(np.diff(result.labels)) == 5


def test_point_half_way_goes_to_the_first_centroid():
    X = np.array([[-1.0], [0], [1]])
    assert kmeans(X, 2, init=np.array([[-1.0], [1]])).labels.tolist() == [0, 0, 1]
    assert kmeans(X, 2, init=np.array([[1.0], [-1]])).labels.tolist() == [1, 0, 0]


@pytest.mark.parametrize("d", [2, 30, 1000])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_points_a_hair_off_half_way_go_to_the_nearer_centroid(d, dtype):
    rng = np.random.default_rng(d)
    centroids = rng.random((2, d))
    axis = np.diff(centroids, axis=0)
    hair = rng.choice([-1e-7, -1e-8, -1e-9, 1e-9, 1e-8, 1e-7], (2000, 1))
    aside = rng.normal(size=(2000, d))
    aside -= aside @ axis.T / (axis @ axis.T) * axis
    X = (centroids.mean(axis=0) + hair * axis + aside).astype(dtype)
    distances = squared_distances(X, centroids)
    clear = np.abs(distances[:, 0] - distances[:, 1]) > 1e-12 * distances[:, 0]
    assert clear.sum() > 1000
    labels = kmeans(X, 2, init=centroids, max_iter=1).labels
    np.testing.assert_array_equal(labels[clear], distances.argmin(axis=1)[clear])


def test_point_half_way_keeps_its_cluster():
    # After the first step the centroids are -2 and 2, and 0 belongs to the second.
    result = kmeans(np.array([[-2.0], [0], [4]]), 2, init=np.array([[-3.0], [1]]))
    assert result.labels.tolist() == [0, 1, 1]


@pytest.mark.parametrize("init", INITS)
def test_n_init_keeps_the_best(init):
    X = np.random.default_rng(0).normal(size=(60, 2))
    inertias = [kmeans(X, 6, init=init, seed=4, n_init=n).inertia for n in (1, 2, 4)]
    assert inertias == sorted(inertias, reverse=True)
    assert inertias[2] < inertias[0]


def test_max_iter_stops_early_and_says_so():
    X = np.random.default_rng(0).normal(size=(100, 2))
    full = kmeans(X, 10)
    assert full.converged
    assert full.n_iter > 3
    stopped = kmeans(X, 10, max_iter=2)
    assert not stopped.converged
    assert stopped.n_iter == 2
    assert stopped.inertia > full.inertia


@pytest.mark.parametrize(
    ("X", "k", "init"),
    [
        (np.zeros(3), 1, "random"),
        (np.zeros((3, 2, 2)), 1, "random"),
        (blobs(), 0, "random"),
        (blobs(), 2, "kmeans"),
        (blobs(d=4), 2, np.zeros((3, 4))),
        (blobs(d=4), 2, np.zeros((2, 3))),
        (blobs(d=4), 4, np.zeros(4)),
    ],
)
def test_refuses_arguments_that_do_not_fit(X, k, init):
    with pytest.raises(ValueError, match=r"shape|n_clusters|init"):
        kmeans(X, k, init=init)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e200])
def test_values_that_are_no_use(bad):
    X = np.arange(12.0).reshape(6, 2)
    X[3, 1] = bad
    with pytest.raises(ValueError, match="finite values"):
        kmeans(X, 2)


def heavy_problem(d, outlier):
    """Points in clusters, one of them far out, and initial centroids, one of which is that point."""
    X = blobs(3000, d, 8).astype(np.float32)
    X[5] *= outlier
    return X, X[:8]


@pytest.mark.parametrize("outlier", [1e2, 1e5, 1e9])
@pytest.mark.parametrize("d", [2, 90])
def test_an_outlier_leaves_no_other_point_in_doubt(monkeypatch, d, outlier):
    states = []

    class Kept(assignment.State):
        def __init__(self, *args):
            super().__init__(*args)
            states.append(self)

    monkeypatch.setattr(module, "State", Kept)
    X, init = heavy_problem(d, outlier)
    result = kmeans(X, 8, init=init)
    assert_fixed_point(X, 8, result)
    assert states[0].n_exact < len(X) * result.n_iter / 50


@pytest.mark.parametrize("d", [2, 90])
def test_centroids_that_come_back_from_afar(d):
    """The outlier begins in a cluster of many, and pulls its centroid away for a while."""
    X = blobs(3000, d, 8).astype(np.float32)
    X[2999] *= 1e6
    centroids = X[:8].astype(np.float64)
    for n_iter in range(1, 12):
        labels = squared_distances(X, centroids).argmin(axis=1)
        result = kmeans(X, 8, init=X[:8], max_iter=n_iter)
        np.testing.assert_array_equal(result.labels, labels)
        centroids = np.stack([X[labels == j].mean(axis=0, dtype=np.float64) for j in range(8)])
    assert_fixed_point(X, 8, kmeans(X, 8, init=X[:8]))


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
@pytest.mark.parametrize(("n", "d", "k"), [(300_000, 2, 2500), (10_000, 128, 500)])
def test_memory_is_what_the_docstring_says(n, d, k):
    """In a process that gets no more than that, and 64 MB for blocks."""
    documented = 30 * n + 2 * n * d
    code = (
        "import resource, sys\nimport numpy as np\nfrom lib.clustering.kmeans import kmeans\n"
        "n, d, k, memory = map(int, sys.argv[1:])\n"
        "X = np.random.default_rng(0).normal(size=(n, d)).astype(np.float32)\n"
        "X[0] *= 100\n"
        "kmeans(X[:1000], 10)\n"
        "used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + memory, used + memory))\n"
        "kmeans(X, k, init=X[:k], max_iter=2, n_threads=1)\n"
    )
    command = [sys.executable, "-c", code, *map(str, (n, d, k, documented + 2**26))]
    subprocess.run(command, cwd=SCRIPTS, check=True)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e40, -1e300])
def test_refuses_initial_centroids_that_are_no_points(bad):
    X = blobs(50)
    init = X[:5].copy()
    init[3, 2] = bad
    with pytest.raises(ValueError, match=r"init\[3\] should have finite values below 1e\+37"):
        kmeans(X, 5, init=init)


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0), (3,), (3, 1, 1)])
def test_refuses_what_is_no_table_of_points(shape):
    with pytest.raises(ValueError, match="one point and one feature or more"):
        kmeans(np.zeros(shape), 1)


@pytest.mark.parametrize("scale", [1e-165, 1e-40, 5e-324, 1e38, 1e100])
def test_refuses_values_that_float32_cannot_hold(scale):
    with pytest.raises(ValueError, match="the largest between 1e-37 and 1e"):
        kmeans(np.arange(1.0, 13).reshape(6, 2) * scale, 2)


@pytest.mark.parametrize("dtype", [complex, object, "U3", "datetime64[s]"])
def test_refuses_what_is_no_number(dtype):
    with pytest.raises(ValueError, match="real numbers"):
        kmeans(np.zeros((4, 2), int).astype(dtype), 1)


@pytest.mark.parametrize("seed", range(5))
def test_order_in_memory_does_not_matter(seed):
    """Of small whole numbers, which are full of exact ties."""
    X = np.random.default_rng(seed).integers(0, 4, (200, 3)).astype(np.float32) / 3
    layouts = [np.asfortranarray(X), np.repeat(X, 2, axis=1)[:, ::2], X[::-1].copy()[::-1], X.astype(">f4")]
    for layout in layouts:
        assert_same_bytes(kmeans(layout, 7, seed=seed), kmeans(X, 7, seed=seed))


def test_differences_much_smaller_than_the_values():
    X = np.array([[1, 0], [1, 1e-160], [1, 3e-160], [1, 9e-160], [1, 10e-160]])
    assert kmeans(X, 2, init=X[[0, 4]]).labels.tolist() == [0, 0, 0, 1, 1]


@pytest.mark.parametrize("n_clusters", [2.5, "2", None])
def test_refuses_what_is_no_whole_number(n_clusters):
    with pytest.raises(ValueError, match="n_clusters should be a whole number of 1 or more"):
        kmeans(blobs(20), n_clusters)
