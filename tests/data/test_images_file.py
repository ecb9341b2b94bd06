"""What is read of images.h5."""

import numpy as np
import pytest

from lib.base.errors import InputError
from lib.base.hdf5 import writing
from lib.data.dataset import Batch, Dataset
from lib.data.images_file import (
    count_images,
    read_class_names,
    read_description,
    read_images,
    read_labels,
    splits_of,
    training_split,
    write_images,
)


@pytest.fixture
def path(tmp_path):
    with writing(tmp_path / "images.h5") as file:
        file["train/images"] = np.arange(12, dtype=np.uint8).reshape(3, 2, 2)
        file["train/labels"] = np.array([3, 4, 3], np.uint8)
        file["test/images"] = np.zeros((1, 2, 2), np.uint8)
    return tmp_path / "images.h5"


def test_datasets_without_classes_have_no_labels(path):
    assert read_images(path, "train")[:2].tolist() == [[[0, 1], [2, 3]], [[4, 5], [6, 7]]]
    assert read_labels(path, "train").tolist() == [3, 4, 3]
    assert read_labels(path, "test") is None
    assert read_class_names(path) is None
    assert count_images(path, "test") == 1


@pytest.mark.parametrize("rows", [[], [1], [2, 0], [1, 1, 0, 2, 1]])
def test_images_come_in_the_order_that_they_are_asked_for(path, rows):
    rows = np.array(rows, int)
    np.testing.assert_array_equal(read_images(path, "train", rows), read_images(path, "train")[rows])


def test_slice_of_the_images(path):
    np.testing.assert_array_equal(read_images(path, "train", slice(1, 9)), read_images(path, "train")[1:])


@pytest.mark.parametrize("read", [read_images, read_labels, count_images])
def test_unreadable_file_is_told_in_one_line(tmp_path, read):
    path = tmp_path / "X.h5"
    with pytest.raises(InputError, match=r"X.h5 does not exist"):
        read(path, "test")
    path.write_bytes(b"<html>")
    with pytest.raises(InputError, match=r"X.h5 is damaged .*; delete it"):
        read(path, "test")
    with writing(path) as file:
        file["x"] = [0]
    with pytest.raises(InputError, match=r"X.h5 is not of this workflow.*; move it away") as error:
        read(path, "test")
    assert "\n" not in str(error.value)


def test_dataset_that_is_one_whole(tmp_path):
    pixels = np.arange(32, dtype=np.uint8).reshape(2, 1, 4, 4)
    dataset = Dataset(
        {"all": 2},
        side=4,
        colours=False,
        class_names=["a", "b"],
        batches=iter([Batch("all", 0, pixels, np.array([0, 1]))]),
    )
    path = tmp_path / "images.h5"
    write_images(path, dataset, origin="x", source="x")
    assert splits_of(path) == ["all"]
    assert training_split(path) == "all"
    description = read_description(path)
    assert (description["n"], description["shape"]) == ({"all": 2}, (4, 4))
    assert description["classes"] == {"a": 1, "b": 1}
    with pytest.raises(InputError, match=r"has no split test, but all; set clustering.splits to that"):
        count_images(path, "test")
