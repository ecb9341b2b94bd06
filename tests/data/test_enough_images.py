"""More clusters than images: refused in one line by whoever counts the images first."""

from argparse import Namespace

import numpy as np
import pytest

import prepare_vectors
from lib.base.errors import InputError
from lib.data.enough_images import too_many_clusters


@pytest.mark.parametrize(
    ("n_images", "splits", "ks", "n_lines"),
    [
        ({"train": 50, "test": 10}, ["test"], [2, 10], 0),
        ({"train": 50, "test": 10}, ["train"], [11], 0),
        ({"train": 50, "test": 10}, ["train", "test"], [11], 1),
        ({"train": 50, "test": 10}, ["train", "test"], [11, 60, 70], 2),
        ({"train": 50, "test": 1}, ["test"], [2], 0),  # one image is refused for itself
        ({"all": 50}, ["test"], [60], 0),
        ({}, ["test"], [60], 0),
    ],
)
def test_one_line_for_each_split_that_is_too_small(n_images, splits, ks, n_lines):
    assert len(too_many_clusters(n_images, splits, ks, "mine")) == n_lines


def test_all_numbers_that_are_too_large_are_in_the_line():
    assert too_many_clusters({"all": 5000}, ["all"], [10, 6000, 7000], "a.csv", "rows") == [
        "clustering.n_clusters has 6000, 7000, and the split all of a.csv has 5,000 rows; take numbers up to 5000"
    ]


def test_vectors(tmp_path):
    np.save(tmp_path / "X.npy", np.zeros((20, 3)))
    options = dict.fromkeys(("classes", "class_columns", "name_column", "key", "file_column", "files"))
    args = Namespace(**options, rows_of=tmp_path / "X.npy", n_clusters=[20, 21], out=tmp_path / "images.h5")
    with pytest.raises(
        InputError, match=r"has 21, and the split all of .*X\.npy has 20 rows; take numbers up to 20$"
    ):
        prepare_vectors.main(args)
    assert not args.out.exists()
    prepare_vectors.main(Namespace(**vars(args) | {"n_clusters": [20]}))
    assert args.out.exists()
