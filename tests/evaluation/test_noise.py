"""Scores of clusterings with noise: against scikit-learn, with noise as clusters of one or left out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from overlapping import overlapping_clusters
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score, silhouette_samples

from lib.evaluation.agreement import adjusted_rand, agreement, contingency_and_noise
from lib.evaluation.noise import combine_without_noise, partial_sums_without_noise
from lib.evaluation.sampled_silhouette import sampled_silhouette_without_noise
from lib.evaluation.validity import validity

LABELLED = st.lists(st.tuples(st.integers(0, 3), st.integers(-1, 3)), min_size=2, max_size=40)


def apart(labels):
    """Each noise image as a cluster of its own."""
    labels = np.array(labels)
    return np.where(labels < 0, 1000 + np.arange(len(labels)), labels)


def scores(pairs):
    classes, labels = np.array(pairs).T
    return agreement(*contingency_and_noise(classes, labels))


@settings(deadline=None)
@given(LABELLED.filter(lambda pairs: any(label >= 0 for _, label in pairs)))
def test_agreement_is_that_with_noise_as_clusters_of_one(pairs):
    classes, labels = np.array(pairs).T
    found = scores(pairs)
    assert found["adjusted_rand"] == pytest.approx(adjusted_rand_score(classes, apart(labels)), abs=1e-12)
    assert found["normalized_mutual_info"] == pytest.approx(
        normalized_mutual_info_score(classes, apart(labels)), abs=1e-12
    )
    clustered = [(a, b) for a, b in pairs if b >= 0]
    expected = scores(clustered)["accuracy"] * len(clustered) / len(pairs)
    assert found["accuracy"] == pytest.approx(expected, abs=1e-12)


@settings(deadline=None)
@given(LABELLED, st.data())
def test_leaving_an_image_out_never_raises_the_accuracy(pairs, data):
    i = data.draw(st.integers(0, len(pairs) - 1))
    fewer = [*pairs[:i], (pairs[i][0], -1), *pairs[i + 1 :]]
    if any(label >= 0 for _, label in fewer):
        assert scores(fewer)["accuracy"] <= scores(pairs)["accuracy"]


@settings(deadline=None)
@given(LABELLED.filter(lambda pairs: any(label >= 0 for _, label in pairs)), st.permutations(range(4)))
def test_names_of_clusters_do_not_matter(pairs, names):
    renamed = scores([(a, b if b < 0 else names[b]) for a, b in pairs])
    assert renamed == pytest.approx(scores(pairs), abs=1e-12)


def test_two_clusterings_with_noise():
    """One side's noise is given as clusters of one."""
    rng = np.random.default_rng(0)
    a, b = rng.integers(-1, 4, (2, 200))
    found = adjusted_rand(*contingency_and_noise(apart(a), b))
    assert found == pytest.approx(adjusted_rand_score(apart(a), apart(b)), abs=1e-12)


def clusters(n=700):
    X, labels = overlapping_clusters(n)
    return X, np.unique(labels, return_inverse=True)[1]


def with_noise(n=700, share=0.2, seed=0):
    X, labels = clusters(n)
    return X, np.where(np.random.default_rng(seed).random(len(X)) < share, -1, labels)


@pytest.mark.parametrize("n_chunks", [1, 3])
def test_silhouettes_are_those_of_the_clustered_images_alone_and_0(n_chunks):
    X, labels = with_noise()
    others = with_noise(share=0.5, seed=1)[1]
    labellings = [labels, others, np.maximum(labels, 0), labels[::-1] * 1]
    chunks = [partial_sums_without_noise(X, labellings, chunk, n_chunks) for chunk in range(n_chunks)]
    for i, of_one in enumerate(labellings):
        found = combine_without_noise(of_one, [sums[i] for sums in chunks])
        clustered = of_one >= 0
        expected = np.zeros(len(X))
        expected[clustered] = silhouette_samples(X[clustered].astype(np.float64), of_one[clustered])
        np.testing.assert_allclose(found.silhouette_samples, expected, atol=1e-8)
        assert found.silhouette == pytest.approx(expected.mean(), abs=1e-8)
        alone = validity(X[clustered], of_one[clustered])
        assert (found.dunn, found.separation, found.diameter) == (alone.dunn, alone.separation, alone.diameter)


def test_pairs_are_rows_of_all_images():
    X, labels = with_noise()
    found = combine_without_noise(labels, partial_sums_without_noise(X, [labels], 0, 1))
    for pair, distance in ((found.separation_pair, found.separation), (found.diameter_pair, found.diameter)):
        i, j = pair
        assert np.linalg.norm(X[i].astype(float) - X[j]) == pytest.approx(distance, rel=1e-7)
        assert labels[i] >= 0
        assert labels[j] >= 0
        assert (labels[i] == labels[j]) == (pair == found.diameter_pair)


def test_without_noise_nothing_changes():
    X, labels = clusters()
    found = combine_without_noise(labels, partial_sums_without_noise(X, [labels], 0, 1))
    expected = validity(X, labels)
    assert found.silhouette_samples.tobytes() == expected.silhouette_samples.tobytes()
    assert found[:4] == expected[:4]
    assert found[5:] == expected[5:]


def test_one_cluster_beside_noise():
    X, labels = with_noise()
    labels = np.minimum(labels, 0)
    found = combine_without_noise(labels, partial_sums_without_noise(X, [labels], 0, 1))
    assert np.isnan(found.silhouette)
    assert np.isnan(found.dunn)
    assert found.separation_pair is None


def test_noise_alone_is_refused():
    with pytest.raises(ValueError, match="one or more points"):
        partial_sums_without_noise(np.eye(3), [np.full(3, -1)], 0, 1)


def test_estimate_of_all_images_is_the_exact_silhouette():
    X, labels = with_noise()
    exact = combine_without_noise(labels, partial_sums_without_noise(X, [labels], 0, 1)).silhouette
    assert sampled_silhouette_without_noise(X, labels, 700) == pytest.approx([exact] * 3, abs=1e-9)
    mean, lower, upper = sampled_silhouette_without_noise(X, labels, 50)
    assert lower < exact < upper
    assert upper - mean == pytest.approx(mean - lower)
