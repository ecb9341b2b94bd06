"""Each feature space against each other."""

import itertools

import pandas as pd
import pytest

from lib.report.conclusion import describe
from lib.report.matrix import matrix

NOBODY = "No feature space was found to cluster better than each of the others."
MEANS = {"pixels": 0.1, "pca": 0.1, "patches": 0.2, "mine": 0.4}


def table(verdict, ks=(10,), means=MEANS):
    """Rows that decide, with the verdict that a function of the two means gives."""
    return pd.DataFrame(
        {"split": "test", "k": k, "metric": "adjusted_rand", "features_a": a, "features_b": b}
        | {"mean_a": means[a], "mean_b": means[b], "difference": means[b] - means[a]}
        | {"lower": means[b] - means[a] - 0.05, "upper": means[b] - means[a] + 0.05, "at_most": 0.05}
        | {"variance_of_images": 0.001, "variance_of_seeds": 0.0, "variance_of_models_a": 0.0}
        | {"variance_of_models_b": 0.0, "n_splits": 20, "n_seeds": 5, "n_models_a": 0, "n_models_b": 0}
        | {"comparable": "yes", "decisive": "yes", "verdict": verdict(a, b, k)}
        for k in ks
        for a, b in itertools.combinations(means, 2)
    )


def higher(a, b, k):
    if abs(MEANS[a] - MEANS[b]) < 0.05:
        return "no difference found"
    return f"{a if MEANS[a] > MEANS[b] else b} higher"


def test_each_pair_is_there_from_both_sides():
    found = matrix(table(higher))
    assert found.headline == "mine clusters better than each of the others."
    assert found.names == ["mine", "patches", "pixels", "pca"]
    assert set(found.cells) == set(itertools.permutations(MEANS, 2))
    assert found.cells["mine", "pixels"] == ("better", 1, "+0.300 [+0.250, +0.350]")
    assert found.cells["pixels", "mine"] == (
        "worse",
        0,
        "\N{MINUS SIGN}0.300 [\N{MINUS SIGN}0.350, \N{MINUS SIGN}0.250]",
    )
    assert found.cells["pca", "pixels"].verdict == found.cells["pixels", "pca"].verdict == "no difference"
    assert found.cells["pixels", "pca"].numbers.startswith("0.000 [")  # without a sign


def test_of_several_k_verdicts_are_counted():
    found = matrix(table(lambda a, b, k: higher(a, b, k) if k < 5 else "no difference found", ks=(2, 3, 9)))
    assert found.cells["mine", "pixels"].verdict == "better at 2, no difference at 1 k"
    assert found.cells["pixels", "mine"].verdict == "worse at 2, no difference at 1 k"
    assert found.cells["pca", "pixels"].verdict == "no difference at all 3 k"
    assert found.headline == (f"{NOBODY} None was found to cluster better than mine.")


@pytest.mark.parametrize(
    ("verdict", "headline"),
    [
        (
            lambda *_: "no difference found",
            NOBODY,
        ),
        (lambda *_: "not known", "Which feature space clusters best is not known."),
        (
            lambda a, b, k: higher(a, b, k) if {a, b} != {"mine", "patches"} else "no difference found",
            f"{NOBODY} None was found to cluster better than mine or patches.",
        ),
    ],
)
def test_headline_claims_no_more_than_is_known(verdict, headline):
    assert matrix(table(verdict)).headline == headline


def test_text_of_many_feature_spaces_has_the_table_first():
    lines = describe(table(higher), 10).splitlines()
    assert lines[2].startswith("By the adjusted Rand index with the classes: mine 0.400, patches 0.200")
    assert lines[4] == "mine clusters better than each of the others."
    assert lines[7].split() == ["mine", "patches", "pixels", "pca"]
    assert lines[8].split() == ["mine", "better", "better", "better"]
    assert "Does pca cluster better than pixels?" in lines
    assert "difference [interval]" not in "\n".join(lines)
    few = describe(table(higher, means={name: MEANS[name] for name in ("pixels", "pca", "mine")}), 10)
    assert few.count("difference [interval]") == 3  # all pairs on the same footing


def test_two_clusterings_that_were_made_elsewhere_are_not_compared():
    rows = table(higher)
    rows = rows[~((rows["features_a"] == "patches") & (rows["features_b"] == "mine"))].assign(n_runs=0)
    assert ("mine", "patches") not in matrix(rows).cells
    assert "mine" in describe(rows, 10)
