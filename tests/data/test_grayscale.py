"""Colours as gray levels."""

import numpy as np
import pytest

from lib.data.grayscale import LUMA, to_gray

SWAPPED = (0.114, 0.587, 0.299)


@pytest.mark.parametrize("luma", [LUMA, SWAPPED, (1, 0, 0), (0.2126, 0.7152, 0.0722), (0, 0, 3)])
def test_gray_is_the_rounded_weighted_sum(luma):
    rgb = np.random.default_rng(0).integers(0, 256, (100, 3, 32, 32), np.uint8)
    gray = to_gray(rgb, luma)
    assert gray.dtype == np.uint8
    exact = sum(weight * rgb[:, c].astype(np.float64) for c, weight in enumerate(luma))
    # Half a level by rounding, and a little for sums that are as good as half-way.
    np.testing.assert_allclose(gray, np.clip(exact, 0, 255), rtol=0, atol=0.5 + 1e-4)


@pytest.mark.parametrize(("luma", "red", "blue"), [(LUMA, 76, 29), (SWAPPED, 29, 76)])
def test_gray_of_pure_colours(luma, red, blue):
    colours = {(0, 0, 0): 0, (255, 255, 255): 255, (255, 0, 0): red, (0, 255, 0): 150, (0, 0, 255): blue}
    rgb = np.array(list(colours), np.uint8)[:, :, None, None]
    assert to_gray(rgb, luma).ravel().tolist() == list(colours.values())


def test_default_weights_are_bt_601():
    rgb = np.random.default_rng(0).integers(0, 256, (5, 3, 32, 32), np.uint8)
    np.testing.assert_array_equal(to_gray(rgb), to_gray(rgb, (0.299, 0.587, 0.114)))
