"""The script cluster.py: features that are too many for memory are read piece by piece, with the same result."""

from argparse import Namespace

import numpy as np
import pytest

import cluster
from lib.base.errors import InputError
from lib.features import features_file
from lib.features.features_file import write_features


def arguments(tmp_path, out, **changes):
    defaults = {
        "features": tmp_path / "X.h5",
        "n_clusters": 7,
        "seed": 0,
        "init": "random",
        "threads": 1,
        "out": tmp_path / out,
    }
    return Namespace(**defaults | changes)


def test_large_features_are_clustered_from_the_file(tmp_path, monkeypatch):
    X = np.random.default_rng(0).random((3000, 90))
    write_features(tmp_path / "X.h5", X)
    cluster.main(arguments(tmp_path, "memory.h5"))
    monkeypatch.setattr(features_file, "IN_MEMORY", 0)
    cluster.main(arguments(tmp_path, "file.h5"))
    assert (tmp_path / "file.h5").read_bytes() == (tmp_path / "memory.h5").read_bytes()


@pytest.mark.parametrize("in_memory", [0, 2**31])
def test_too_many_clusters_are_the_users_error(tmp_path, monkeypatch, in_memory):
    monkeypatch.setattr(features_file, "IN_MEMORY", in_memory)
    write_features(tmp_path / "X.h5", np.ones((10, 3)))
    with pytest.raises(InputError, match=r"X\.h5: 7 clusters need as many distinct points, and there are only 1"):
        cluster.main(arguments(tmp_path, "out.h5"))
    assert not (tmp_path / "out.h5").exists()
