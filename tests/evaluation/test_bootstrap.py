"""Bootstrap intervals, against theory."""

import numpy as np
import pytest

from lib.evaluation.bootstrap import bootstrap_counts, interval, resampled_mean


@pytest.mark.parametrize("n", [30, 3000])
def test_counts_add_up_to_n_in_chunks_that_do_not_matter(n, monkeypatch):
    counts = np.concatenate(bootstrap_counts(n, 100, seed=0), axis=1)
    assert counts.shape == (n, 100)
    assert (counts.sum(axis=0) == n).all()
    assert np.unique(counts, axis=1).shape[1] == 100
    monkeypatch.setattr("lib.evaluation.bootstrap.CHUNK", 7 * n)
    chunks = bootstrap_counts(n, 100, seed=0)
    assert [chunk.shape[1] for chunk in chunks] == [7] * 14 + [2]
    np.testing.assert_array_equal(np.concatenate(chunks, axis=1), counts)


def test_spread_of_a_mean_is_that_of_theory():
    values = np.random.default_rng(0).normal(size=2000)
    (counts,) = bootstrap_counts(2000, 4000, seed=1)
    lower, upper = interval(values @ counts / 2000)
    half = 1.96 * values.std() / np.sqrt(2000)
    assert lower == pytest.approx(values.mean() - half, abs=0.06 * half)
    assert upper == pytest.approx(values.mean() + half, abs=0.06 * half)


def test_spread_of_crossed_repetitions_adds_up():
    """The variances of rows and of columns add up; each is expanded a little, as they are few."""
    rng = np.random.default_rng(0)
    rows, columns = rng.normal(size=(30, 1)), 2 * rng.normal(size=(1, 40))
    values = np.broadcast_to((rows + columns)[..., None], (30, 40, 20_000))
    found = resampled_mean(values, seed=0)
    assert found.mean() == pytest.approx(values.mean(), abs=0.01)
    assert found.var() == pytest.approx(1.13 * rows.var() / 30 + 1.09 * columns.var() / 40, rel=0.05)


def test_one_repetition_adds_no_spread():
    values = np.random.default_rng(0).normal(size=(1, 1, 50))
    np.testing.assert_array_equal(resampled_mean(values, seed=0), values[0, 0])
