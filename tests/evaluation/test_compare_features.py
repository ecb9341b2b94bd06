"""The whole comparison as a function of arrays: what it says of features that are known to be better or not."""

import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score, silhouette_score

from lib.clustering.kmeans import kmeans
from lib.evaluation.compare_features import compare_features

QUICK = {"seeds": range(4), "n_splits": 6}


def features(seed=0, n=200, distance=5.0):
    rng = np.random.default_rng(seed)
    classes = rng.integers(0, 3, n)
    noise = rng.normal(size=(n, 3))
    return classes, noise, rng.normal(size=(n, 3)) + distance * np.eye(3)[classes]


def test_better_features_are_found_whatever_their_place():
    y, noise, signal = features()
    assert compare_features({"noise": noise, "signal": signal}, 3, y, **QUICK).answer.startswith(
        "Yes: signal clusters better than noise."
    )
    assert compare_features({"signal": signal, "noise": noise}, 3, y, **QUICK).answer.startswith(
        "No: noise clusters less well than signal."
    )


def test_the_same_features_do_not_differ():
    y, _, signal = features(distance=1.0)
    found = compare_features({"a": signal, "b": signal.copy()}, 3, y, **QUICK)
    assert found.answer.startswith("No difference was found between a and b.")
    assert (found.table["difference"].abs() < 1e-12).all()


def test_means_are_those_of_scikit_learn():
    y, noise, signal = features()
    table = compare_features({"noise": noise, "signal": signal}, 3, y, **QUICK).table.set_index("metric")
    labels = [[kmeans(X, 3, seed=seed).labels for seed in QUICK["seeds"]] for X in (noise, signal)]
    for side, name in enumerate(("mean_a", "mean_b")):
        expected = np.mean([adjusted_rand_score(y, x) for x in labels[side]])
        assert table.loc["adjusted_rand", name] == pytest.approx(expected)
        expected = np.mean([silhouette_score(signal, x) for x in labels[side]])
        assert table.loc["silhouette_in_signal", name] == pytest.approx(expected, abs=1e-6)


def test_measures_and_which_of_them_decides():
    y, noise, signal = features()
    table = compare_features({"noise": noise, "signal": signal}, 3, y, **QUICK).table
    assert table["metric"].tolist() == [
        "adjusted_rand",
        "normalized_mutual_info",
        "accuracy",
        "silhouette",
        "silhouette_in_noise",
        "silhouette_in_signal",
    ]
    assert table["metric"][table["decisive"] == "yes"].tolist() == ["adjusted_rand"]
    assert table.set_index("metric").loc["silhouette", "verdict"] == "not comparable"


def test_without_classes_the_silhouettes_in_both_spaces_decide():
    _, noise, signal = features()
    found = compare_features({"noise": noise, "signal": signal}, 3, **QUICK)
    assert found.table["metric"][found.table["decisive"] == "yes"].tolist() == [
        "silhouette_in_noise",
        "silhouette_in_signal",
    ]
    assert found.answer.startswith("Not decided")


def test_without_classes_the_same_clusters_do_not_differ():
    """Two spaces with the same distances but for a scale hold the same clusters."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 200)
    signal = rng.normal(size=(200, 3)) + 8 * np.eye(3)[y]
    found = compare_features({"a": signal, "b": 2 * signal}, 3, seeds=range(4), n_splits=6)
    assert found.answer.startswith("No difference was found between a and b.")


def test_without_classes_one_model_carries_no_answer_either():
    _, noise, signal = features()
    found = compare_features({"noise": noise, "mine": [signal]}, 3, **QUICK)
    assert found.answer.startswith("Not known from one model of mine")


def test_one_model_of_what_is_learned_carries_no_answer():
    y, noise, signal = features()
    found = compare_features({"noise": noise, "mine": [signal]}, 3, y, **QUICK)
    assert found.answer == "Not known from one model of mine: another may differ by more. Learn more models."
    assert set(found.table["verdict"]) == {"not known", "not comparable"}


def test_one_seed_carries_no_answer():
    y, noise, signal = features()
    found = compare_features({"noise": noise, "signal": signal}, 3, y, seeds=[0], n_splits=6)
    assert found.answer.startswith("Not known from one seed of k-means")


def test_models_of_each_kind_and_three_spaces():
    y, noise, signal = features()
    rng = np.random.default_rng(1)
    models = [signal + rng.normal(size=signal.shape) / 4 for _ in range(3)]
    found = compare_features({"noise": noise, "mine": models, "plain": signal}, 3, y, **QUICK)
    assert found.answer.count("clusters") >= 2
    pairs = found.table[["features_a", "features_b", "n_models_a", "n_models_b"]].drop_duplicates()
    assert pairs.to_numpy().tolist() == [
        ["noise", "mine", 0, 3],
        ["noise", "plain", 0, 0],
        ["mine", "plain", 3, 0],
    ]


def test_same_arguments_give_the_same_table():
    y, noise, signal = features()
    tables = [
        compare_features({"noise": noise, "signal": signal}, 3, y, n_threads=n, **QUICK).table.to_csv()
        for n in (1, 3)
    ]
    assert tables[0] == tables[1]


@pytest.mark.parametrize(
    ("spaces", "classes", "words"),
    [
        ({"a": np.zeros((5, 2))}, None, "two feature spaces or more"),
        ({"a": np.zeros((5, 2)), "b": np.zeros((6, 2))}, None, "b has \\[6\\] rows, should have 5"),
        ({"a": np.zeros((5, 2)), "b": np.zeros((5, 2))}, np.zeros(4, int), "classes has the shape \\(4,\\)"),
    ],
)
def test_arguments_that_do_not_fit(spaces, classes, words):
    with pytest.raises(ValueError, match=words):
        compare_features(spaces, 2, classes)


@pytest.mark.parametrize(
    ("n_clusters", "words"), [(1, "one cluster of everything"), (60, "half of the data are too")]
)
def test_too_few_or_too_many_clusters_to_say_anything(n_clusters, words):
    X = np.arange(200.0).reshape(100, 2)
    assert words in compare_features({"a": X, "b": X}, n_clusters, **QUICK).answer


def test_more_clusters_than_images():
    X = np.arange(20.0).reshape(10, 2)
    with pytest.raises(ValueError, match="11 clusters need as many distinct points"):
        compare_features({"a": X, "b": X}, 11, **QUICK)


def test_several_numbers_of_clusters_and_another_measure():
    y, noise, signal = features()
    found = compare_features({"noise": noise, "signal": signal}, [2, 3, 4], y, decisive="accuracy", **QUICK)
    start = "Yes: signal clusters better than noise, at all 3 numbers of clusters (k = 2 to 4). Its accuracy"
    assert found.answer.startswith(start)
    assert found.table["k"].value_counts().to_dict() == {2: 6, 3: 6, 4: 6}
    with pytest.raises(ValueError, match="there are no classes"):
        compare_features({"noise": noise, "signal": signal}, 3, decisive="accuracy", **QUICK)


def test_order_of_the_spaces_changes_signs_alone():
    y, noise, signal = features(distance=1.0)
    one, other = (
        compare_features(spaces, 3, y, **QUICK).table.set_index("metric")
        for spaces in ({"noise": noise, "signal": signal}, {"signal": signal, "noise": noise})
    )
    for metric in one.index:
        assert one.loc[metric, "difference"] == pytest.approx(-other.loc[metric, "difference"])
        assert one.loc[metric, "lower"] == pytest.approx(-other.loc[metric, "upper"])


def test_examples_of_the_docs_run(capsys):
    text = (Path(__file__).parents[2] / "docs" / "library.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        exec(block, {})
    assert "Yes: mine clusters better than noise." in capsys.readouterr().out
