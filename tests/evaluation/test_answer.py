"""The sentences that answer the question, for each set of verdicts."""

import re

import pandas as pd
import pytest

from lib.evaluation.answer import answer, what_would_help
from lib.evaluation.comparison import LEVEL, difference_of
from lib.evaluation.uncertainty import Part

A, B, NONE, UNKNOWN = "pixels higher", "codes higher", "no difference found", "not known"
SPACES = ("silhouette_in_pixels", "silhouette_in_codes")
BOUNDS = {B: (0.2, 0.1, 0.3), A: (-0.2, -0.3, -0.1), NONE: (0.05, -0.05, 0.15)}


def row(metric, verdict, k=10, **others):
    difference, lower, upper = BOUNDS.get(verdict, (0.2, float("nan"), float("nan")))
    found = {"k": k, "metric": metric, "features_a": "pixels", "features_b": "codes", "mean_a": 0.1}
    found |= {"mean_b": 0.1 + difference, "difference": difference, "lower": lower, "upper": upper}
    found |= {"at_most": max(-lower, upper) - 0.01, "comparable": "yes", "decisive": "yes", "verdict": verdict}
    found |= {"n_splits": 20, "n_seeds": 10, "n_models_a": 0, "n_models_b": 3}
    found |= {"variance_of_images": 0.002, "variance_of_seeds": 0, "variance_of_models_a": 0}
    return found | {"variance_of_models_b": 0} | others


def over_ks(verdicts, metric="adjusted_rand"):
    return pd.DataFrame([row(metric, verdict, k) for k, verdict in verdicts.items()])


def without_classes(*pairs):
    return pd.DataFrame(
        [
            row(space, verdict, k)
            for k, pair in enumerate(pairs, 2)
            for space, verdict in zip(SPACES, pair, strict=True)
        ]
    )


@pytest.mark.parametrize(
    ("verdict", "sentence"),
    [
        (
            B,
            "Yes: codes clusters better than pixels. Its adjusted Rand index is higher by 0.200 (95 % interval "
            "0.100 "
            "to 0.300).",
        ),
        (
            A,
            "No: codes clusters less well than pixels. Its adjusted Rand index is lower by 0.200 (95 % interval "
            "0.100 "
            "to 0.300).",
        ),
        (
            NONE,
            "No difference was found between pixels and codes. If there is one in the adjusted Rand index, it is "
            "below 0.140 (with 95 % confidence).",
        ),
    ],
)
def test_one_measure_at_one_k(verdict, sentence):
    assert answer(over_ks({10: verdict})) == sentence


def test_other_scores_have_no_say():
    rows = pd.DataFrame([row("adjusted_rand", NONE), row("accuracy", B, decisive="no")])
    assert answer(rows).startswith("No difference was found")
    assert answer(rows[1:]) == "Not known: nothing was measured by which pixels and codes can be compared."


@pytest.mark.parametrize(
    ("others", "start"),
    [
        ({"n_models_b": 1}, "Not known from one model of codes: another"),
        ({"n_models_a": 1, "n_models_b": 1}, "Not known from one model of pixels and codes: another"),
        ({"n_seeds": 1}, "Not known from one seed of k-means: another"),
        ({"k": 1}, "Not known: one cluster of everything is the same in every feature space."),
        ({"k": 30}, "Not known: half of the data are too few for 30 clusters"),
    ],
)
def test_why_it_is_not_known(others, start):
    rows = pd.DataFrame([row("adjusted_rand", UNKNOWN, **others)])
    assert answer(rows).startswith(start)
    assert what_would_help(rows) == ""


def test_one_cluster_is_not_what_half_of_the_data_are_too_few_for():
    rows = pd.DataFrame([row("adjusted_rand", UNKNOWN, k=k) for k in (1, 400)])
    assert answer(rows).startswith("Not known: half of the data are too few for 400 clusters")


@pytest.mark.parametrize(
    ("pair", "sentence"),
    [
        (
            (B, B),
            "Yes: codes clusters better than pixels. Its silhouette is higher by 0.200 in the pixels space (95 % "
            "interval 0.100 to 0.300) and by 0.200 in the codes space (95 % interval 0.100 to 0.300).",
        ),
        (
            (NONE, NONE),
            "No difference was found between pixels and codes. If there is one in the silhouette of either "
            "space, it "
            "is below 0.140 (with 95 % confidence).",
        ),
        (
            (A, B),
            "Not decided: by the silhouette pixels clusters better in the pixels space, and codes in the codes "
            "space. Each space favours the clusters made in it.",
        ),
        (
            (NONE, B),
            "Not decided: by the silhouette, codes clusters better than pixels in the codes space alone, and each "
            "space favours the clusters made in it.",
        ),
    ],
)
def test_silhouettes_of_both_spaces_have_to_say_the_same(pair, sentence):
    assert answer(without_classes(pair)) == sentence


@pytest.mark.parametrize(
    ("verdicts", "sentence"),
    [
        (
            {2: B, 3: B, 4: B},
            "Yes: codes clusters better than pixels, at all 3 numbers of clusters (k = 2 to 4). Its adjusted Rand "
            "index is higher by 0.200, and by 0.100 at least (with 95 % confidence for all together).",
        ),
        (
            {2: NONE, 4: NONE},
            "No difference was found between pixels and codes at any of 2 numbers of clusters (k = 2 and 4). If "
            "there is one in the adjusted Rand index, it is below 0.140 at each of them (with 95 % confidence "
            "for all "
            "together).",
        ),
        (
            {2: NONE, 3: A, 4: A, 5: A, 7: NONE, 9: A, 11: A},
            "No: codes clusters less well than pixels at 5 of 7 numbers of clusters (k = 2 to 11): at 3 to 5, 9 "
            "and "
            "11. Its adjusted Rand index is lower by 0.200, and by 0.100 at least (with 95 % confidence "
            "for "
            "all together). At the others no difference was found: if there is one, it is below 0.140.",
        ),
        (
            {2: B, 3: A, 4: NONE},
            "Not decided over 3 numbers of clusters (k = 2 to 4): codes clusters better than pixels at k = 2, and "
            "less well at k = 3 (with 95 % confidence for all together).",
        ),
    ],
)
def test_one_sentence_over_all_k(verdicts, sentence):
    assert answer(over_ks(verdicts)) == sentence


def test_a_k_of_which_nothing_is_known_is_left_out():
    assert answer(over_ks({1: UNKNOWN, 10: B})) == answer(over_ks({10: B}))
    assert answer(over_ks({1: UNKNOWN, 2: B, 3: B})) == answer(over_ks({2: B, 3: B}))


def test_a_k_of_which_one_space_knows_nothing_is_left_out_too():
    rows = without_classes((B, UNKNOWN), (B, B))
    assert answer(rows) == answer(without_classes((UNKNOWN, UNKNOWN), (B, B)))
    assert answer(rows).startswith("Yes: codes clusters better than pixels. Its silhouette is higher by")


def test_no_difference_and_no_doubt():
    rows = over_ks({10: NONE})
    rows[["difference", "lower", "upper", "at_most"]] = 0.0
    assert answer(rows).endswith("and codes: the adjusted Rand index is the same in every repetition.")


def test_silhouettes_over_all_k():
    found = answer(without_classes((B, B), (A, B)))
    assert found.startswith(
        "Yes: codes clusters better than pixels at 1 of 2 numbers of clusters (k = 2 and 3): at 2."
    )
    assert found.endswith("At the others nothing is decided.")
    assert answer(without_classes((A, B), (NONE, B))).startswith("Not decided at any of 2 numbers of clusters")


def test_where_the_uncertainty_comes_from():
    parts = {"variance_of_images": 0.002, "variance_of_seeds": 0.001, "variance_of_models_b": 0.001}
    rows = pd.DataFrame([row("adjusted_rand", B, **parts)])
    assert what_would_help(rows) == (
        "Of the variance, 50 % comes from the data, 25 % from seeds of k-means and 25 % from models of codes. "
        "More data would narrow the interval; more seeds or models alone would not halve it."
    )


def test_a_number_that_halves_the_interval_does_so():
    rows = pd.DataFrame([row("adjusted_rand", B, variance_of_images=0, variance_of_seeds=0.003)])
    # Student's t for 9 degrees of freedom with a standard error of one, and for 34 with one of sqrt(10 / 35).
    assert what_would_help(rows) == (
        "Of the variance, 100 % comes from seeds of k-means. With 33 seeds of k-means the interval would be "
        "about half "
        "as wide."
    )


@pytest.mark.parametrize("seeds", [2, 3, 10])
@pytest.mark.parametrize("share", [0.7, 0.74, 0.76, 0.9])
def test_no_number_is_too_large_to_be_told(seeds, share):
    """With equal shares of data and seeds, the interval halves at the limit where a quarter is from the data."""
    parts = {"variance_of_images": 1 - share, "variance_of_seeds": share}
    record = row("adjusted_rand", B, **parts) | {"n_seeds": seeds}
    found = difference_of(pd.Series(record))
    text = what_would_help(pd.DataFrame([record]))

    def margin(n):
        return found._replace(seeds=Part(share * seeds / n, n - 1)).margin(LEVEL)

    number = re.search(r"With ([\d,]+) seeds", text)
    if number:
        n = int(number[1].replace(",", ""))
        assert margin(n) <= found.margin(LEVEL) / 2 < margin(n - 1)
    else:
        assert "would not halve" in text
        assert margin(10**12) > found.margin(LEVEL) / 2


def test_the_widest_interval_counts():
    rows = pd.DataFrame([row("adjusted_rand", B, 2), row("adjusted_rand", B, 3, upper=0.9, variance_of_seeds=9.0)])
    start = "Of the variance at k = 3, where the interval is widest, 100 % comes from seeds of k-means."
    assert what_would_help(rows).startswith(start)
    rows = without_classes((NONE, B))
    rows.loc[1, "upper"] = 0.9
    start = "Of the variance in the codes space, where the interval is widest, 100 % comes from the data."
    assert what_would_help(rows).startswith(start)


def test_spaces_that_say_the_opposite_need_no_narrower_intervals():
    assert what_would_help(without_classes((A, B))) == ""


def test_silhouettes_that_differ_nowhere_at_some_k():
    found = answer(without_classes((A, B), (NONE, NONE)))
    assert found.startswith("Not decided at any of 2 numbers of clusters (k = 2 and 3): each space favours")
    assert found.endswith("At k = 3 no difference was found in either, so it is below 0.140.")
