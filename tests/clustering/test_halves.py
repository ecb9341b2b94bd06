"""Halves of the images: cut at random, clustered from starts of their own, and kept in a file."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.base.errors import InputError
from lib.clustering.halves import MAX_SIZE, cluster_halves, half_seed, n_starts, random_halves
from lib.clustering.halves_file import read_halves, write_halves
from lib.clustering.kmeans import kmeans


@given(st.integers(2, 200), st.integers(1, 5), st.integers(1, 300))
def test_halves_have_no_image_in_common(n, n_splits, max_size):
    halves = random_halves(n, n_splits, max_size)
    assert len(halves) == 2 * n_splits
    for one, other in zip(halves[::2], halves[1::2], strict=True):
        assert len(one) == len(other) == min(n // 2, max_size)
        assert len({*one.tolist(), *other.tolist()}) == 2 * len(one)
        assert (np.diff(one) > 0).all()
    assert [half.tolist() for half in halves] == [half.tolist() for half in random_halves(n, n_splits, max_size)]


def test_each_image_is_as_likely_in_either_half():
    counts = np.bincount(np.concatenate(random_halves(50, 400)[::2]), minlength=50)
    assert (abs(counts - 200) < 5 * np.sqrt(400 / 4)).all()


def test_halves_of_many_images_are_small():
    assert {len(half) for half in random_halves(50_000, 2)} == {MAX_SIZE}


def test_every_start_has_a_seed_of_its_own():
    spaces = ["pixels", "autoencoder/seed0", "autoencoder/seed1"]
    seeds = [half_seed(half, space, start) for half in range(10) for space in spaces for start in range(5)]
    assert len(set(seeds)) == len(seeds)


def test_each_half_is_clustered_by_itself():
    X = np.random.default_rng(0).normal(size=(60, 3))
    halves = random_halves(60, 3)
    labels = cluster_halves(X, 4, halves, space="mine", n_starts=2, init="k-means++", n_init=3)
    assert labels.shape == (6, 2, 30)
    for number, half in enumerate(halves):
        for start in range(2):
            seed = half_seed(number, "mine", start)
            np.testing.assert_array_equal(
                labels[number, start], kmeans(X[half], 4, seed=seed, init="k-means++", n_init=3).labels
            )


@pytest.mark.parametrize("n_clusters", [1, 6, 31])
def test_what_cannot_be_told_from_halves(n_clusters):
    """One cluster; more clusters than distinct points in one of the halves; than points in any."""
    X = np.zeros((60, 1))
    X[:5, 0] = range(1, 6)
    halves = random_halves(60, 3)
    assert cluster_halves(X, n_clusters, halves, space="mine", n_starts=3).shape == (0, 3, 30)


def test_values_that_k_means_refuses_are_refused_here():
    with pytest.raises(ValueError, match="finite"):
        cluster_halves(np.full((60, 2), np.nan), 3, random_halves(60, 1), space="mine", n_starts=1)


def test_models_share_the_starts():
    assert n_starts(is_learned=False) > n_starts(is_learned=True) >= 2


def test_what_is_written_is_read(tmp_path):
    X = np.random.default_rng(0).normal(size=(40, 3))
    halves = random_halves(40, 2)
    labels = cluster_halves(X, 4, halves, space="mine", n_starts=2)
    write_halves(tmp_path / "k4.h5", halves, labels)
    found_halves, found = read_halves(tmp_path / "k4.h5")
    np.testing.assert_array_equal(found_halves, halves)
    np.testing.assert_array_equal(found, labels)
    (tmp_path / "k5.h5").write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"k5\.h5"):
        read_halves(tmp_path / "k5.h5")
