"""Classes in the columns of a table."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.base.errors import InputError
from lib.data.label_columns import read_label_columns


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_the_first_column_comes_first_and_names_are_no_classes(tmp_path):
    path = write(tmp_path / "labels.csv", "\ufefftopic,id,language\nart,a,de\nsport,b,de\nart,c,en\n")
    found = read_label_columns(path, name_column="id")
    assert (found.n, found.names, list(found.labellings)) == (3, ["a", "b", "c"], ["topic", "language"])
    assert found.labellings["topic"].labels.tolist() == [0, 1, 0]
    assert found.labellings["language"].names == ["de", "en"]
    assert list(read_label_columns(path, ["language"]).labellings) == ["language"]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("values", [[10, 9, 10], ["b", "a", "b"], [True, False, True], ["NA", "None", "NA"]])
def test_classes_of_any_type_are_in_order(tmp_path, suffix, values):
    frame, path = pd.DataFrame({"class": values}), tmp_path / f"labels{suffix}"
    frame.to_csv(path, index=False) if suffix == ".csv" else frame.to_parquet(path)
    found = read_label_columns(path).labellings["class"]
    assert found.names == [str(value) for value in sorted(set(values))]
    assert [found.names[label] for label in found.labels] == list(map(str, values))


@given(st.lists(st.integers(0, 5), min_size=7, max_size=30))
def test_numpy_files_and_whole_numbers_as_floats(tmp_path_factory, values):
    path = tmp_path_factory.getbasetemp() / "labels.npy"
    np.save(path, np.array(values, float)[:, None])
    found = read_label_columns(path).labellings["class"]
    assert [int(found.names[label]) for label in found.labels] == values
    assert list(map(int, found.names)) == sorted(set(values))


BAD = {
    "no such column": ("a,b\n1,1\n1,2\n", {"class_columns": ["c"]}, "has no column 'c'; its columns are: a, b"),
    "no class": (
        "a,b\n1,1\n,2\n1,3\n",
        {"class_columns": ["a"]},
        "1 rows have nothing in the column 'a', the first is row 1",
    ),
    "no name": ("a,b\n1,x\n2,\n1,z\n", {"name_column": "b"}, "1 rows have nothing in the column 'b'"),
    "doubled names": (
        "a,b\n1,x\n2,y\n1,x\n",
        {"name_column": "b"},
        "1 names occur more than once, the first is 'x'",
    ),
    "texts": ("a,b\n1,x\n1,y\n2,z\n", {}, "the column 'b' has 3 values in 3 rows, which are no classes"),
    "fractions": ("a\n0.5\n1\n1\n", {}, "the column 'a' holds 0.5, which is no class"),
    "no rows": ("a,b\n", {}, "has no rows"),
    "empty": ("", {}, "cannot be read as a table of classes"),
}


@pytest.mark.parametrize(("text", "options", "words"), BAD.values(), ids=BAD.keys())
def test_tables_that_are_refused(tmp_path, text, options, words):
    path = write(tmp_path / "labels.csv", text)
    with pytest.raises(InputError) as error:
        read_label_columns(path, **options)
    assert str(error.value).startswith(f"{path}")
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_other_files_are_refused(tmp_path):
    np.save(tmp_path / "objects.npy", np.array([{}, {}], object), allow_pickle=True)
    for name, words in {
        "missing.csv": "No such file",
        "labels.txt": r"the name should end in .csv, .parquet, .npy",
        "objects.npy": r"holds Python objects, which are never loaded; save `\.astype\(str\)`",
    }.items():
        (tmp_path / "labels.txt").touch()
        with pytest.raises(InputError, match=words):
            read_label_columns(tmp_path / name)
