"""The table of the comparison: which scores are compared, and what its intervals and verdicts say together."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.evaluation.comparison import (
    COLUMNS,
    comparison_table,
    decisive_measure,
    difference_of,
    differences,
    fixed_differences,
)
from lib.evaluation.uncertainty import Difference, Part, Scores

MODELS = {"pixels": 1, "invariant": 2, "autoencoder": 3}  # kinds of features, and how many models each has
N_SEEDS, N_HALVES = 2, 8
SIZES = {"half_size": 30, "n_images": 60}


def random_scores(rng, *shape):
    return Scores(rng.random((*shape, N_SEEDS)), rng.random((*shape, 3, N_HALVES)))


def inputs(with_classes=True, in_all_spaces=True, models=MODELS):
    rng = np.random.default_rng(3)
    agreements = {kind: {"accuracy": random_scores(rng, n)} for kind, n in models.items() if with_classes}
    indices = {
        (made_in, scored_in): {
            index: random_scores(rng, n, 1 if made_in == scored_in else models[scored_in])
            for index in ("silhouette", "dunn")
        }
        for made_in, n in models.items()
        for scored_in in (models if in_all_spaces else [made_in])
    }
    return agreements, indices


@pytest.mark.parametrize("in_all_spaces", [True, False])
@pytest.mark.parametrize("with_classes", [True, False])
def test_each_score_of_each_two_kinds_is_compared(with_classes, in_all_spaces):
    agreements, indices = inputs(with_classes, in_all_spaces)
    found = differences(agreements, indices, learned={kind: n > 1 for kind, n in MODELS.items()}, **SIZES)
    names = {"accuracy"} if with_classes else set()
    names |= {"silhouette", "dunn"}
    names |= {f"{index}_in_{kind}" for index in ("silhouette", "dunn") for kind in MODELS if in_all_spaces}
    pairs = [("pixels", "invariant"), ("pixels", "autoencoder"), ("invariant", "autoencoder")]
    assert found.keys() == {(name, *pair) for name in names for pair in pairs}
    for (name, a, b), difference in found.items():
        # A plain loop over the models of both sides and the seeds.
        sums = np.zeros(2)
        for i, j, seed in np.ndindex(MODELS[a], MODELS[b], N_SEEDS):
            if name == "accuracy":
                sums += [agreements[a][name].whole[i, seed], agreements[b][name].whole[j, seed]]
                continue
            index, _, space = name.partition("_in_")
            of_a, of_b = (indices[kind, space or kind][index].whole for kind in (a, b))
            of_a, of_b = of_a[i, :, seed], of_b[j, :, seed]  # in each space of the kind
            if space == a:
                sums += [of_a[0], of_b[i]]
            elif space == b:
                sums += [of_a[j], of_b[0]]
            else:
                sums += [of_a.mean(), of_b.mean()]
        means = sums / (MODELS[a] * MODELS[b] * N_SEEDS)
        assert [difference.mean_a, difference.mean_b] == pytest.approx(means)
        assert not np.isnan(difference.margin())


def exact(standard_errors, error=0.02):
    """A difference of so many standard errors."""
    none, difference = Part(0.0, 9), standard_errors * error
    return Difference(0.5, 0.5 + difference, difference, Part(error**2, 20), none, none, none)


def table_of(found, decisive="accuracy", n_models=(0, 0)):
    counts = dict(zip(("a", "b"), n_models, strict=True))
    return comparison_table(found, decisive, n_seeds=10, n_models=counts)


def test_intervals_of_what_decides_are_not_widened_by_the_other_scores():
    scores = {(name, "a", "b"): exact(2) for name in ("accuracy", "adjusted_rand", "silhouette_in_a")}
    table = table_of({10: scores}).set_index("metric")
    assert table.loc["accuracy", ["lower", "upper"]].tolist() == pytest.approx(exact(2).interval(0.95))
    for other in ("adjusted_rand", "silhouette_in_a"):
        assert table.loc[other, ["lower", "upper"]].tolist() == pytest.approx(exact(2).interval(0.975))
        assert table.loc[other, "p_value"] == pytest.approx(2 * table.loc["accuracy", "p_value"])
    assert table["decisive"].to_dict() == {"accuracy": "yes", "adjusted_rand": "no", "silhouette_in_a": "no"}


def test_intervals_hold_together_over_all_numbers_of_clusters():
    found = {k: {("accuracy", "a", "b"): exact(k)} for k in (2, 3, 4, 5)}
    table = table_of(found)
    for _, row in table.iterrows():
        assert (row["lower"], row["upper"]) == pytest.approx(exact(row["k"]).interval(1 - 0.05 / 4))
        assert row["at_most"] == pytest.approx(exact(row["k"]).largest(1 - 0.05 / 4))


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=5), st.sampled_from(["accuracy", "silhouette"]))
def test_interval_p_value_and_verdict_say_the_same(sizes, decisive):
    names = ("accuracy", "silhouette_in_a", "silhouette_in_b")
    found = {
        k: {(name, "a", "b"): exact(size * (1 + i)) for i, name in enumerate(names)}
        for k, size in enumerate(sizes, 2)
    }
    for _, row in table_of(found, decisive).iterrows():
        excludes_0 = row["lower"] > 0 or row["upper"] < 0
        assert (row["p_value"] < 0.05) == excludes_0
        expected = f"{'b' if row['difference'] > 0 else 'a'} higher" if excludes_0 else "no difference found"
        assert row["verdict"] == expected
        assert row["at_most"] >= abs(row["difference"])


def test_what_is_not_known_takes_nothing_from_the_others():
    """Neither Dunn's index, of which no halves are scored, nor one cluster."""
    unknown = exact(0.3)._replace(images=Part(np.nan, 0))
    found = {
        1: {("accuracy", "a", "b"): unknown, ("adjusted_rand", "a", "b"): unknown},
        4: {(name, "a", "b"): exact(3) for name in ("accuracy", "adjusted_rand")}
        | {("dunn_in_a", "a", "b"): unknown, ("silhouette", "a", "b"): exact(3), ("dunn", "a", "b"): unknown},
    }
    table = table_of(found).set_index(["k", "metric"])
    assert table["verdict"].to_dict() == {
        (1, "accuracy"): "not known",
        (1, "adjusted_rand"): "not known",
        (4, "accuracy"): "b higher",
        (4, "adjusted_rand"): "b higher",
        (4, "dunn_in_a"): "not known",
        (4, "silhouette"): "not comparable",
        (4, "dunn"): "not comparable",
    }
    for metric in ("accuracy", "adjusted_rand", "silhouette"):
        assert table.loc[(4, metric), "lower"] == pytest.approx(exact(3).interval(0.95)[0])
    assert table.loc[(4, "dunn_in_a"), ["lower", "upper", "p_value", "at_most"]].isna().all()


@pytest.mark.parametrize(("metric", "most"), [("accuracy", 1), ("adjusted_rand", 2), ("silhouette_in_a", 2)])
def test_intervals_end_where_the_score_does(metric, most):
    row = table_of({4: {(metric, "a", "b"): exact(1, error=5.0)._replace(difference=0.5)}}).iloc[0]
    assert (row["lower"], row["upper"], row["at_most"]) == (-most, most, most)


def test_silhouettes_decide_in_the_two_spaces_alone():
    names = ("silhouette", "silhouette_in_a", "silhouette_in_b", "silhouette_in_third", "accuracy")
    table = table_of({10: {(name, "a", "b"): exact(0.3) for name in names}}, "silhouette")
    assert table["metric"][table["decisive"] == "yes"].tolist() == ["silhouette_in_a", "silhouette_in_b"]


def test_rows_hold_the_difference_that_they_are_about(tmp_path):
    agreements, indices = inputs()
    found = differences(agreements, indices, learned={kind: n > 1 for kind, n in MODELS.items()}, **SIZES)
    table = comparison_table({5: found}, "accuracy", n_seeds=N_SEEDS, n_models=MODELS | {"pixels": 0})
    assert table.columns.tolist() == COLUMNS
    table.to_csv(tmp_path / "comparison.csv", index=False)
    for _, row in pd.read_csv(tmp_path / "comparison.csv").iterrows():
        expected = found[row["metric"], row["features_a"], row["features_b"]]
        assert difference_of(row).margin() == pytest.approx(expected.margin())


def test_which_measure_decides():
    assert decisive_measure("accuracy", has_classes=True) == "accuracy"
    assert decisive_measure("silhouette", has_classes=True) == "silhouette"
    with pytest.raises(ValueError, match="accuracy cannot decide, as there are no classes; silhouette can"):
        decisive_measure("accuracy", has_classes=False)
    with pytest.raises(ValueError, match="dunn cannot decide, but one of adjusted_rand"):
        decisive_measure("dunn", has_classes=True)


def test_a_fixed_clustering_has_a_difference_and_no_interval_and_changes_nothing_else():
    agreements, indices = inputs()
    found = differences(agreements, indices, learned={kind: n > 1 for kind, n in MODELS.items()}, **SIZES)
    counts = {kind: n if n > 1 else 0 for kind, n in MODELS.items()}
    without = comparison_table({10: found}, "accuracy", n_seeds=5, n_models=counts)
    means = {kind: {"accuracy": 0.3, "silhouette_in_pixels": 0.1, "dunn": 1.0} for kind in MODELS}
    means["mine"] = {"accuracy": 0.5, "silhouette_in_pixels": -0.1}
    fixed = fixed_differences(means, MODELS, ["mine"])
    table = comparison_table({10: found | fixed}, "accuracy", n_seeds=5, n_models=counts | {"mine": 0})
    is_fixed = table["features_b"] == "mine"
    pd.testing.assert_frame_equal(table[~is_fixed], without)
    rows = table[is_fixed]
    assert len(rows) == 2 * len(MODELS)
    assert set(rows["verdict"]) == {"not known"}
    assert rows[["lower", "upper", "p_value", "at_most", "variance_of_images"]].isna().all(axis=None)
    assert rows.groupby("metric")["difference"].unique().map(list).to_dict() == {
        "accuracy": [pytest.approx(0.2)],
        "silhouette_in_pixels": [pytest.approx(-0.2)],
    }
