"""The figure of the answer."""

import numpy as np
import pandas as pd
import pytest

import draw_answer

ROW = {"split": "test", "k": 10, "metric": "adjusted_rand", "features_a": "pixels", "features_b": "mine"}
ROW |= {"difference": 0.2, "lower": 0.1, "upper": 0.3, "decisive": "yes", "verdict": "mine higher"}


def texts(figure):
    found = [
        text.get_text() for axes in figure.axes for text in (*axes.texts, *axes.get_yticklabels(), axes.title)
    ]
    return [text for text in found if text]


def test_a_line_for_each_pair_with_its_numbers():
    rows = [
        ROW,
        ROW
        | {"features_b": "pca", "difference": -0.1, "lower": -0.3, "upper": 0.1, "verdict": "no difference found"},
    ]
    figure = draw_answer.plot_answer(pd.DataFrame(rows), 0.01)
    assert texts(figure) == [
        "mine against pixels",
        "+0.200 [+0.100, +0.300]",
        "pca against pixels",
        "-0.10 [-0.30, +0.10]".replace("-", "\N{MINUS SIGN}"),
    ]
    for zone in figure.axes[0].collections:  # beside each line
        left, right = zone.get_paths()[0].get_extents().intervalx
        assert (left, right) == pytest.approx((-0.01, 0.01))
    assert len(figure.axes[0].collections) == 2


def test_a_chart_for_each_pair_of_several_k():
    rows = [ROW | {"k": k, "features_b": b} for b in ("mine", "pca", "patches") for k in (2, 5, 9)]
    figure = draw_answer.plot_answer(pd.DataFrame(rows), 0.01)
    assert [axes.get_title() for axes in figure.axes] == [
        f"{b} against pixels" for b in ("mine", "pca", "patches")
    ]
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["2", "5", "9"]


def test_without_an_interval_the_difference_is_there():
    row = ROW | {"lower": np.nan, "upper": np.nan, "verdict": "not known"}
    assert "+0.2000 (not known)" in texts(draw_answer.plot_answer(pd.DataFrame([row]), 0.01))


def test_nothing_that_decides_is_said():
    assert "Nothing was measured" in draw_answer.plot_answer(pd.DataFrame([ROW])[:0], 0.01).texts[0].get_text()


@pytest.mark.parametrize(
    ("verdict", "side"),
    [("mine higher", "b"), ("pixels higher", "a"), ("no difference found", "none"), ("not known", "?")],
)
def test_colours_say_which_side_is_higher(verdict, side):
    assert draw_answer.side_of(pd.Series(ROW | {"verdict": verdict})) == side
