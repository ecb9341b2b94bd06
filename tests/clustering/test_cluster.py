"""The script cluster.py: what is there is kept, and features too many for memory are read piece by piece."""

from argparse import Namespace

import h5py
import numpy as np
import pytest

import cluster
from lib.base.errors import InputError
from lib.clustering.clusters_file import read_clusters
from lib.clustering.kmeans import kmeans
from lib.features import features_file
from lib.features.features_file import write_features


def arguments(tmp_path, out, **changes):
    defaults = {
        "features": tmp_path / "X.h5",
        "n_clusters": [7],
        "seeds": [0],
        "init": "random",
        "n_init": 1,
        "code_digest": "c0de",
        "threads": 1,
        "out": [tmp_path / out],
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


def test_only_what_is_missing_or_of_something_else_is_made(tmp_path):
    X = np.random.default_rng(0).random((50, 3))
    write_features(tmp_path / "X.h5", X)
    paths = [tmp_path / f"seed{seed}.h5" for seed in range(4)]

    def made(seeds=(0, 1, 2, 3), k=7, **changes):
        """The seeds whose files are new."""
        old = {path: path.stat().st_ino if path.exists() else 0 for path in paths}
        args = arguments(tmp_path, "", n_clusters=[k] * len(seeds), seeds=list(seeds), **changes)
        args.out = [paths[seed] for seed in seeds]
        cluster.main(args)
        return [
            seed for seed in range(4) if paths[seed].exists() and paths[seed].stat().st_ino != old[paths[seed]]
        ]

    assert made([0, 1]) == [0, 1]
    assert made() == [2, 3]
    whole = [path.read_bytes() for path in paths]
    assert made() == []
    paths[1].unlink()
    paths[2].write_bytes(whole[2][:1000])  # as a disk leaves it that was full
    assert made() == [1, 2]
    assert [path.read_bytes() for path in paths] == whole
    for change in ({"k": 4}, {"init": "k-means++"}, {"n_init": 2}, {"code_digest": "other"}):
        assert made(**change) == [0, 1, 2, 3]
        assert made(**change) == []
        made()
    write_features(tmp_path / "X.h5", X**2)
    assert made() == [0, 1, 2, 3]
    assert read_clusters(paths[3]).tolist() == kmeans((X**2).astype("f4"), 7, seed=3).labels.tolist()


def test_several_numbers_of_clusters(tmp_path):
    X = np.random.default_rng(0).random((50, 3)).astype("f4")
    write_features(tmp_path / "X.h5", X)
    paths = [tmp_path / f"{i}.h5" for i in range(3)]
    args = arguments(tmp_path, "", n_clusters=[2, 2, 5], seeds=[0, 3, 3])
    args.out = paths
    cluster.main(args)
    for path, k, seed in zip(paths, (2, 2, 5), (0, 3, 3), strict=True):
        assert read_clusters(path).tolist() == kmeans(X, k, seed=seed).labels.tolist()


def test_the_best_of_several_starts_is_kept(tmp_path):
    X = np.random.default_rng(0).random((200, 3)).astype("f4")
    write_features(tmp_path / "X.h5", X)
    inertias = []
    for n_init in (1, 8):
        cluster.main(arguments(tmp_path, "seed0.h5", n_init=n_init))
        with h5py.File(tmp_path / "seed0.h5") as file:
            inertias.append(file.attrs["inertia"])
    assert inertias[1] < inertias[0]
