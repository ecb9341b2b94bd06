"""Silhouette and Dunn's index: against scikit-learn, brute force, and symmetries of the plane."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.spatial.distance import cdist
from sklearn.metrics import silhouette_samples
from threadpoolctl import threadpool_limits

from lib.evaluation import pairs
from lib.evaluation.sampled_silhouette import sampled_silhouette
from lib.evaluation.validity import combine, partial_sums, validities, validity


@pytest.fixture
def small_blocks(monkeypatch):
    """All that is done for many points, float32 included, on a few hundred."""
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


def clustering(n=2500, d=3, seed=0):
    """Points in overlapping clusters of unequal size, unsorted, two of them singletons."""
    rng = np.random.default_rng(seed)
    labels = rng.choice([-3, 0, 1, 7, 40], n, p=[0.6, 0.2, 0.1, 0.05, 0.05])
    labels[[n // 3, n // 2]] = [99, -99]
    return rng.normal(size=(n, d)) + labels[:, None] % 5, labels


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
def test_small_clusterings(drawn):
    assert_as_by_brute_force(*drawn)


@settings(deadline=None, max_examples=100)
@given(clusterings(), st.lists(st.randoms(use_true_random=False), max_size=3))
def test_several_clusterings_of_the_same_points(drawn, randoms):
    X, labels = drawn
    assert_as_by_brute_force(
        X, labels, *(np.array(random.sample(list(labels), len(labels))) for random in randoms)
    )


@pytest.mark.parametrize(("n", "d"), [(700, 2), (2500, 3), (5000, 20)])
def test_several_clusterings_of_many_points(n, d):
    X, labels = clustering(n, d)
    rng = np.random.default_rng(1)
    assert_as_by_brute_force(
        X.astype(np.float32),
        labels,
        labels % 3,
        np.digitize(X[:, 0], [-1, 0, 2]),
        rng.integers(0, 300, n),
        labels * 0,
    )


def test_several_clusterings_when_float32_serves(small_blocks):
    """Clusters far apart, which only some of the clusterings tell from each other."""
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2, 3], 200)
    X = rng.normal(size=(800, 5)) + 100 * labels[:, None]
    assert_as_by_brute_force(X, labels, labels // 2, rng.permutation(labels), labels + 4 * (X[:, 1] > 0))


def spread_out(name, n=1200, d=6):
    """Points that lose digits in products: some far out, many equal or nearly so, on all scales."""
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
    X, labels = clustering(1300, 40)
    for layout in (np.asfortranarray(X), np.repeat(X, 2, axis=1)[:, ::2], X.astype(">f8")):
        assert_same_bytes(validity(layout, labels), validity(X, labels))


def test_differences_much_smaller_than_the_values():
    X = np.array([[1, 0], [1, 1e-160], [1, 3e-160]])
    result = validity(X, np.array([0, 0, 1]))
    assert result[1:4] == pytest.approx((2, 2e-160, 1e-160))
    np.testing.assert_allclose(result.silhouette_samples, [2 / 3, 0.5, 0])


@settings(deadline=None, max_examples=100)
@given(clusterings(), st.integers(1, 12), st.randoms(use_true_random=False))
def test_parts_make_the_whole_to_the_bit(drawn, n_chunks, random):
    X, labels = drawn
    labellings = [labels, labels[::-1]]
    parts = [partial_sums(X, labellings, part, n_chunks, n_threads=1) for part in range(n_chunks)]
    random.shuffle(parts)
    for i, whole in enumerate(validities(X, labellings)):
        assert_same_bytes(combine(labellings[i], [part[i] for part in parts]), whole)


@pytest.mark.parametrize("n_chunks", [2, 3, 8])
def test_parts_of_many_points_make_the_whole_to_the_bit(n_chunks):
    X, labels = clustering(5000, 9)
    X = X.astype(np.float32)
    labellings = [labels, labels // 2]
    parts = [partial_sums(X, labellings, part, n_chunks, n_threads=1 + part % 2) for part in range(n_chunks)]
    for i, whole in enumerate(validities(X, labellings)):
        assert_same_bytes(combine(labellings[i], [part[i] for part in parts[::-1]]), whole)


def test_parts_may_be_in_different_units():
    """As from machines whose rounding differs."""
    X, labels = clustering(2500)
    parts = [partial_sums(X, [labels], part, 3)[0] for part in range(3)]
    other = parts[1]._replace(sums=parts[1].sums >> 1, exponents=parts[1].exponents + np.int16(1))
    whole, mixed = combine(labels, parts), combine(labels, [parts[0], other, parts[2]])
    np.testing.assert_allclose(mixed.silhouette_samples, whole.silhouette_samples, atol=1e-12)


@pytest.mark.parametrize("n", [499, 500, 501, 1000, 2500, 4097, 5000])
def test_sizes_around_the_block(n):
    assert_as_by_brute_force(*clustering(n))


@pytest.mark.parametrize("d", [1, 2, 300])
@pytest.mark.parametrize("n", [1200, 4500])
def test_numbers_of_columns(n, d):
    assert_as_by_brute_force(*clustering(n, d))


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
    X, labels = clustering(500)
    assert_as_by_brute_force(X.astype(np.float32), labels)


def test_far_from_the_origin():
    X, labels = clustering(500)
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
    """Many of them share a block of rows, whose middle is far from them all."""
    rng = np.random.default_rng(0)
    X = np.repeat(rng.normal(size=(150, 200)), 4, axis=0) + rng.normal(size=(600, 200)) * 0.12
    assert_as_by_brute_force(X, np.repeat(np.arange(150), 4))


def test_permuted_points():
    X, labels = clustering()
    order = np.random.default_rng(1).permutation(len(X))
    before, after = validity(X, labels), validity(X[order], labels[order])
    np.testing.assert_allclose(after.silhouette_samples, before.silhouette_samples[order], atol=1e-6)
    np.testing.assert_allclose(after[1:4], before[1:4], rtol=1e-9)
    assert after.silhouette == pytest.approx(before.silhouette, abs=1e-7)


@pytest.mark.parametrize("relabel", [lambda x: -x, lambda x: x * 1000 + 7, lambda x: (x * 37) % 101])
def test_relabelled_clusters(relabel):
    X, labels = clustering()
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
    X, labels = clustering()
    before, after = validity(X, labels), validity(move(X), labels)
    np.testing.assert_allclose(after.silhouette_samples, before.silhouette_samples, atol=1e-6)
    assert after.dunn == pytest.approx(before.dunn, rel=1e-9)
    assert after.separation == pytest.approx(before.separation * scale, rel=1e-9)
    assert after.diameter == pytest.approx(before.diameter * scale, rel=1e-9)


@pytest.mark.parametrize("n_threads", [2, 4, None])
def test_same_bytes_for_any_number_of_threads(n_threads):
    X, labels = clustering(5000, 20)
    one, more = validity(X, labels, n_threads=1), validity(X, labels, n_threads=n_threads)
    assert_same_bytes(more, one)


def test_same_bytes_for_any_number_of_threads_of_blas():
    X, labels = clustering(1500, 1000)  # whose products differ in the last digits
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


def test_sample_of_all_points_is_exact():
    X, labels = clustering(1500)
    estimate = sampled_silhouette(X, labels, 1500)
    assert estimate == pytest.approx([validity(X, labels).silhouette] * 3, abs=1e-9)


def strays(sizes, shares, seed=0):
    """Clusters far from each other, each with a share of points that lie in the next."""
    rng = np.random.default_rng(seed)
    labels = np.arange(len(sizes)).repeat(sizes)
    stray = np.concatenate(
        [np.arange(size) < round(size * share) for size, share in zip(sizes, shares, strict=True)]
    )
    centres = 10 * np.eye(len(sizes))[(labels + stray) % len(sizes)]
    return centres + rng.normal(size=centres.shape), labels


SAMPLED = {
    "overlapping, unequal": clustering(1500),
    "a few strays in a cluster": strays([1000] * 3, [0.03, 0, 0]),
    "a few strays in each cluster": strays([500] * 4, [0.02] * 4),
    "a giant with few strays beside small clusters": strays([3000, 50, 50], [0.02, 0, 0]),
}


@pytest.mark.parametrize(("X", "labels"), SAMPLED.values(), ids=SAMPLED.keys())
@pytest.mark.parametrize("n_samples", [20, 50])
def test_interval_of_a_sample_holds_the_silhouette_19_times_of_20(X, labels, n_samples):
    exact = validity(X, labels).silhouette
    estimates = [sampled_silhouette(X, labels, n_samples, seed=seed, n_threads=1) for seed in range(200)]
    # Of 200 draws, 190 are expected or more, give or take 3.1.
    assert sum(lower <= exact <= upper for _, lower, upper in estimates) >= 181
    values = np.array([estimate.silhouette for estimate in estimates])
    assert values.mean() == pytest.approx(exact, abs=4 * values.std() / np.sqrt(200))


def test_interval_of_a_large_sample_is_no_wider_than_need_be():
    X, labels = clustering(6000)
    exact = validity(X, labels).silhouette
    estimates = [sampled_silhouette(X, labels, 500, seed=seed, n_threads=1) for seed in range(60)]
    margin = np.mean([upper - lower for _, lower, upper in estimates]) / 2
    errors = np.array([estimate.silhouette for estimate in estimates]) - exact
    assert margin < 1.5 * 1.96 * np.sqrt(np.mean(errors**2))


def test_interval_stays_where_silhouettes_can_be():
    X = np.concatenate([np.zeros((100, 2)), np.ones((100, 2))])
    estimate = sampled_silhouette(X, np.arange(2).repeat(100), 20)
    assert estimate.silhouette == estimate.upper == pytest.approx(1)
    assert estimate.lower < 1
    same = sampled_silhouette(np.zeros((200, 2)), np.arange(2).repeat(100), 20)
    assert -1 <= same.lower < same.silhouette == 0 < same.upper <= 1


def test_sample_is_of_each_cluster_and_drawn_anew_by_seed():
    X, labels = clustering(1500)
    assert sampled_silhouette(X, labels, 40) == sampled_silhouette(X, labels, 40, n_threads=3)
    assert sampled_silhouette(X, labels, 40) != sampled_silhouette(X, labels, 40, seed=1)
    # Half of the points in a cluster that is far from the rest, and has no spread: its silhouettes are 1.
    X = np.concatenate([np.full((1500, 3), 1e6), X])
    labels = np.concatenate([np.full(1500, 1000), labels])
    estimate = sampled_silhouette(X, labels, 200)
    assert estimate.lower < validity(X, labels).silhouette < estimate.upper
    assert estimate.upper - estimate.lower < 0.1


@pytest.mark.parametrize("n_samples", [1, 2, 19])
def test_refuses_a_sample_that_tells_too_little(n_samples):
    with pytest.raises(ValueError, match="20 or more"):
        sampled_silhouette(*clustering(20), n_samples)


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
