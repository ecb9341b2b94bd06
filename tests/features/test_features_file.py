"""Features that come back as they were written, and what is said of a file that holds none."""

import errno
from pathlib import Path

import numpy as np
import pytest

from lib.base.errors import InputError
from lib.base.hdf5 import writing
from lib.features.features_file import open_features, read_features, write_features


@pytest.mark.parametrize("shape", [(1, 1), (7, 3), (5000, 300), (2, 2**19)])
def test_features_come_back_as_float32(tmp_path, shape):
    X = np.random.default_rng(0).normal(size=shape)
    write_features(tmp_path / "X.h5", X)
    features = read_features(tmp_path / "X.h5")
    assert features.dtype == np.float32
    np.testing.assert_array_equal(features, X.astype(np.float32))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_features_that_are_not_finite_are_refused(tmp_path, value):
    X = np.zeros((3000, 4))
    X[[1234, 1234, 2000], [0, 3, 2]] = value
    path = tmp_path / "X.h5"
    write_features(path, X)
    with pytest.raises(InputError) as error:
        read_features(path)
    message = f"{path}: 2 of 3000 rows hold NaN or infinity, the first is row 1234"
    assert str(error.value).startswith(message)


def hdf5(path, name, data):
    with writing(path) as file:
        file[name] = data


def cut_off(path):
    write_features(path, np.zeros((1000, 10)))
    path.write_bytes(path.read_bytes()[:-1000])


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: None, "does not exist"),
        (Path.mkdir, "X.h5"),
        (cut_off, "damaged"),
        (lambda path: hdf5(path, "thesis", np.zeros(3)), "not of this workflow"),
        (lambda path: hdf5(path, "features/a", np.zeros(3)), "not of this workflow"),
        (lambda path: hdf5(path, "features", np.zeros(3)), "not of this workflow"),
    ],
    ids=["missing", "folder", "cut off", "something else", "group for a dataset", "one axis"],
)
def test_unreadable_file_is_told_in_one_line(tmp_path, make, reason):
    make(tmp_path / "X.h5")
    with pytest.raises(InputError, match=reason) as error:
        read_features(tmp_path / "X.h5")
    assert str(tmp_path / "X.h5") in str(error.value)
    assert ("delete" in str(error.value)) == (reason == "damaged")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("error", [ValueError, KeyError, OSError(errno.EIO, "of another file"), RuntimeError])
def test_what_is_done_with_features_is_no_fault_of_their_file(tmp_path, error):
    path = tmp_path / "X.h5"
    write_features(path, np.zeros((10, 3)))

    def use():
        with open_features(path):
            raise error

    with pytest.raises(error if isinstance(error, type) else OSError):
        use()
