"""The estimated silhouette: against the exact one, by simulation."""

import numpy as np
import pytest
from overlapping import overlapping_clusters

from lib.evaluation.sampled_silhouette import sampled_silhouette
from lib.evaluation.validity import validity


def test_sample_of_all_points_is_exact():
    X, labels = overlapping_clusters(1500)
    estimate = sampled_silhouette(X, labels, 1500)
    assert estimate == pytest.approx([validity(X, labels).silhouette] * 3, abs=1e-9)


def strays(sizes, shares, seed=0):
    """Clusters far from each other; a share of the points of each lie in the next one."""
    rng = np.random.default_rng(seed)
    labels = np.arange(len(sizes)).repeat(sizes)
    stray = np.concatenate(
        [np.arange(size) < round(size * share) for size, share in zip(sizes, shares, strict=True)]
    )
    centres = 10 * np.eye(len(sizes))[(labels + stray) % len(sizes)]
    return centres + rng.normal(size=centres.shape), labels


SAMPLED = {
    "overlapping, unequal": overlapping_clusters(1500),
    "a few strays in a cluster": strays([1000] * 3, [0.03, 0, 0]),
    "a few strays in each cluster": strays([500] * 4, [0.02] * 4),
    "a giant with few strays beside small clusters": strays([3000, 50, 50], [0.02, 0, 0]),
}


@pytest.mark.parametrize(("X", "labels"), SAMPLED.values(), ids=SAMPLED.keys())
@pytest.mark.parametrize("n_samples", [20, 50])
def test_interval_of_a_sample_holds_the_silhouette_19_times_of_20(X, labels, n_samples):
    exact = validity(X, labels).silhouette
    estimates = [sampled_silhouette(X, labels, n_samples, seed=seed, n_threads=1) for seed in range(200)]
    # 190 of 200 samples are expected, or more; the standard deviation is 3.1.
    assert sum(lower <= exact <= upper for _, lower, upper in estimates) >= 181
    values = np.array([estimate.silhouette for estimate in estimates])
    assert values.mean() == pytest.approx(exact, abs=4 * values.std() / np.sqrt(200))


def test_interval_of_a_large_sample_is_no_wider_than_need_be():
    X, labels = overlapping_clusters(6000)
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


def test_sample_is_of_each_cluster_and_depends_on_the_seed():
    X, labels = overlapping_clusters(1500)
    assert sampled_silhouette(X, labels, 40) == sampled_silhouette(X, labels, 40, n_threads=3)
    assert sampled_silhouette(X, labels, 40) != sampled_silhouette(X, labels, 40, seed=1)
    # Half of the points are in a cluster that is far from the rest and has no spread: its silhouettes are 1.
    X = np.concatenate([np.full((1500, 3), 1e6), X])
    labels = np.concatenate([np.full(1500, 1000), labels])
    estimate = sampled_silhouette(X, labels, 200)
    assert estimate.lower < validity(X, labels).silhouette < estimate.upper
    assert estimate.upper - estimate.lower < 0.1


@pytest.mark.parametrize("n_samples", [1, 2, 19])
def test_refuses_a_sample_that_tells_too_little(n_samples):
    with pytest.raises(ValueError, match="20 or more"):
        sampled_silhouette(*overlapping_clusters(20), n_samples)
