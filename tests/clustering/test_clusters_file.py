"""The file of a clustering, written and read."""

import h5py
import numpy as np
import pytest

from lib.base.errors import InputError
from lib.base.hdf5 import writing
from lib.clustering.clusters_file import Fit, read_centroids, read_clusters, read_fit, write_clusters
from lib.clustering.kmeans import kmeans


@pytest.fixture
def clustering(tmp_path):
    result = kmeans(np.random.default_rng(0).random((50, 3)), 4, max_iter=2)
    write_clusters(tmp_path / "seed9.h5", result, seed=9)
    return tmp_path / "seed9.h5", result


def test_what_is_written_is_read(clustering):
    path, result = clustering
    for read, written in ((read_clusters(path), result.labels), (read_centroids(path), result.centroids)):
        assert read.dtype == written.dtype
        np.testing.assert_array_equal(read, written)
    with h5py.File(path) as file:
        assert file.attrs["seed"] == 9
    assert read_fit(path) == Fit(result.inertia, result.n_iter, result.converged)
    assert [type(value) for value in read_fit(path)] == [float, int, bool]


def test_labels_of_other_images_are_refused(clustering):
    path, _ = clustering
    assert len(read_clusters(path, 50)) == 50
    with pytest.raises(
        InputError, match=r"seed9\.h5 has 50 labels for 49 rows of features.*move it away"
    ) as error:
        read_clusters(path, 49)
    assert "delete" not in str(error.value)


@pytest.mark.parametrize("read", [read_clusters, read_centroids, read_fit])
def test_a_file_that_is_no_clustering(tmp_path, read):
    path = tmp_path / "seed0.h5"
    with pytest.raises(InputError, match=r"seed0\.h5 does not exist"):
        read(path)
    path.write_bytes(b"no HDF5")
    with pytest.raises(InputError, match=r"seed0\.h5 is damaged"):
        read(path)
    with writing(path) as file:
        file["thesis"] = [0]
    with pytest.raises(InputError, match=r"seed0\.h5 is not of this workflow.*move it away") as error:
        read(path)
    assert "delete" not in str(error.value)
