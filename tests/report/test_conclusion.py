"""The sentences that follow from a comparison, for each set of verdicts."""

import pandas as pd
import pytest

from lib.report.conclusion import conclude, ranking, repetitions

AGREEMENT = ("adjusted_rand", "normalized_mutual_info", "accuracy")
SPACES = ("silhouette_in_pixels", "silhouette_in_codes")
A, B, NONE, UNKNOWN = "pixels higher", "codes higher", "no difference found", "not known"


def table(verdicts, ks=(10,)):
    rows = [
        {"metric": metric, "k": k, "mean_a": 0.1, "mean_b": 0.3, "difference": 0.2, "lower": 0.1, "upper": 0.25}
        | {"verdict": verdict, "features_a": "pixels", "features_b": "codes"}
        | {"n_seeds": 5, "n_models_a": 0, "n_models_b": 3}
        for k in ks
        for metric, verdict in verdicts.items()
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("verdicts", "start"),
    [
        ((B, B, B), "Yes: codes clusters agree better with the classes than pixels clusters."),
        ((A, A, A), "No: codes clusters agree less with the classes than pixels clusters."),
        ((NONE, NONE, NONE), "No difference was found"),
        ((UNKNOWN, UNKNOWN, UNKNOWN), "Not known"),
        ((A, NONE, NONE), "No: codes clusters agree less"),
        ((NONE, B, NONE), "Yes: codes clusters agree better"),
        ((A, B, NONE), "Not decided: codes clusters agree better"),
    ],
)
@pytest.mark.parametrize("in_spaces", [(A, A), (B, B), (A, B), (NONE, NONE)])
def test_classes_decide(verdicts, start, in_spaces):
    found = conclude(
        table(dict(zip(AGREEMENT + SPACES, verdicts + in_spaces, strict=True))), "pixels", "codes", 10
    )
    assert found.answer.startswith(start)


def test_what_only_some_measures_say_is_said_to_be_so():
    found = conclude(table(dict(zip(AGREEMENT, (NONE, B, B), strict=True))), "pixels", "codes", 10)
    assert found.answer == (
        "Yes: codes clusters agree better with the classes than pixels clusters by the normalised mutual "
        "information and the accuracy; by the adjusted Rand index no difference was found."
    )


@pytest.mark.parametrize(
    ("n_models", "verdicts", "start"),
    [
        ((0, 1), (B, B, B), "Yes, as far as one model of codes tells: codes clusters agree better"),
        ((0, 1), (A, A, A), "No, as far as one model of codes tells: codes clusters agree less"),
        ((1, 3), (A, A, A), "No, as far as one model of pixels tells: codes clusters agree less"),
        ((1, 1), (B, B, B), "Yes, as far as one model of pixels and codes tells: codes clusters agree better"),
        ((0, 1), (NONE, NONE, NONE), "No difference was found, as far as one model of codes tells: it is open"),
        ((0, 1), (A, B, NONE), "Not decided, as far as one model of codes tells: codes clusters agree better"),
        ((0, 0), (B, B, B), "Yes: codes"),
    ],
)
def test_one_model_decides_nothing_of_others(n_models, verdicts, start):
    rows = table(dict(zip(AGREEMENT, verdicts, strict=True)))
    rows[["n_models_a", "n_models_b"]] = n_models
    found = conclude(rows, "pixels", "codes", 10)
    assert found.answer.startswith(start)
    for reason in found.reasons:
        bounded = "hardly above" in reason
        assert bounded == reason.endswith("0.2500, as far as one model of codes tells.")


def test_repetitions_are_of_what_depends_on_a_seed():
    rows = table({"adjusted_rand": B})
    assert repetitions(rows) == "5 seeds of k-means, 3 models of codes"
    rows[["n_seeds", "n_models_a", "n_models_b"]] = 1, 1, 2
    assert repetitions(rows) == "1 seed of k-means, 1 model of pixels, 2 models of codes"
    rows[["n_models_a", "n_models_b"]] = 0
    assert repetitions(rows) == "1 seed of k-means"


@pytest.mark.parametrize(
    ("in_spaces", "start"),
    [
        ((B, B), "Yes: codes clusters are better separated than pixels clusters."),
        ((A, A), "No: codes clusters are less well separated than pixels clusters."),
        ((A, B), "Not decided"),
        ((NONE, B), "Not decided: codes clusters are better separated than pixels clusters, but only by the sil"),
        ((A, NONE), "Not decided: pixels clusters are better separated than codes clusters, but only by the sil"),
    ],
)
def test_without_classes_all_spaces_decide(in_spaces, start):
    found = conclude(table(dict(zip(SPACES, in_spaces, strict=True))), "pixels", "codes", 10)
    assert found.answer.startswith(start)
    assert any("decides nothing" in reason for reason in found.reasons) == (in_spaces[0] != in_spaces[1])


def test_indices_in_spaces_of_their_own_decide_nothing():
    found = conclude(table({"silhouette": "not comparable", "dunn": "not comparable"}), "pixels", "codes", 10)
    assert found.answer == "Not known: nothing was measured by which pixels and codes can be compared."
    assert found.reasons == []


def test_numbers_and_how_often_over_k():
    rows = table({"adjusted_rand": B}, ks=(2, 3, 10))
    rows.loc[rows["k"] == 2, "verdict"] = A
    rows.loc[rows["k"] == 3, "verdict"] = NONE
    found = conclude(rows, "pixels", "codes", 10)
    assert found.reasons == [
        "By the adjusted Rand index, codes has 0.3000 and pixels 0.1000; difference +0.2000, "
        "95 % interval +0.1000 to +0.2500: codes higher.",
        "Of the 3 numbers of clusters from 2 to 10, by the adjusted Rand index codes is higher at 1, pixels at 1, "
        "and no difference was found at 1.",
    ]


def test_no_difference_is_bounded():
    rows = table({"adjusted_rand": NONE})
    rows[["difference", "lower", "upper"]] = 0.1, -0.3, 0.2
    assert conclude(rows, "pixels", "codes", 10).reasons == [
        "By the adjusted Rand index, codes has 0.3000 and pixels 0.1000; difference +0.1000, 95 % interval "
        "-0.3000 to +0.2000: no difference found; if there is one, it is hardly above 0.3000."
    ]


def test_no_interval_no_bounds():
    rows = table({"adjusted_rand": UNKNOWN})
    rows[["lower", "upper"]] = float("nan")
    assert "interval" not in conclude(rows, "pixels", "codes", 10).reasons[0]


def test_equal_scores_leave_no_difference():
    rows = table(dict.fromkeys(AGREEMENT, NONE))
    rows[["mean_a", "difference", "lower", "upper"]] = 0.3, 0.0, 0.0, 0.0
    found = conclude(rows, "pixels", "codes", 10)
    assert all(reason.endswith("no difference found; there is none.") for reason in found.reasons)


def test_ranking_has_every_feature_space_once():
    means = {"pixels": 0.1, "codes": 0.05, "invariant": 0.3}
    pairs = [("pixels", "codes"), ("pixels", "invariant"), ("codes", "invariant")]
    rows = [
        {
            "metric": metric,
            "k": k,
            "features_a": a,
            "features_b": b,
            "mean_a": means[a] * k,
            "mean_b": means[b] * k,
        }
        for metric in (*AGREEMENT, *SPACES)
        for k in (1, 2)
        for a, b in pairs
    ]
    found = ranking(pd.DataFrame(rows), 2)
    assert found == "By the adjusted Rand index with the classes: invariant 0.6000, pixels 0.2000, codes 0.1000."


def test_no_ranking_without_classes():
    assert ranking(table(dict.fromkeys(SPACES, B)), 10) == ""
