"""Features that were made elsewhere: no row is matched by luck, and every kind of file gives the same numbers."""

import json
import re
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import StandardScaler, normalize

from lib.base.errors import InputError
from lib.data.dataset import LabelColumns
from lib.data.formats import Source, open_digits
from lib.data.images_file import write_images, write_rows
from lib.features import external
from lib.features.array_file import open_table, read_column, read_names
from lib.features.external import blocks, match_names, moments, normalized, rows_of_splits, take
from lib.features.features_file import read_features

RNG = np.random.default_rng(0)
X = RNG.normal(size=(30, 5)) * [1, 10, 0.1, 5, 3] + 7
NAMES = [f"folder {i % 3}/ä {i}.png" for i in range(30)]


@given(st.permutations(range(12)), st.data())
def test_rows_follow_their_names(order, data):
    names = [NAMES[i] for i in order]
    wanted = data.draw(st.permutations(names))
    assert [names[i] for i in match_names(names, wanted)] == list(wanted)


@pytest.mark.parametrize(
    ("names", "wanted", "words"),
    [
        (["a", "b", "a", "a"], ["a", "b"], r"more than one row has the name a \(1 of 2 names\)"),
        (["a"], ["a", "b", "c"], r"no row has the name b, c \(2 of 3 names\)"),
        (["a", *"vwxyz"], ["a"], r"names that are not wanted: v, w, x, … \(5 of 6 names\)"),
        (
            ["A.png"],
            ["a.png"],
            r"no row has the name a\.png \(1 of 1 names\); and rows have names that are not wanted: A\.png",
        ),
        (["photos/a.png"], ["a.png"], r"no row has the name a\.png .*: photos/a\.png"),
    ],
)
def test_names_that_do_not_fit(names, wanted, words):
    with pytest.raises(ValueError, match=words):
        match_names(names, wanted)


@given(st.permutations(range(30)), st.integers(1, 30))
def test_rows_in_any_order_from_memory_and_from_a_file(order, n):
    order = np.array(order[:n])
    np.testing.assert_array_equal(take(X, order), X[order])


def test_rows_of_an_open_file(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"] = X
        for order in (np.arange(4, 9), np.array([8, 2, 5]), np.array([3])):
            np.testing.assert_array_equal(take(file["x"], order), X[order])


@pytest.mark.parametrize("at_once", [1, 3 * 5 * 8, 2**26])
def test_scaling_is_that_of_scikit_learn(monkeypatch, at_once):
    monkeypatch.setattr(external, "BYTES_AT_ONCE", at_once)
    order, train = np.array([4, 0, 29]), np.arange(20)
    scaler = StandardScaler().fit(X[train])
    expected = {"none": X[order], "l2": normalize(X[order]), "standardize": scaler.transform(X[order])}
    fit = moments(X, train)
    for how, rows in expected.items():
        found = np.concatenate(list(normalized(X, order, how, fit)))
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, rows, rtol=1e-6, atol=1e-6)


def test_columns_that_do_not_vary_are_centred_alone():
    mean, deviation = moments(np.full((4, 2), 3.0), np.arange(4))
    assert (mean.tolist(), deviation.tolist()) == ([3.0, 3.0], [1.0, 1.0])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e39])
def test_values_that_are_not_finite_in_float32(value):
    bad = X.copy()
    bad[17, 2] = value
    with pytest.raises(ValueError, match=r"row 17 has a value that is not finite in column 2"):
        list(blocks(bad, np.arange(30)))


def test_a_row_without_length():
    bad = X.copy()
    bad[17] = 0
    with pytest.raises(ValueError, match=r"row 17 \(the first is 0\) is all zeros"):
        list(normalized(bad, np.arange(29, -1, -1), "l2"))
    for scale in (1e-30, 1e30):
        (rows,) = normalized(X * scale, np.arange(30), "l2")
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-6)


def write(folder, kind, rows, names):
    """A file of each kind, and how to read it."""
    path = folder / f"x.{kind.partition(' ')[0]}"
    columns = pd.DataFrame(rows).rename(columns=str)
    lists = pd.DataFrame({"embedding": list(rows), "file": names})
    match kind:
        case "npy":
            np.save(path, rows)
            return path, {}
        case "npz":
            np.savez(path, rows=rows, names=names)
            return path, {"names_key": "names"}
        case "npz with a key":
            np.savez(path, rows=rows, other=rows + 1, names=names)
            return path, {"key": "rows", "names_key": "names"}
        case "h5" | "hdf5":
            with h5py.File(path, "w") as file:
                file["deep/rows"], file["names"] = rows, names
            return path, {"names_key": "names"}
        case "parquet":
            columns.assign(file=names).to_parquet(path)
            return path, {"names_key": "file"}
        case "parquet of lists":
            lists.to_parquet(path)
            return path, {"names_key": "file"}
        case "csv":
            columns.assign(file=names).to_csv(path, index=False)
            return path, {"names_key": "file"}
        case "csv of lists":
            lists.assign(embedding=[json.dumps(row.tolist()) for row in rows]).to_csv(path, index=False)
            return path, {"key": "embedding", "names_key": "file"}


KINDS = ["npy", "npz", "npz with a key", "h5", "hdf5", "parquet", "parquet of lists", "csv", "csv of lists"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i4"])
def test_every_kind_of_file_holds_the_same(tmp_path, kind, dtype):
    rows = X.astype(dtype)
    path, how = write(tmp_path, kind, rows, NAMES)
    with open_table(path, **how) as table:
        found = np.concatenate(list(blocks(table.rows, np.arange(30))))
        # As text, float16 has the digits that tell it from others.
        precision = {"f2": 1e-3, "f4": 1e-6}.get(dtype, 1e-15) if kind == "csv" else 1e-15
        np.testing.assert_allclose(found, rows.astype(float), rtol=precision)
        assert table.names == (None if kind == "npy" else NAMES)


INDEX = {"Unnamed: 0": "csv", "__index_level_0__": "csv", "id": "csv", "row": "parquet"}


@pytest.mark.parametrize("column", INDEX)
@pytest.mark.parametrize("shuffled", [False, True])
def test_a_column_that_numbers_the_rows_is_no_feature(tmp_path, column, shuffled):
    numbers = np.random.default_rng(0).permutation(30) if shuffled else np.arange(30)
    frame = pd.DataFrame(X).rename(columns=str)
    frame.insert(0, column, numbers + 1)
    path = tmp_path / f"x.{INDEX[column]}"
    frame.to_csv(path, index=False) if path.suffix == ".csv" else frame.to_parquet(path)
    with pytest.raises(InputError, match=f"the column '{column}' numbers the rows"), open_table(path):
        pass
    with open_table(path, names_key=column) as table:
        assert table.rows.shape == (30, 5)


def test_the_index_of_a_saved_frame(tmp_path):
    frame = pd.DataFrame(X).rename(columns=str)
    frame.to_parquet(tmp_path / "counts.parquet")
    frame[frame["0"] > 0].to_parquet(tmp_path / "some.parquet")
    for name in ("counts", "some"):
        with open_table(tmp_path / f"{name}.parquet") as table:
            assert table.rows.shape[1] == 5
    frame.set_axis(pd.Index(NAMES, name="file")).to_parquet(tmp_path / "names.parquet")
    with open_table(tmp_path / "names.parquet", names_key="file") as table:
        assert table.names == NAMES
    frame.sample(frac=1, random_state=0).to_parquet(tmp_path / "shuffled.parquet")
    with pytest.raises(InputError, match="'index' numbers the rows"), open_table(tmp_path / "shuffled.parquet"):
        pass
    frame[frame["0"] > 0].to_csv(tmp_path / "some.csv")
    with pytest.raises(InputError, match="'Unnamed: 0' numbers the rows"), open_table(tmp_path / "some.csv"):
        pass


def save_beside(folder, kind, names, lists):
    """A file of rows of the images in the order of `lists`, with something beside them."""
    path = folder / f"x.{kind}"
    rows = X[lists]
    match kind:
        case "npz":
            np.savez(path, vec=rows, beside=names)
        case "h5":
            with h5py.File(path, "w") as file:
                file["vec"] = rows
                file["beside"] = list(map(str, names)) if names.dtype.kind == "U" else names
        case "csv":
            texts = [json.dumps(row.tolist()) for row in rows]
            pd.DataFrame({"vec": texts, "beside": names}).to_csv(path, index=False)
        case "parquet":
            pd.DataFrame({"vec": list(rows), "beside": names}).to_parquet(path)
    return path


@pytest.mark.parametrize("kind", ["npz", "h5", "csv", "parquet"])
def test_names_that_nobody_named_are_never_passed_over(tmp_path, kind):
    named, bare = tmp_path / "named.h5", tmp_path / "bare.h5"
    write_rows(named, LabelColumns(30, [f"{name}.x" for name in NAMES], {}), source="x")
    write_rows(bare, LabelColumns(30, None, {}), source="x")
    shuffled, in_order = np.random.default_rng(0).permutation(30), np.arange(30)
    names = np.array([f"{name}.x" for name in NAMES])
    refused = [
        (named, names[shuffled], shuffled),
        (named, np.array([f"text {i}" for i in range(30)]), in_order),  # may be names of another kind
        (named, np.array([*names[:29], names[0]]), in_order),
        (bare, shuffled + 1, shuffled),
        (named, shuffled, shuffled),
    ]
    for images, beside, order in refused:
        with open_table(save_beside(tmp_path, kind, beside, order), key="vec") as table:
            with pytest.raises(ValueError, match="the column 'beside' may say which row is whose"):
                rows_of_splits(images, ["all"], 30, table.names, table.unread)
            rows_of_splits(images, ["all"], 30, list(names) if images == named else None)
    taken = [
        (named, names, in_order),
        (named, in_order, in_order),
        (named, np.array([f"group {i % 3}" for i in range(30)]), in_order),
        (named, shuffled / 7, in_order),
        (bare, names, in_order),  # as texts beside their embeddings
        (bare, 10 * shuffled, in_order),
    ]
    for images, beside, order in taken:
        with open_table(save_beside(tmp_path, kind, beside, order), key="vec") as table:
            orders = rows_of_splits(images, ["all"], 30, table.names, table.unread)
            assert orders["all"].tolist() == list(range(30))


def test_names_that_pandas_would_take_for_missing(tmp_path):
    pd.DataFrame({"file": ["NA", "nan", ""], "x": [1, 2, 3]}).to_csv(tmp_path / "x.csv", index=False)
    with open_table(tmp_path / "x.csv", names_key="file") as table:
        assert table.names == ["NA", "nan", ""]


def save_pickled(path):
    np.save(path, np.array([{"a": 1}], dtype=object))


@pytest.mark.parametrize(
    ("name", "save", "how", "words"),
    [
        ("x.npy", save_pickled, {}, "holds Python objects, which are never loaded"),
        ("x.npy", lambda path: path.write_bytes(b"nothing"), {}, r"x\.npy cannot be read"),
        (
            "x.npy",
            lambda path: np.save(path, np.zeros(5)),
            {},
            r"an array of shape \(5,\) and type float64; rows",
        ),
        ("x.npy", lambda path: np.save(path, np.zeros((0, 5))), {}, r"shape \(0, 5\)"),
        ("x.npy", lambda path: np.save(path, np.full((2, 2), "a")), {}, "type <U1"),
        ("x.npy", lambda path: np.save(path, np.zeros((2, 2))), {"key": "a"}, "leave out `key`"),
        ("x.npz", lambda path: np.savez(path, a=X, b=X), {}, "name the one to read as `key`, and .*: a, b"),
        ("x.npz", lambda path: np.savez(path, a=X), {"key": "c"}, "has no 'c'; name one of these as `key`: a"),
        ("x.npz", lambda path: np.savez(path, a=X, n=["b"]), {"names_key": "n"}, "30 rows, and names of 1"),
        (
            "x.npz",
            lambda path: np.savez(path, a=X, n=["b"]),
            {"names_key": "m"},
            "has no 'm'; name one of these as `file_column`: a, n",
        ),
        ("x.h5", lambda path: path.write_bytes(b"nothing"), {}, r"x\.h5 cannot be read"),
        ("x.parquet", lambda path: path.write_bytes(b"nothing"), {}, r"x\.parquet cannot be read"),
        ("x.csv", lambda path: path.write_text("a,b\n1,x\n"), {}, "the column 'b' is not of numbers; name"),
        (
            "x.csv",
            lambda path: path.write_text('a\n[1]\n"[1,2]"\n'),
            {"key": "a"},
            "not every row of the column 'a'",
        ),
        ("x.csv", lambda path: path.write_text(""), {}, r"x\.csv cannot be read: No columns"),
        ("x.txt", lambda path: path.write_text(""), {}, r"the name should end in \.npy, \.npz"),
        ("x.npy", lambda path: None, {}, "No such file"),
    ],
)
def test_files_that_hold_something_else(tmp_path, name, save, how, words):
    save(tmp_path / name)
    with pytest.raises(InputError, match=words), open_table(tmp_path / name, **how):
        pass


def test_a_list_of_file_names(tmp_path):
    path = tmp_path / "files.txt"
    path.write_bytes("\ufeffa.png\r\nb\u2028c.png\r\n".encode())
    assert read_names(path) == ["a.png", "b\u2028c.png"]
    path.write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(InputError, match="no text in UTF-8"):
        read_names(path)
    with pytest.raises(InputError, match="No such file"):
        read_names(tmp_path / "missing.txt")


def test_the_program_of_the_docs_runs(tmp_path):
    text = (Path(__file__).parents[2] / "docs" / "external.md").read_text()
    (program,) = re.findall(r"```python\n(# my_features\.py\n.*?)```", text, re.DOTALL)
    (tmp_path / "my_features.py").write_text(program)
    images = tmp_path / "images.h5"
    write_images(images, open_digits(Source(Path())), origin="digits", source="scikit-learn")
    command = [sys.executable, "my_features.py", "--images", images, "--split", "test", "--out", "features.h5"]
    subprocess.run(command, cwd=tmp_path, check=True)
    assert read_features(tmp_path / "features.h5").shape == (500, 31)


LABELS = np.arange(30) % 4 - 1


def write_column(folder, kind, values):
    path = folder / f"x.{kind.partition(' ')[0]}"
    frame = pd.DataFrame({"cluster": values})
    match kind:
        case "npy":
            np.save(path, values)
        case "npy of one column":
            path = folder / "x.npy"
            np.save(path, values[:, None])
        case "npz":
            np.savez(path, labels=values)
        case "h5":
            with h5py.File(path, "w") as file:
                file["labels"] = values
        case "csv":
            frame.to_csv(path, index=False)
        case "csv with names":
            frame.assign(file=NAMES).to_csv(path, index=False)
        case "parquet":
            frame.to_parquet(path)
    return path


@pytest.mark.parametrize("kind", ["npy", "npy of one column", "npz", "h5", "csv", "csv with names", "parquet"])
def test_a_column_of_labels_in_every_kind_of_file(tmp_path, kind):
    path = write_column(tmp_path, kind, LABELS)
    named = kind == "csv with names"
    values, names, unread = read_column(path, names_key="file" if named else None)
    assert unread == {}
    assert values.tolist() == LABELS.tolist()
    assert names == (NAMES if named else None)


def test_names_beside_a_column(tmp_path):
    shuffled = np.random.default_rng(0).permutation(30)
    for save in ("to_csv", "to_parquet"):
        getattr(pd.DataFrame({"file": NAMES, "number": shuffled, "cluster": LABELS}), save)(
            tmp_path / f"x.{save[3:]}"
        )
        assert set(read_column(tmp_path / f"x.{save[3:]}", key="cluster").unread) >= {"file", "number"}


def test_texts_in_a_column(tmp_path):
    texts = np.array([f"kind {i % 3}" for i in range(30)])
    for kind in ("csv", "parquet", "npy"):
        assert read_column(write_column(tmp_path, kind, texts))[0].tolist() == texts.tolist()


@pytest.mark.parametrize(
    ("save", "words"),
    [
        (lambda path: np.save(path / "x.npy", X), r"an array of shape \(30, 5\) .*; one value for each row"),
        (lambda path: np.save(path / "x.npy", np.zeros(0)), r"shape \(0,\)"),
        (lambda path: np.save(path / "x.npy", np.array(3)), r"shape \(\)"),
        (
            lambda path: (path / "x.csv").write_text("a,b\n1,2\n"),
            "several arrays or columns; name the one to read as `key`, and .* `file_column`: a, b",
        ),
        (lambda path: (path / "x.txt").write_text("1"), "the name should end in"),
    ],
)
def test_what_is_no_column(tmp_path, save, words):
    save(tmp_path)
    (path,) = tmp_path.iterdir()
    with pytest.raises(InputError, match=words):
        read_column(path)
