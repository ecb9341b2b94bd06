"""The gap statistic of known clusters, and its reference data."""

from argparse import Namespace

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

import cluster
import gap_reference
from lib.base.errors import InputError
from lib.clustering.gap import gap, read_references, reference
from lib.clustering.kmeans import kmeans
from lib.features.features_file import write_features


def test_reference_fills_the_box_along_the_principal_axes():
    """A long thin cloud along a diagonal gives a long thin box along it, not a square."""
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
    """By Tibshirani's rule, on well separated clusters: the first k whose gap the next one does not exceed."""
    rng = np.random.default_rng(0)
    centres = 20 * np.eye(4)[:n_clusters]
    X = (centres[rng.integers(n_clusters, size=600)] + rng.normal(size=(600, 4))).astype(np.float32)
    gaps, errors = [], []
    for k in range(1, 6):
        references = [kmeans(reference(X, seed), k, n_init=5).inertia for seed in range(10)]
        value, error = gap(kmeans(X, k, n_init=5).inertia, references)
        gaps.append(value)
        errors.append(error)
    chosen = next(k for k in range(1, 5) if gaps[k - 1] >= gaps[k] - errors[k])
    assert chosen == n_clusters


def test_gap_is_the_mean_of_logarithms_less_the_logarithm():
    value, error = gap(np.e**2, [np.e, np.e**4, np.e**7])
    assert value == pytest.approx(4 - 2)
    assert error == pytest.approx(np.sqrt((9 + 0 + 9) / 3) * np.sqrt(1 + 1 / 3))


@pytest.mark.filterwarnings("error")
def test_gap_where_an_inertia_is_0():
    """The logarithm of 0 is minus infinity; where both are 0 the gap is undefined."""
    assert gap(0, [1, np.e**2]) == (np.inf, pytest.approx(np.sqrt(1.5)))
    np.testing.assert_array_equal(gap(2, [0, 1]), [-np.inf, np.nan])
    np.testing.assert_array_equal(gap(0, [0, 1]), [np.nan, np.nan])
    np.testing.assert_array_equal(gap(0, [0, 0]), [np.nan, np.nan])


POINTS = {
    "one": np.full((1, 3), 0.3),
    "two": np.array([[0.0, 1.0], [2.0, 3.0]]),
    "all the same": np.full((4, 2), 0.3),
    "duplicates": np.repeat([[0.1, 0.2], [0.3, 0.1], [0.9, 0.9]], 4, axis=0),
    "one feature": np.array([[0.0], [0.1], [0.7]]),
    "as near to each other as float32 can have them": 1e6 + np.arange(8)[:, None] / 16,
}


@pytest.mark.parametrize("X", POINTS.values(), ids=POINTS.keys())
def test_references_are_clustered_wherever_the_points_are(tmp_path, X):
    features, out = tmp_path / "features.h5", tmp_path / "out"
    write_features(features, X)
    largest = len(np.unique(X, axis=0))
    common = {"features": features, "init": "random", "n_init": 1, "code_digest": "", "threads": 1, "out": [out]}
    for k in range(1, largest + 1):
        cluster.main(Namespace(**common, n_clusters=[k], seeds=[0]))
        gap_reference.main(Namespace(**common, n_clusters=[k], references=3))
        inertias = read_references(out)
        assert len(inertias) == 3
        assert np.isfinite(inertias).all()
        assert inertias == [0, 0, 0] or k < len(X)
    out.unlink()
    for main, rest in ((cluster.main, {"seeds": [0]}), (gap_reference.main, {"references": 3})):
        if main is cluster.main or len(X) == largest:
            with pytest.raises(InputError, match=r"take \d+ out of clustering\.n_clusters$"):
                main(Namespace(**common | rest, n_clusters=[largest + 1]))
            assert not out.exists()


def test_only_the_references_that_are_missing_are_made(tmp_path):
    features = tmp_path / "X.h5"
    write_features(features, np.random.default_rng(0).random((50, 3)))

    def run(ks, **changes):
        """The k whose files are new, and the bytes of all files."""
        paths = {k: tmp_path / f"k{k}.h5" for k in ks}
        old = {k: path.stat().st_ino if path.exists() else 0 for k, path in paths.items()}
        options = {
            "features": features,
            "init": "random",
            "n_init": 1,
            "references": 2,
            "code_digest": "",
            "threads": 1,
        }
        gap_reference.main(Namespace(**options | changes, n_clusters=list(ks), out=list(paths.values())))
        return [k for k in ks if paths[k].stat().st_ino != old[k]], [path.read_bytes() for path in paths.values()]

    run([2, 4])
    made, together = run([2, 3, 4])
    assert made == [3]
    for change in ({"init": "k-means++"}, {"n_init": 2}, {"references": 3}, {"code_digest": "other"}):
        assert run([2, 3, 4], **change)[0] == [2, 3, 4]
    assert run([2, 3, 4])[1] == together
