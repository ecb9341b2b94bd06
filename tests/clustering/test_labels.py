"""Labels that were made elsewhere: every way to write the same, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.clustering.labels import numbered

WHOLE = np.array([7, 3, -1, 7, 1000])


@pytest.mark.parametrize(
    "values",
    [
        *(WHOLE.astype(dtype) for dtype in ("i2", "i4", "i8", "f4", "f8")),
        WHOLE.astype(str),
        WHOLE.astype("S"),
        WHOLE.astype(object),
        np.array(["7", "3", "-1", "7.0", "1000"], dtype=object),
    ],
    ids=lambda values: str(values.dtype),
)
def test_whole_numbers_of_any_type(values):
    found = numbered(values)
    assert found.labels.tolist() == [1, 0, -1, 1, 2]
    assert found.names == ["3", "7", "1000"]
    assert found.labels.dtype == np.int32


def test_texts():
    found = numbered(np.array(["b", "a", "-1", "b", "c 2"], dtype=object))
    assert found.labels.tolist() == [1, 0, -1, 1, 2]
    assert found.names == ["a", "b", "c 2"]


def test_unsigned_numbers_have_no_noise():
    assert numbered(np.array([0, 255], "u1")).labels.tolist() == [0, 1]
    assert numbered(np.array([False, True])).names == ["False", "True"]


@given(st.lists(st.integers(-1, 10**6), min_size=1, max_size=30))
def test_the_same_images_are_together_under_other_names(values):
    found = numbered(np.array(values))
    for value, label in zip(values, found.labels, strict=True):
        assert (value == -1 and label == -1) or found.names[label] == str(value)
    assert sorted(set(found.labels) - {-1}) == list(range(found.n_clusters))


@pytest.mark.parametrize(
    ("values", "row", "label"),
    [
        ([0, 1.5, 2], 1, "1.5"),
        ([0, np.nan], 1, "nan"),
        ([np.inf, 0], 0, "inf"),
        ([0, 1, -2], 2, "-2"),
        (["a", "b", ""], 2, "''"),
        (["1", "2", "nan"], 2, "'nan'"),
        (["a", "2", "b"], 1, "'2'"),
        (["a", "1e3"], 1, "'1e3'"),
        (np.array([1, None, 2], dtype=object), 1, "'None'"),
    ],
)
def test_what_is_no_label(values, row, label):
    with pytest.raises(ValueError, match=rf"row {row} \(the first is 0\) has the label {label}; whole numbers"):
        numbered(np.array(values))
