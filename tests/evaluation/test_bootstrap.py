"""Intervals by drawing again: against theory, and on differences that are known."""

import numpy as np
import pytest

from lib.evaluation.bootstrap import bootstrap_counts, interval, resampled_mean
from lib.evaluation.comparison import Difference, difference, verdict


@pytest.mark.parametrize("n", [30, 3000])
def test_draws_are_n_of_n_in_chunks_that_do_not_matter(n, monkeypatch):
    draws = np.concatenate(bootstrap_counts(n, 100, seed=0), axis=1)
    assert draws.shape == (n, 100)
    assert (draws.sum(axis=0) == n).all()
    assert np.unique(draws, axis=1).shape[1] == 100
    monkeypatch.setattr("lib.evaluation.bootstrap.CHUNK", 7 * n)
    chunks = bootstrap_counts(n, 100, seed=0)
    assert [chunk.shape[1] for chunk in chunks] == [7] * 14 + [2]
    np.testing.assert_array_equal(np.concatenate(chunks, axis=1), draws)


def test_spread_of_a_mean_is_that_of_theory():
    values = np.random.default_rng(0).normal(size=2000)
    (draws,) = bootstrap_counts(2000, 4000, seed=1)
    lower, upper = interval(values @ draws / 2000)
    half = 1.96 * values.std() / np.sqrt(2000)
    assert lower == pytest.approx(values.mean() - half, abs=0.06 * half)
    assert upper == pytest.approx(values.mean() + half, abs=0.06 * half)


def test_spread_of_crossed_repetitions_adds_up():
    """Rows and columns each bring their own deviation, a little expanded as they are few: variances add."""
    rng = np.random.default_rng(0)
    rows, columns = rng.normal(size=(30, 1)), 2 * rng.normal(size=(1, 40))
    values = np.broadcast_to((rows + columns)[..., None], (30, 40, 20_000))
    found = resampled_mean(values, seed=0)
    assert found.mean() == pytest.approx(values.mean(), abs=0.01)
    assert found.var() == pytest.approx(1.13 * rows.var() / 30 + 1.09 * columns.var() / 40, rel=0.05)


def test_one_repetition_adds_no_spread():
    values = np.random.default_rng(0).normal(size=(1, 1, 50))
    np.testing.assert_array_equal(resampled_mean(values, seed=0), values[0, 0])


def scores(mean, *shape, seed):
    return np.random.default_rng(seed).normal(mean, 0.01, shape)


def test_difference_of_paired_seeds_is_sharper_than_their_spread():
    """What a seed does to both sides is no difference between them."""
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


def test_without_samples_drawn_again_seeds_still_are():
    """Dunn's index has no replicates."""
    a, b = scores(0.3, 1, 1, 10, 1, seed=1), scores(0.31, 1, 1, 10, 1, seed=2)
    found = difference(a, b, 5000)
    spread = (b - a).std(ddof=1) / np.sqrt(10)
    assert found.upper - found.lower == pytest.approx(2 * 2.262 * spread, rel=0.1), "as Student's t has it"


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
    """A difference of 0.1, with deviations of samples, of models and of seeds: in about 95 of 100 cases."""
    covered = 0
    rng = np.random.default_rng(3)
    draws = np.concatenate([np.ones((200, 1)), *bootstrap_counts(200, 500, seed=0)], axis=1)
    for case in range(400):
        samples = rng.normal(0.1, 1, (1, 1, 1, 200)) + rng.normal(0, 0.3, (1, 1, n_seeds, 1))
        samples = samples + rng.normal(0, 0.2 if n_models > 1 else 0, (1, n_models, 1, 1))
        b = samples @ draws / 200
        found = difference(np.zeros_like(b), b, 500, seed=case)
        covered += found.lower <= 0.1 <= found.upper
    print(f"\n{covered / 4} %")
    assert 0.92 < covered / 400 < 0.99


def test_verdict_needs_the_whole_interval():
    assert verdict("a", "b", Difference(0, 0, 0.1, -0.001, 0.2), True) == "no difference found"
    assert verdict("a", "b", Difference(0, 0, 0.1, 0.001, 0.2), True) == "b higher"
    assert verdict("a", "b", Difference(0, 0, -0.1, -0.2, -0.001), True) == "a higher"
