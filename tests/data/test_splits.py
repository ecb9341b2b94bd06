"""Test images that are chosen at random."""

import pytest

from lib.base.errors import InputError
from lib.data.splits import draw_splits


@pytest.mark.parametrize(("n", "fraction", "n_test"), [(10, 0.2, 2), (10, 0.25, 2), (2, 0.5, 1), (1001, 0.3, 300)])
def test_share_of_the_test_images(n, fraction, n_test):
    assert draw_splits([str(i) for i in range(n)], fraction, "x").count("test") == n_test


def test_choice_is_always_the_same_and_looks_random():
    keys = [f"{i:04d}.jpg" for i in range(1000)]
    splits = draw_splits(keys, 0.2, "x")
    assert splits == draw_splits(keys, 0.2, "x")
    backwards = draw_splits(keys[::-1], 0.2, "x")
    assert splits == backwards[::-1]
    assert abs(splits[:500].count("test") - 100) < 30


def test_without_a_share_the_images_are_one_whole():
    assert draw_splits(["a", "b"], None, "x") == ["all", "all"]


def test_one_photo_more_moves_one_other_at_most():
    keys = [f"{i}.jpg" for i in range(1000)]
    before = draw_splits(keys, 0.2, "x")
    after = draw_splits(["new.jpg", *keys], 0.2, "x")[1:]
    assert sum(a != b for a, b in zip(before, after, strict=True)) <= 1


@pytest.mark.parametrize(("n", "fraction", "n_test"), [(1, 0.2, 0), (2, 0.2, 0), (3, 0.9, 3), (1, 0.9, 1)])
def test_too_few_images_to_split(n, fraction, n_test):
    with pytest.raises(InputError, match=rf"of {n}, a `test_fraction` of {fraction} makes {n_test} test images"):
        draw_splits([str(i) for i in range(n)], fraction, "x")
