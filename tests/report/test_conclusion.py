"""The comparison in words: what is said beside the answer, and how it is laid out as text."""

import pandas as pd
import pytest

from lib.report.conclusion import conclude, decisive_measures, describe, ranking, remarks, repetitions

AGREEMENT = ("adjusted_rand", "normalized_mutual_info", "accuracy")
SPACES = ("silhouette_in_pixels", "silhouette_in_codes")
A, B, NONE, UNKNOWN = "pixels higher", "codes higher", "no difference found", "not known"


def table(verdicts, ks=(10,), decisive="adjusted_rand"):
    rows = [
        {"split": "test", "k": k, "metric": metric, "features_a": "pixels", "features_b": "codes"}
        | {"mean_a": 0.1, "mean_b": 0.3, "difference": 0.2, "lower": 0.1, "upper": 0.25, "at_most": 0.24}
        | {"variance_of_images": 0.001, "variance_of_seeds": 0.0, "variance_of_models_a": 0.0}
        | {"variance_of_models_b": 0.0, "n_splits": 20, "n_seeds": 5, "n_models_a": 0, "n_models_b": 3}
        | {"comparable": "no" if metric in ("silhouette", "dunn") else "yes"}
        | {"decisive": "yes" if metric.startswith(f"{decisive}_in") or metric == decisive else "no"}
        | {"verdict": verdict}
        for k in ks
        for metric, verdict in verdicts.items()
    ]
    return pd.DataFrame(rows)


def test_reasons_begin_with_the_source_of_the_uncertainty_and_have_the_numbers():
    rows = table({"adjusted_rand": NONE, "silhouette": "not comparable", "silhouette_in_codes": B})
    rows.loc[0, ["difference", "lower", "upper"]] = 0.1, -0.3, 0.2
    assert conclude(rows, 10).reasons == [
        "Of the variance, 100 % comes from the data. More data would narrow the interval; more seeds or models "
        "alone would not halve it.",
        "By the adjusted Rand index, codes has 0.30 and pixels 0.10; difference +0.10, interval -0.30 to "
        "+0.20: no difference found; if there is one, it is below 0.24.",
        "By the silhouette in the codes space, codes has 0.300 and pixels 0.100; difference +0.200, interval "
        "+0.100 to +0.250: codes higher.",
    ]


def test_no_interval_no_numbers():
    rows = table({"adjusted_rand": UNKNOWN})
    rows[["lower", "upper"]] = float("nan")
    assert conclude(rows, 10).reasons == []


def test_equal_scores_leave_no_difference():
    rows = table(dict.fromkeys(AGREEMENT, NONE))
    rows[["mean_a", "difference", "lower", "upper", "at_most"]] = 0.3, 0.0, 0.0, 0.0, 0.0
    found = conclude(rows, 10)
    assert len(found.reasons) == 3
    assert all(reason.endswith("no difference found; there is none.") for reason in found.reasons)


def test_answer_is_about_all_k_and_the_reasons_are_about_one():
    found = conclude(table({"adjusted_rand": B}, ks=(2, 3, 10)), 3)
    assert found.answer.startswith("Yes: codes clusters better than pixels, at all 3 numbers of clusters")
    assert len(found.reasons) == 2


@pytest.mark.parametrize("pair", [(A, B), (NONE, B), (B, B)])
def test_spaces_that_disagree_are_explained(pair):
    reasons = conclude(table(dict(zip(SPACES, pair, strict=True)), decisive="silhouette"), 10).reasons
    assert any("decides nothing" in reason for reason in reasons) == (pair[0] != pair[1])


def test_repetitions_are_of_what_depends_on_a_seed():
    rows = table({"adjusted_rand": B})
    assert repetitions(rows) == "5 seeds of k-means, 3 models of codes, pixels as given"
    rows[["n_seeds", "n_models_a", "n_models_b"]] = 1, 1, 2
    assert repetitions(rows) == "1 seed of k-means, 1 model of pixels, 2 models of codes"
    rows[["n_models_a", "n_models_b"]] = 0
    assert repetitions(rows) == "1 seed of k-means, pixels and codes as given"


def test_ranking_has_every_feature_space_once():
    means = {"pixels": 0.1, "codes": 0.05, "invariant": 0.3}
    pairs = [("pixels", "codes"), ("pixels", "invariant"), ("codes", "invariant")]
    rows = [
        {
            "metric": metric,
            "k": k,
            "decisive": "yes" if metric == "accuracy" else "no",
            "features_a": a,
            "features_b": b,
            "mean_a": means[a] * k,
            "mean_b": means[b] * k,
            "lower": 0.0,
            "upper": 0.4,
        }
        for metric in (*AGREEMENT, *SPACES)
        for k in (1, 2)
        for a, b in pairs
    ]
    table = pd.DataFrame(rows)
    words = "By the accuracy with the classes: invariant {}, pixels {}, codes {} ({})."
    assert ranking(table[table["k"] == 2]) == words.format("0.60", "0.20", "0.10", "k = 2")
    assert ranking(table) == words.format("0.45", "0.15", "0.08", "means over 2 k, 1 to 2")


def test_no_ranking_without_classes():
    assert ranking(table(dict.fromkeys(SPACES, B), decisive="silhouette")) == ""


def test_text_has_the_answer_first_and_the_numbers_of_the_shown_k():
    scores = {"adjusted_rand": B, "silhouette": "not comparable", "dunn": "not comparable"}
    rows = table(scores, ks=(2, 10))
    rows.loc[rows["metric"] == "dunn", ["lower", "upper"]] = float("nan")
    question, first, second, *rest = describe(rows, 10).splitlines()
    assert question == "Does codes cluster better than pixels?"
    assert first.startswith("Yes: codes clusters better than pixels, at all 2 numbers of clusters (k = 2 and 10).")
    assert second.startswith("Of the variance")
    expected = [
        "test data, k = 10 pixels codes difference [interval] verdict",
        "adjusted_rand 0.1000 0.3000 +0.2000 [+0.1000, +0.2500] codes higher",
        "silhouette 0.1000 0.3000 +0.2000 [+0.1000, +0.2500] not comparable",
        "dunn 0.1000 0.3000 +0.2000 not comparable",
    ]
    assert [" ".join(line.split()) for line in rest[1:5]] == expected
    assert rest[5] == "(5 seeds of k-means, 3 models of codes, pixels as given)"


def test_remarks_are_about_what_is_there():
    alone = remarks(table({"adjusted_rand": B}))
    assert alone.startswith("The adjusted Rand index decides: the settings chose it, not the results.\n")
    assert "wider" not in alone
    assert "SPACE" not in alone
    assert "Those of all scores that do not decide are wider" in remarks(table(dict.fromkeys(AGREEMENT, B)))
    assert "Those of all k are wider" in remarks(table({"adjusted_rand": B}, ks=(2, 3)))
    with_spaces = remarks(table({"adjusted_rand": B, "silhouette": "not comparable", SPACES[0]: B}))
    assert "do not compare feature spaces" in with_spaces
    assert "_in_SPACE" in with_spaces
    assert decisive_measures(table(dict.fromkeys(SPACES, B), decisive="silhouette")) == "silhouette"
    assert decisive_measures(table({"silhouette": "not comparable"})) == ""


def test_a_clustering_that_was_made_elsewhere_has_no_interval():
    rows = table(dict.fromkeys([*AGREEMENT, "silhouette_in_pixels"], UNKNOWN), ks=(3, 10)).assign(n_runs=2)
    rows[["lower", "upper", "variance_of_images"]] = float("nan")
    rows.loc[rows["k"] == 3, "difference"] = -0.1
    rows[["n_models_b"]] = 0
    found = conclude(rows, 10)
    assert found.question == "Does codes cluster better than k-means in pixels?"
    assert found.answer == (
        "Not known: the adjusted Rand index of codes differs from that of k-means in pixels by -0.1000 to +0.2000 "
        "at k = 3 and 10. How sure that is nobody can tell: codes was made elsewhere, and cannot be made anew of "
        "other data."
    )
    assert found.reasons == []
    assert repetitions(rows) == "5 seeds of k-means, 2 runs of codes, pixels as given"
    text = describe(rows, 10)
    assert "+0.2000" in text
    assert "[" not in text.replace("[interval]", "")


def test_without_classes_such_a_clustering_is_compared_in_the_space_of_the_features():
    rows = table({"silhouette_in_pixels": UNKNOWN}).assign(n_runs=1)
    rows[["lower", "upper"]] = float("nan")
    rows["decisive"] = "yes"
    assert conclude(rows, 10).answer.startswith(
        "Not known: the silhouette in the pixels space of codes differs from that of k-means in pixels by +0.2000."
    )


def test_features_beside_such_a_clustering_have_their_answer():
    """In a table with both, the column of runs is empty for two feature spaces."""
    rows = table({"adjusted_rand": B})
    assert conclude(rows.assign(n_runs=float("nan")), 10) == conclude(rows, 10)
