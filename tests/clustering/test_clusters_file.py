"""What is said of a file of clusters that is of something else."""

import numpy as np
import pytest

from lib.base.errors import InputError
from lib.base.hdf5 import writing
from lib.clustering.clusters_file import read_clusters


@pytest.mark.parametrize(
    ("name", "reason"), [("thesis", "not of this workflow"), ("labels", "3 labels for 4 rows")]
)
def test_whole_file_of_something_else_is_not_to_be_deleted(tmp_path, name, reason):
    with writing(tmp_path / "clusters.h5") as file:
        file[name] = np.zeros(3)
    with pytest.raises(InputError, match=rf"{reason}.*move it away") as error:
        read_clusters(tmp_path / "clusters.h5", 4)
    assert "delete" not in str(error.value)
