"""Differences between feature spaces and their verdicts, where the truth is known."""

import numpy as np
import pytest

from lib.evaluation.bootstrap import bootstrap_counts
from lib.evaluation.comparison import Difference, difference, verdict


def scores(mean, *shape, seed):
    return np.random.default_rng(seed).normal(mean, 0.01, shape)


def test_difference_of_paired_seeds_is_sharper_than_their_spread():
    """What a seed adds to both sides is no difference between them."""
    luck = np.random.default_rng(0).normal(0, 0.1, (1, 1, 10, 1))
    a, b = luck + scores(0.3, 1, 1, 10, 1001, seed=1), luck + scores(0.32, 1, 1, 10, 1001, seed=2)
    found = difference(a, b, 1000)
    assert found.mean_a == a[..., 0].mean()
    assert found.mean_b == b[..., 0].mean()
    assert found.difference == pytest.approx(0.02, abs=0.01)
    assert 0 < found.lower < found.difference < found.upper < 0.05
    assert verdict("pixels", "codes", found, True) == "codes higher"
    assert verdict("pixels", "codes", difference(b, a, 1000), True) == "pixels higher"
    assert verdict("pixels", "codes", found, False) == "not comparable"


def test_models_that_differ_widen_the_interval():
    a = scores(0.3, 1, 1, 10, 1001, seed=1)
    models = np.array([-0.05, 0.05, 0.03, -0.03])[None, :, None, None]
    b = 0.31 + models + scores(0, 1, 4, 10, 1001, seed=2)
    one, several = difference(a, b[:, 1:2], 1000), difference(a, b, 1000)
    assert several.upper - several.lower > 3 * (one.upper - one.lower)
    assert verdict("pixels", "codes", one, True) == "codes higher"
    assert verdict("pixels", "codes", several, True) == "no difference found"


def test_seeds_are_resampled_where_samples_are_not():
    """Dunn's index has no replicates."""
    a, b = scores(0.3, 1, 1, 10, 1, seed=1), scores(0.31, 1, 1, 10, 1, seed=2)
    found = difference(a, b, 5000)
    spread = (b - a).std(ddof=1) / np.sqrt(10)
    assert found.upper - found.lower == pytest.approx(2 * 2.262 * spread, rel=0.1), "Student's t"


def test_one_number_each_has_no_interval():
    found = difference(np.full((1, 1, 1, 1), 0.3), np.full((1, 1, 1, 1), 0.4), 1000)
    assert np.isnan([found.lower, found.upper]).all()
    assert verdict("pixels", "codes", found, True) == "not known"


def test_undefined_scores_are_not_known():
    """One cluster alone has no silhouette."""
    nothing = np.full((1, 1, 2, 1001), np.nan)
    found = difference(nothing, nothing, 1000)
    assert verdict("pixels", "codes", found, True) == "not known"


@pytest.mark.slow
@pytest.mark.parametrize(("n_models", "n_seeds"), [(1, 5), (1, 20), (3, 10), (5, 5)])
def test_intervals_cover_the_truth(n_models, n_seeds):
    """Of a difference of 0.1 with deviations of samples, models and seeds, in about 95 of 100 cases."""
    covered = 0
    rng = np.random.default_rng(3)
    counts = np.concatenate([np.ones((200, 1)), *bootstrap_counts(200, 500, seed=0)], axis=1)
    for case in range(400):
        samples = rng.normal(0.1, 1, (1, 1, 1, 200)) + rng.normal(0, 0.3, (1, 1, n_seeds, 1))
        samples = samples + rng.normal(0, 0.2 if n_models > 1 else 0, (1, n_models, 1, 1))
        b = samples @ counts / 200
        found = difference(np.zeros_like(b), b, 500, seed=case)
        covered += found.lower <= 0.1 <= found.upper
    print(f"\n{covered / 4} %")
    assert 0.92 < covered / 400 < 0.99


def test_verdict_needs_the_whole_interval():
    assert verdict("a", "b", Difference(0, 0, 0.1, -0.001, 0.2), True) == "no difference found"
    assert verdict("a", "b", Difference(0, 0, 0.1, 0.001, 0.2), True) == "b higher"
    assert verdict("a", "b", Difference(0, 0, -0.1, -0.2, -0.001), True) == "a higher"
