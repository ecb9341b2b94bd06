"""Scores of halves of the images, against those of each half by itself; and the file that keeps them."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score, silhouette_score

from lib.base.errors import InputError
from lib.clustering.halves import cluster_halves, random_halves
from lib.evaluation.half_scores import agreement_scores, stacked
from lib.evaluation.half_silhouettes import N_SPLITS_SCORED, half_silhouettes
from lib.evaluation.scores_file import read_half_scores, write_half_scores

N, K = 80, 3
RNG = np.random.default_rng(0)
X = RNG.normal(size=(N, 4))
HALVES = random_halves(N, 12)
LABELS = cluster_halves(X, K, HALVES, space="mine", n_starts=2)
NONE = LABELS[:0]


def test_silhouettes_are_those_of_each_half_by_itself():
    found, nothing = half_silhouettes(X, HALVES, [LABELS, NONE])
    assert nothing.shape == (2, 0)
    assert found.shape == (2, 2 * N_SPLITS_SCORED)
    for start, number in np.ndindex(found.shape):
        expected = silhouette_score(X[HALVES[number]], LABELS[number, start])
        assert found[start, number] == pytest.approx(expected, abs=1e-6)


def test_several_clusterings_and_threads_change_nothing():
    alone = half_silhouettes(X, HALVES, [LABELS])[0]
    together = half_silhouettes(X, HALVES, [LABELS[:, ::-1], NONE, LABELS], n_threads=3)
    np.testing.assert_array_equal(together[2], alone)
    np.testing.assert_array_equal(together[0], alone[::-1])


def test_agreement_is_that_of_each_half_by_itself():
    classes = RNG.integers(0, 4, N)
    whole = [[RNG.integers(0, K, N) for _ in range(5)] for _ in range(2)]
    found = agreement_scores(whole, [LABELS, LABELS[:, ::-1]], classes, HALVES)["adjusted_rand"]
    assert found.whole.shape == (2, 5)
    assert found.whole[1, 4] == pytest.approx(adjusted_rand_score(classes, whole[1][4]))
    assert found.halves.shape == (2, 2, len(HALVES))
    for start, number in np.ndindex(found.halves.shape[1:]):
        expected = adjusted_rand_score(classes[HALVES[number]], LABELS[number, start])
        assert found.halves[0, start, number] == pytest.approx(expected)
    np.testing.assert_array_equal(found.halves[1], found.halves[0, ::-1])


def test_halves_that_one_model_has_not_none_has():
    classes = RNG.integers(0, 4, N)
    whole = [[RNG.integers(0, K, N)]] * 2
    assert agreement_scores(whole, [LABELS, NONE], classes, HALVES)["accuracy"].halves.shape == (2, 2, 0)
    assert stacked([[np.zeros((2, 20)), np.zeros((2, 0))]]).shape == (1, 2, 2, 0)


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "k3.h5"
    silhouettes = {"pixels": RNG.random((5, 20)), "autoencoder/seed0": RNG.random((2, 20))}
    write_half_scores(path, silhouettes, dict.fromkeys(silhouettes, "c0ffee"))
    for space, expected in silhouettes.items():
        np.testing.assert_array_equal(read_half_scores(path, space), expected)
    with pytest.raises(InputError, match=r"k3\.h5 is not of this workflow, or damaged"):
        read_half_scores(path, "pca")
