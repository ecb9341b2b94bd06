"""Agreement with classes: against all assignments, all pairs, scikit-learn, and worked examples."""

from itertools import combinations, permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from lib.evaluation.agreement import agreement, contingency


def best_accuracy(classes, labels):
    """The best share over all ways to give clusters different classes; a cluster may have none."""
    names, clusters = sorted(set(classes)), sorted(set(labels))
    names += [None] * (len(clusters) - len(names))
    return max(
        np.mean([chosen[clusters.index(label)] == name for name, label in zip(classes, labels, strict=True)])
        for chosen in permutations(names, len(clusters))
    )


def rand_adjusted_for_chance(classes, labels):
    """Hubert & Arabie 1985, from counts of pairs."""
    pairs = list(combinations(range(len(classes)), 2))
    in_class = [classes[i] == classes[j] for i, j in pairs]
    in_cluster = [labels[i] == labels[j] for i, j in pairs]
    both = np.sum(np.logical_and(in_class, in_cluster))
    expected = np.sum(in_class) * np.sum(in_cluster) / len(pairs)
    highest = (np.sum(in_class) + np.sum(in_cluster)) / 2
    return 1.0 if highest == expected else (both - expected) / (highest - expected)


def mutual_info_normalized(classes, labels):
    """Mutual information over the mean of the entropies, from frequencies."""

    def entropy(things):
        p = np.unique(things, return_counts=True, axis=0)[1] / len(things)
        return -np.sum(p * np.log(p))

    a, b, joint = entropy(classes), entropy(labels), entropy(np.column_stack([classes, labels]))
    return 1.0 if a == b == 0 else (a + b - joint) / ((a + b) / 2)


@settings(deadline=None, max_examples=100)
@given(
    st.lists(st.tuples(st.sampled_from([0, 1, 2, 5]), st.sampled_from([0, 1, 3, 4, 9])), min_size=2, max_size=25)
)
def test_scores_by_brute_force(pairs):
    classes, labels = np.array(pairs, np.uint8).T
    scores = agreement(contingency(classes, labels.astype(np.int32)))
    assert scores["accuracy"] == pytest.approx(best_accuracy(classes.tolist(), labels.tolist()))
    assert scores["adjusted_rand"] == pytest.approx(rand_adjusted_for_chance(classes, labels), abs=1e-12)
    assert scores["normalized_mutual_info"] == pytest.approx(mutual_info_normalized(classes, labels), abs=1e-9)


@pytest.mark.parametrize(
    ("classes", "labels", "adjusted_rand", "mutual_info", "accuracy"),
    [
        ([0, 0, 1, 1, 2], [0, 0, 1, 1, 2], 1, 1, 1),
        ([0, 0, 1, 1, 2], [7, 7, 3, 3, 5], 1, 1, 1),  # names of clusters do not matter
        ([0, 0, 1, 1], [0, 1, 0, 1], -0.5, 0, 0.5),  # independent
        ([0, 0, 1, 1], [0, 0, 0, 0], 0, 0, 0.5),  # one cluster says nothing
        ([0, 0, 1, 1], [0, 0, 1, 2], 4 / 7, 0.8, 0.75),  # more clusters than classes
        ([0, 0, 1, 2], [0, 0, 1, 1], 4 / 7, 0.8, 0.75),  # fewer
        # Two clusters mostly of class 0: only one of them may stand for it.
        ([0, 0, 0, 0, 1, 1], [0, 0, 1, 1, 1, 0], -0.8 / 3.7, 0, 0.5),
    ],
)
def test_worked_examples(classes, labels, adjusted_rand, mutual_info, accuracy):
    scores = agreement(contingency(np.array(classes), np.array(labels)))
    assert scores == {
        "adjusted_rand": pytest.approx(adjusted_rand, abs=1e-4),
        "normalized_mutual_info": pytest.approx(mutual_info, abs=1e-4),
        "accuracy": pytest.approx(accuracy),
    }


@pytest.mark.parametrize("values", [[1, 2, 10], [0, 500, 60_000], [-1, 2**62, 7]])
def test_numbers_of_classes_do_not_matter(values):
    """Neither for the scores nor for the memory."""
    rng = np.random.default_rng(0)
    classes, labels = rng.integers(3, size=50), rng.integers(4, size=50)
    values = np.array(values)
    counts = contingency(classes, labels)
    np.testing.assert_array_equal(contingency(np.sort(values)[classes], labels), counts)
    np.testing.assert_array_equal(contingency(labels, np.sort(values)[classes]), counts.T)
    for name, found in agreement(contingency(values[classes], labels)).items():
        assert found == pytest.approx(agreement(counts)[name], abs=1e-12)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("n", [1, 2, 3])
def test_all_partitions_of_few_samples_as_in_scikit_learn(n):
    """One sample, one class, one cluster, each by itself: all there are."""
    for classes, labels in product(product(range(n), repeat=n), repeat=2):
        scores = agreement(contingency(np.array(classes), np.array(labels)))
        assert scores["adjusted_rand"] == pytest.approx(adjusted_rand_score(classes, labels), abs=1e-12)
        expected = normalized_mutual_info_score(classes, labels)
        assert scores["normalized_mutual_info"] == pytest.approx(expected, abs=1e-9)
        assert scores["accuracy"] == pytest.approx(best_accuracy(classes, labels))
