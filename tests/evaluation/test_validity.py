"""Silhouette and Dunn's index: against scikit-learn, brute force, and symmetries of the plane."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from overlapping import overlapping_clusters
from scipy.spatial.distance import cdist
from sklearn.metrics import silhouette_samples
from threadpoolctl import threadpool_limits

from lib.evaluation import pairs
from lib.evaluation.validity import combine, partial_sums, validities, validity


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks so small that a few hundred points have many."""
    monkeypatch.setattr(pairs, "BLOCK_ROWS", 32)


def assert_as_by_brute_force(X, *labellings):
    """Compare with the definitions, from all distances at once, each from the coordinates."""
    results = validities(X, labellings) if len(labellings) > 1 else [validity(X, labellings[0])]
    X = X.astype(np.float64)
    distances = cdist(X, X)
    for labels, result in zip(labellings, results, strict=True):
        assert_is_validity(result, X, labels, distances)


def assert_is_validity(result, X, labels, distances):
    same = labels[:, None] == labels
    if 2 <= len(np.unique(labels)) < len(X):
        samples = silhouette_samples(distances, labels, metric="precomputed")
    else:  # scikit-learn refuses these
        samples = np.full(len(X), np.nan if same.all() else 0.0)
    diameter = distances[same].max()
    separation = np.nan if same.all() else distances[~same].min()
    with np.errstate(divide="ignore", invalid="ignore"):
        dunn = separation / diameter
    np.testing.assert_allclose(result.silhouette_samples, samples, atol=1e-6)
    np.testing.assert_allclose(result.silhouette, samples.mean(), atol=1e-6)
    np.testing.assert_allclose(result[1:4], (dunn, separation, diameter), rtol=1e-9)
    i, j = result.diameter_pair
    assert labels[i] == labels[j]
    assert distances[i, j] == pytest.approx(diameter, rel=1e-9)
    if same.all():
        assert result.separation_pair is None
    else:
        i, j = result.separation_pair
        assert labels[i] != labels[j]
        assert distances[i, j] == pytest.approx(separation, rel=1e-9)


def assert_same_bytes(a, b):
    assert a.silhouette_samples.tobytes() == b.silhouette_samples.tobytes()
    assert repr(a._replace(silhouette_samples=None)) == repr(b._replace(silhouette_samples=None))


@st.composite
def clusterings(draw):
    """A few points, often equal or close, with labels that are unsorted, negative, with gaps, or all equal."""
    shape = draw(st.integers(1, 30)), draw(st.integers(1, 4))
    grid = hnp.arrays(np.float64, shape, elements=st.integers(-20, 20).map(lambda x: x / 8))
    # Where all are smaller than 1e-30, they are refused.
    floats = st.floats(-1000, 1000, width=32).filter(lambda x: x == 0 or abs(x) > 1e-25)
    X = draw(grid | hnp.arrays(np.float32, shape, elements=floats))
    numbers = draw(st.lists(st.integers(-50, 50), min_size=1, max_size=6, unique=True))
    labels = draw(hnp.arrays(np.int32, shape[0], elements=st.sampled_from(numbers)))
    return X, labels


@settings(deadline=None, max_examples=100)
@given(clusterings())
def test_small_clusterings(problem):
    assert_as_by_brute_force(*problem)


@settings(deadline=None, max_examples=100)
@given(clusterings(), st.lists(st.randoms(use_true_random=False), max_size=3))
def test_several_clusterings_of_the_same_points(problem, randoms):
    X, labels = problem
    assert_as_by_brute_force(
        X, labels, *(np.array(random.sample(list(labels), len(labels))) for random in randoms)
    )


@pytest.mark.parametrize(("n", "d"), [(700, 2), (2500, 3), (5000, 20)])
def test_several_clusterings_of_many_points(n, d):
    X, labels = overlapping_clusters(n, d)
    rng = np.random.default_rng(1)
    assert_as_by_brute_force(
        X.astype(np.float32),
        labels,
        labels % 3,
        np.digitize(X[:, 0], [-1, 0, 2]),
        rng.integers(0, 300, n),
        labels * 0,
    )


def test_several_clusterings_of_clusters_far_apart(small_blocks):
    """Only some of the clusterings tell these clusters from each other."""
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2, 3], 200)
    X = rng.normal(size=(800, 5)) + 100 * labels[:, None]
    assert_as_by_brute_force(X, labels, labels // 2, rng.permutation(labels), labels + 4 * (X[:, 1] > 0))


def spread_out(name, n=1200, d=6):
    """Points that lose digits in products: outliers, duplicates, near duplicates, all scales."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, d))
    match name:
        case "outliers":
            X[rng.choice(n, n // 100, replace=False)] *= 1e3
        case "one far out":
            X[7, 0] = 1e25
        case "duplicates":
            X = X[rng.integers(0, 9, n)]
        case "half of them 0":
            X[rng.random(n) < 0.5] = 0
        case "nearly equal":
            X = X[rng.integers(0, 20, n)] + 1e-9 * X
        case "two far apart":
            X = 1e-3 * X + np.where(rng.random((n, 1)) < 0.3, 1e6, 0)
        case "all scales":
            X *= 10 ** rng.uniform(-8, 8, (n, 1))
        case "dark, light and noise":
            X = np.concatenate(
                [np.eye(d)[rng.integers(0, d, n // 2)] / 255, 1 - rng.integers(0, 2, (n // 2, d)) / 255]
            )
        case "unit vectors":
            X = np.eye(n)
        case "lattice":
            X = rng.integers(0, 3, (n, 2)).astype(float)
    return X


SPREAD_OUT = ["outliers", "one far out", "duplicates", "half of them 0", "nearly equal", "two far apart"]
SPREAD_OUT += ["all scales", "dark, light and noise", "unit vectors", "lattice"]


@pytest.mark.parametrize("name", SPREAD_OUT)
def test_points_that_lose_digits_in_products(name):
    X = spread_out(name)
    rng = np.random.default_rng(1)
    assert_as_by_brute_force(X, rng.integers(0, 4, len(X)), rng.integers(0, 300, len(X)), X[:, 0] > X[0, 0])


@pytest.mark.parametrize("name", SPREAD_OUT)
def test_few_distances_are_computed_one_by_one(monkeypatch, name):
    """Which takes many times as long."""
    n_pairs = 0
    relative_to = pairs.Points.relative_to

    def count(self, origin, index):
        nonlocal n_pairs
        n_pairs += len(index) if isinstance(index, np.ndarray) else 0
        return relative_to(self, origin, index)

    monkeypatch.setattr(pairs.Points, "relative_to", count)
    X = spread_out(name, n=1500 if name == "unit vectors" else 4000)
    validity(X, np.random.default_rng(1).integers(0, 4, len(X)))
    assert n_pairs < {"nearly equal": 0.1, "all scales": 0.25}.get(name, 0.01) * len(X) ** 2 / 2


@pytest.mark.parametrize("name", [*SPREAD_OUT, "normal"])
def test_other_clusterings_do_not_change_a_result(name):
    X = spread_out(name)
    rng = np.random.default_rng(1)
    labellings = [rng.integers(0, 3, len(X)), X[:, 0] > 0, rng.integers(0, 200, len(X)), np.zeros(len(X), int)]
    alone = [validity(X, labels) for labels in labellings]
    for order in ([0, 1, 2, 3], [3, 2, 1, 0], [1, 3], [2, 2, 0]):
        for result, i in zip(validities(X, [labellings[i] for i in order], n_threads=2), order, strict=True):
            assert_same_bytes(result, alone[i])


def test_order_in_memory_does_not_matter():
    X, labels = overlapping_clusters(1300, 40)
    for layout in (np.asfortranarray(X), np.repeat(X, 2, axis=1)[:, ::2], X.astype(">f8")):
        assert_same_bytes(validity(layout, labels), validity(X, labels))


def test_differences_much_smaller_than_the_values():
    X = np.array([[1, 0], [1, 1e-160], [1, 3e-160]])
    result = validity(X, np.array([0, 0, 1]))
    assert result[1:4] == pytest.approx((2, 2e-160, 1e-160))
    np.testing.assert_allclose(result.silhouette_samples, [2 / 3, 0.5, 0])


@settings(deadline=None, max_examples=100)
@given(clusterings(), st.integers(1, 12), st.randoms(use_true_random=False))
def test_chunks_make_the_whole_to_the_bit(problem, n_chunks, random):
    X, labels = problem
    labellings = [labels, labels[::-1]]
    chunks = [partial_sums(X, labellings, chunk, n_chunks, n_threads=1) for chunk in range(n_chunks)]
    random.shuffle(chunks)
    for i, whole in enumerate(validities(X, labellings)):
        assert_same_bytes(combine(labellings[i], [chunk[i] for chunk in chunks]), whole)


@pytest.mark.parametrize("n_chunks", [2, 3, 8])
def test_chunks_of_many_points_make_the_whole_to_the_bit(n_chunks):
    X, labels = overlapping_clusters(5000, 9)
    X = X.astype(np.float32)
    labellings = [labels, labels // 2]
    chunks = [partial_sums(X, labellings, chunk, n_chunks, n_threads=1 + chunk % 2) for chunk in range(n_chunks)]
    for i, whole in enumerate(validities(X, labellings)):
        assert_same_bytes(combine(labellings[i], [chunk[i] for chunk in chunks[::-1]]), whole)


def test_chunks_may_be_in_different_units():
    """Machines that round differently may choose different units."""
    X, labels = overlapping_clusters(2500)
    chunks = [partial_sums(X, [labels], chunk, 3)[0] for chunk in range(3)]
    other = chunks[1]._replace(sums=chunks[1].sums >> 1, exponents=chunks[1].exponents + np.int16(1))
    whole, mixed = combine(labels, chunks), combine(labels, [chunks[0], other, chunks[2]])
    np.testing.assert_allclose(mixed.silhouette_samples, whole.silhouette_samples, atol=1e-12)


@pytest.mark.parametrize("n", [499, 500, 501, 1000, 2500, 4097, 5000])
def test_sizes_around_the_block(n):
    assert_as_by_brute_force(*overlapping_clusters(n))


@pytest.mark.parametrize("d", [1, 2, 300])
@pytest.mark.parametrize("n", [1200, 4500])
def test_numbers_of_columns(n, d):
    assert_as_by_brute_force(*overlapping_clusters(n, d))


@pytest.mark.parametrize("n", [300, 700])
@pytest.mark.parametrize("n_clusters", [1, 2, 40])
def test_blocks_of_large_and_small_clusters(small_blocks, n, n_clusters):
    rng = np.random.default_rng(n)
    labels = rng.integers(0, n_clusters, n)
    labels[: n // 2] = 0
    assert_as_by_brute_force(rng.normal(size=(n, 5)) + labels[:, None], labels)


def test_many_clusters():
    rng = np.random.default_rng(0)
    assert_as_by_brute_force(rng.normal(size=(2500, 2)), rng.integers(0, 700, 2500))


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32])
def test_type_of_the_input_does_not_matter(dtype):
    rng = np.random.default_rng(0)
    X, labels = rng.integers(0, 256, (400, 3)), rng.integers(0, 3, 400)
    assert_as_by_brute_force(X.astype(dtype), labels)


def test_float32_is_taken_as_it_is():
    X, labels = overlapping_clusters(500)
    assert_as_by_brute_force(X.astype(np.float32), labels)


def test_far_from_the_origin():
    X, labels = overlapping_clusters(500)
    assert_as_by_brute_force(X + 1e6, labels)


def test_close_clusters_and_a_far_one(small_blocks):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3)) * 1e-3
    X[200:] += 100
    assert_as_by_brute_force(X, np.repeat([0, 1, 2], 100))


def test_separation_among_many_pairs_of_almost_the_same_distance(small_blocks):
    rungs = np.arange(160.0)
    gaps = 1e-3 + 1e-9 * np.random.default_rng(0).permutation(160)
    X = np.concatenate([10 * rungs, 10 * rungs + gaps])[:, None]
    assert_as_by_brute_force(X, np.repeat([0, 1], 160))


def test_extremes_that_float32_cannot_tell_apart(small_blocks):
    """Two large clusters in many dimensions, a thousand pairs nearly as close and as far as the extremes."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1000, 100))
    X /= np.linalg.norm(X, axis=1)[:, None] * (1 + 3e-8 * rng.random(1000))[:, None]  # a sphere, nearly
    X[500:] = -X[:500] * (1 + 3e-8 * rng.random(500))[:, None]  # and the opposite of each point
    shift = np.zeros(100)
    shift[0] = 5
    moved = X + shift * (1 + 3e-8 * rng.random(1000))[:, None]
    assert_as_by_brute_force(np.concatenate([X, moved]), np.repeat([0, 1], 1000))


def test_small_tight_clusters(small_blocks):
    """Many of them share a block of rows, whose median is far from them all."""
    rng = np.random.default_rng(0)
    X = np.repeat(rng.normal(size=(150, 200)), 4, axis=0) + rng.normal(size=(600, 200)) * 0.12
    assert_as_by_brute_force(X, np.repeat(np.arange(150), 4))


def test_permuted_points():
    X, labels = overlapping_clusters()
    order = np.random.default_rng(1).permutation(len(X))
    before, after = validity(X, labels), validity(X[order], labels[order])
    np.testing.assert_allclose(after.silhouette_samples, before.silhouette_samples[order], atol=1e-6)
    np.testing.assert_allclose(after[1:4], before[1:4], rtol=1e-9)
    assert after.silhouette == pytest.approx(before.silhouette, abs=1e-7)


@pytest.mark.parametrize("relabel", [lambda x: -x, lambda x: x * 1000 + 7, lambda x: (x * 37) % 101])
def test_relabelled_clusters(relabel):
    X, labels = overlapping_clusters()
    before, after = validity(X, labels), validity(X, relabel(labels))
    np.testing.assert_allclose(after.silhouette_samples, before.silhouette_samples, atol=1e-6)
    np.testing.assert_allclose(after[1:4], before[1:4], rtol=1e-9)
    assert after.silhouette == pytest.approx(before.silhouette, abs=1e-7)


rotation = np.linalg.qr(np.random.default_rng(2).normal(size=(3, 3)))[0]


@pytest.mark.parametrize(
    ("move", "scale"),
    [
        (lambda X: X + np.array([1000, -1000, 1]), 1),
        (lambda X: X @ rotation, 1),
        (lambda X: X * -1, 1),
        (lambda X: X * 1e-6, 1e-6),
        (lambda X: X * 1e6, 1e6),
        (lambda X: X * 1e-25, 1e-25),
        (lambda X: X * 1e25, 1e25),
    ],
    ids=["shifted", "rotated", "mirrored", "shrunk", "enlarged", "tiny", "huge"],
)
def test_moved_points(move, scale):
    X, labels = overlapping_clusters()
    before, after = validity(X, labels), validity(move(X), labels)
    np.testing.assert_allclose(after.silhouette_samples, before.silhouette_samples, atol=1e-6)
    assert after.dunn == pytest.approx(before.dunn, rel=1e-9)
    assert after.separation == pytest.approx(before.separation * scale, rel=1e-9)
    assert after.diameter == pytest.approx(before.diameter * scale, rel=1e-9)


@pytest.mark.parametrize("n_threads", [2, 4, None])
def test_same_bytes_for_any_number_of_threads(n_threads):
    X, labels = overlapping_clusters(5000, 20)
    one, more = validity(X, labels, n_threads=1), validity(X, labels, n_threads=n_threads)
    assert_same_bytes(more, one)


def test_same_bytes_for_any_number_of_threads_of_blas():
    X, labels = overlapping_clusters(1500, 1000)  # whose products differ in the last digits
    with threadpool_limits(1):
        one = validity(X, labels)
    with threadpool_limits(4):
        more = validity(X, labels)
    assert_same_bytes(more, one)


def test_one_cluster_has_a_diameter_only():
    result = validity(np.array([[0.0, 0], [3, 4], [1, 1]]), np.array([5, 5, 5]))
    assert result.diameter == 5
    assert np.isnan([result.silhouette, result.dunn, result.separation]).all()
    assert np.isnan(result.silhouette_samples).all()


def test_singleton_has_silhouette_0():
    result = validity(np.array([[0.0], [1], [10]]), np.array([0, 0, 1]))
    np.testing.assert_allclose(result.silhouette_samples, [0.9, 8 / 9, 0])


def test_all_singletons():
    result = validity(np.array([[0.0], [1], [10]]), np.array([0, 1, 2]))
    assert result.silhouette_samples.tolist() == [0, 0, 0]
    assert result[:4] == (0, np.inf, 1, 0)


def test_duplicates_in_different_clusters_have_separation_0():
    result = validity(np.array([[0.3], [1.1], [1.1], [2.2]]), np.array([0, 0, 1, 1]))
    assert (result.separation, result.dunn) == (0, 0)
    assert result.diameter == pytest.approx(1.1)


def test_clusters_of_duplicates_have_diameter_0():
    result = validity(np.array([[0.3, 0.1]] * 3 + [[0.3, 1.1]] * 2), np.array([0, 0, 0, 1, 1]))
    np.testing.assert_allclose(result.silhouette_samples, 1)
    assert (result.dunn, result.diameter) == (np.inf, 0)
    assert result.separation == pytest.approx(1)


def test_all_points_equal():
    result = validity(np.full((4, 3), 0.1), np.array([0, 0, 1, 1]))
    assert result.silhouette_samples.tolist() == [0, 0, 0, 0]
    assert (result.separation, result.diameter) == (0, 0)
    assert np.isnan(result.dunn)


def test_duplicates_in_different_clusters_have_silhouette_0():
    rng = np.random.default_rng(0)
    for d in range(100, 200):
        # The same point ten times in clusters 0 and 1, and cluster 2 elsewhere.
        X = rng.normal(size=(2, d))[[0] * 10 + [1] * 2]
        labels = np.array([0, 1] * 5 + [2] * 2)
        np.testing.assert_allclose(validity(X, labels).silhouette_samples[:10], 0, atol=1e-6)


def test_clusters_much_closer_than_the_extent_of_the_data():
    X = np.array([[0, 1], [1e-9, 1], [4e-9, 1], [5e-9, 1], [3, 2], [3, 2 + 1e-9]])
    assert_as_by_brute_force(X, np.array([0, 0, 1, 1, 2, 2]))


def test_diameter_much_smaller_than_the_extent_of_the_data():
    X = np.array([[0.3, 0.1], [0.3, 0.1], [1.1, 1.3], [1.1, 1.3 + 1e-9]])
    result = validity(X, np.array([0, 0, 1, 1]))
    assert result.diameter == pytest.approx(1e-9, rel=1e-6)
    assert np.isfinite(result.dunn)


def test_many_duplicates_in_different_clusters(small_blocks):
    rng = np.random.default_rng(0)
    assert_as_by_brute_force(rng.integers(0, 3, (600, 2)).astype(np.float32), rng.integers(0, 4, 600))


@pytest.mark.parametrize(("shape", "n_labels"), [((0, 2), 0), ((3, 0), 3), ((3, 2), 2), ((3,), 3), ((3, 2, 1), 3)])
def test_refuses_arguments_that_do_not_fit(shape, n_labels):
    with pytest.raises(ValueError, match="one or more points, and labels"):
        validity(np.zeros(shape), np.zeros(n_labels, int))


@pytest.mark.parametrize("labels", [np.array([0, 1, np.nan]), np.array(["a", "b", "a"])])
def test_refuses_labels_that_are_no_whole_numbers(labels):
    with pytest.raises(ValueError, match="whole numbers"):
        validity(np.eye(3), labels)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e200])
def test_values_that_are_no_use(bad):
    X = np.arange(12.0).reshape(6, 2)
    X[3, 1] = bad
    with pytest.raises(ValueError, match="finite values"):
        validity(X, np.arange(6) % 2)
