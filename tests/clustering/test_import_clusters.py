"""The script import_clusters.py: which label goes to which image."""

from argparse import Namespace

import h5py
import numpy as np
import pandas as pd
import pytest

import import_clusters
from lib.base.errors import InputError
from lib.clustering.clusters_file import read_cluster_names, read_clusters

NAMES = {split: [f"{split}/{i}.png" for i in range(n)] for split, n in (("train", 7), ("test", 5))}
ALL_NAMES = [name for names in NAMES.values() for name in names]
VALUES = np.arange(12) % 4 + 9
RNG = np.random.default_rng(0)


@pytest.fixture
def arguments(tmp_path):
    """Those for the test images, of a file of all images without names."""
    with h5py.File(tmp_path / "images.h5", "w") as file:
        for split, names in NAMES.items():
            file[f"{split}/images"] = np.zeros((len(names), 2, 2), np.uint8)
            file[f"{split}/files"] = names
    args = {"images": tmp_path / "images.h5", "split": "test", "source": tmp_path / "x.csv", "all_splits": True}
    args |= {"key": None, "files": None, "file_column": None, "run": 3, "out": tmp_path / "out.h5"}
    return Namespace(**args)


def check(args, values=VALUES):
    import_clusters.main(args)
    names = read_cluster_names(args.out)
    assert [int(names[label]) for label in read_clusters(args.out)] == values[7:].tolist()
    with h5py.File(args.out) as file:
        assert file.attrs["seed"] == 3


def test_rows_in_the_order_of_all_images(arguments):
    pd.DataFrame({"cluster": VALUES}).to_csv(arguments.source, index=False)
    check(arguments)


def test_rows_of_one_split(arguments):
    pd.DataFrame({"cluster": VALUES[7:]}).to_csv(arguments.source, index=False)
    arguments.all_splits = False
    check(arguments)


@pytest.mark.parametrize("how", ["a column", "a file"])
def test_rows_by_file_name(arguments, how):
    order = RNG.permutation(12)
    names = [ALL_NAMES[i] for i in order]
    frame = pd.DataFrame({"cluster": VALUES[order]})
    if how == "a column":
        arguments.file_column = "file"
        frame["file"] = names
    else:
        arguments.files = arguments.source.with_name("names.txt")
        arguments.files.write_text("\n".join(names) + "\n")
    frame.to_csv(arguments.source, index=False)
    check(arguments)


def test_clusters_without_an_image_of_the_split_are_left_out(arguments):
    values = np.where(np.arange(12) < 7, 0, VALUES)
    values[-1] = -1
    pd.DataFrame({"cluster": values}).to_csv(arguments.source, index=False)
    import_clusters.main(arguments)
    assert read_cluster_names(arguments.out) == ["9", "10", "11", "12"]
    assert read_clusters(arguments.out).tolist() == [3, 0, 1, 2, -1]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (ALL_NAMES[:-1], r"no row has the name test/4\.png \(1 of "),
        ([*ALL_NAMES, "test/9.png"], "names that are not wanted: test/9.png"),
        ([*ALL_NAMES, "test/3.png"], "more than one row has the name test/3.png"),
    ],
    ids=["missing", "extra", "doubled"],
)
def test_names_that_do_not_fit(arguments, names, words):
    pd.DataFrame({"file": names, "cluster": np.arange(len(names)) % 3}).to_csv(arguments.source, index=False)
    arguments.file_column = "file"
    with pytest.raises(InputError, match=rf"x\.csv: .*{words}"):
        import_clusters.main(arguments)


def test_the_row_that_is_refused_is_that_of_the_file(arguments):
    pd.DataFrame({"cluster": [*VALUES[:-1], 1.5]}).to_csv(arguments.source, index=False)
    with pytest.raises(InputError, match=r"row 11 \(the first is 0\) has the label 1\.5"):
        import_clusters.main(arguments)
