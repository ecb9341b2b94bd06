"""The choice of the number of clusters from curves whose answer is plain."""

import numpy as np
import pytest

from lib.evaluation.choose_k import elbow, gap_choice


@pytest.mark.parametrize(
    ("ks", "inertias", "expected"),
    [
        ([1, 2, 3, 4, 5], [100, 40, 10, 9, 8], 3),
        ([2, 3, 4, 5, 6], [100, 12, 10, 9, 8], 3),
        ([2, 4, 8, 16], [100, 90, 20, 10], 8),
        ([2, 3, 4], [10, 4, 2], 3),
    ],
)
@pytest.mark.parametrize("unit", [1, 1e-3, 1e9])
def test_elbow(ks, inertias, expected, unit):
    assert elbow(ks, [unit * inertia for inertia in inertias]) == expected


def test_elbow_is_the_point_farthest_below_the_chord():
    rng = np.random.default_rng(0)
    for _ in range(100):
        ks = np.sort(rng.choice(np.arange(1, 30), 8, replace=False))
        inertias = np.sort(rng.random(8))[::-1]
        x = (ks - ks[0]) / (ks[-1] - ks[0])
        y = (inertias - inertias[-1]) / (inertias[0] - inertias[-1])
        a, b = np.array([0, 1]), np.array([1, 0])
        below = [(np.cross([*(b - a), 0], [*(np.array(p) - a), 0])[2]) for p in zip(x, y, strict=True)]
        expected = ks[np.argmin(below)] if min(below) < -1e-9 else None
        assert elbow(ks, inertias) == expected


@pytest.mark.parametrize(
    ("ks", "inertias"),
    [
        ([2], [5]),
        ([2, 3], [5, 1]),
        ([2, 3, 4, 5], [8, 6, 4, 2]),
        ([2, 3, 4], [8, 7, 2]),
        ([2, 3, 4], [2, 2, 2]),
        ([2, 3, 4], [2, 1, 3]),
    ],
    ids=["one", "two", "straight", "bent outwards", "flat", "rising"],
)
def test_curves_without_an_elbow(ks, inertias):
    assert elbow(ks, inertias) is None


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("ks", "gaps", "errors", "expected"),
    [
        ([1, 2, 3, 4], [0.1, 0.5, 1.0, 0.9], [0.01] * 4, 3),
        ([1, 2, 3, 4], [0.1, 0.5, 1.0, 1.005], [0.01] * 4, 3),
        ([1, 2, 3, 4], [0.1, 0.5, 1.0, 1.02], [0.01] * 4, None),
        # the error of the next k counts, not that of k
        ([1, 2, 3], [0.5, 0.6, 0.9], [0.2, 0.0, 0.0], None),
        ([1, 2, 3], [0.5, 0.6, 0.9], [0.0, 0.2, 0.0], 1),
        # the smallest such k, not the largest gap
        ([2, 3, 4, 5], [0.5, 0.4, 0.9, 0.8], [0.01] * 4, 2),
        ([5, 10, 20], [0.5, 0.9, 0.8], [0.01] * 3, 10),
        ([7], [0.5], [0.01], None),
        # a gap that is not defined decides nothing
        ([1, 2, 3, 4], [0.1, np.nan, 0.9, 0.8], [0.01, np.nan, 0.01, 0.01], 3),
        ([1, 2, 3], [0.1, 0.5, np.nan], [0.01, 0.01, np.nan], None),
        ([1, 2, 3], [0.1, 0.5, np.inf], [0.01, 0.01, 0.01], None),
        ([1, 2, 3], [0.1, 0.5, -np.inf], [0.01, 0.01, np.nan], None),
        ([3], [np.nan], [np.nan], None),
    ],
)
def test_gap_choice(ks, gaps, errors, expected):
    assert gap_choice(ks, gaps, errors) == expected
