"""Images and classes of a NumPy file, and what is said of one that does not fit."""

import io
import re
import zipfile

import numpy as np
import pytest
from PIL import Image

from lib.base.errors import InputError
from lib.data.npz import choose, open_npz
from lib.data.splits import draw_splits

rng = np.random.default_rng(0)


def images(n, *shape):
    return rng.integers(0, 256, (n, *shape), np.uint8)


def read(path, side=None, test_fraction=0.2):
    """The dataset, and its pixels and labels by split."""
    dataset = open_npz(path, side=side, test_fraction=test_fraction)
    batches = {split: [] for split in ("train", "test")}
    for batch in dataset.batches:
        assert batch.start == sum(len(earlier.pixels) for earlier in batches[batch.split])
        batches[batch.split].append(batch)
    found = {}
    for split, parts in batches.items():
        pixels = np.concatenate([batch.pixels for batch in parts])
        assert len(pixels) == dataset.n_images[split]
        labels = None if parts[0].labels is None else np.concatenate([batch.labels for batch in parts])
        found[split] = pixels, labels
    return dataset, found


def save(tmp_path, **arrays):
    np.savez(tmp_path / "a.npz", **arrays)
    return tmp_path / "a.npz"


@pytest.mark.parametrize("shape", [(28, 28), (28, 28, 1), (32, 32, 3)])
@pytest.mark.parametrize("save_as", [np.savez, np.savez_compressed])
def test_splits_as_keras_has_them(tmp_path, shape, save_as):
    x = {"train": images(2100, *shape), "test": images(30, *shape)}
    y = {split: rng.integers(0, 10, (len(images), 1)) for split, images in x.items()}
    arrays = {f"x_{split}": x[split] for split in x} | {f"y_{split}": y[split] for split in x}
    save_as(tmp_path / "a.npz", **arrays)
    dataset, found = read(tmp_path / "a.npz")
    assert (dataset.side, dataset.colours) == (shape[0], shape[2:] == (3,))
    assert dataset.class_names == [str(i) for i in range(10)]
    for split, (pixels, labels) in found.items():
        np.testing.assert_array_equal(pixels, x[split].reshape(*x[split].shape[:3], -1).transpose(0, 3, 1, 2))
        np.testing.assert_array_equal(labels, y[split][:, 0])


def test_images_without_splits_are_drawn_for_them(tmp_path):
    x, y = images(100, 5, 5), rng.integers(0, 3, 100)
    dataset, found = read(save(tmp_path, x=x, y=y), test_fraction=0.3)
    assert dataset.arrangement == "The test images were drawn at random from x."
    test = np.array(draw_splits([str(i) for i in range(100)], 0.3, "x")) == "test"
    for split, rows in {"train": ~test, "test": test}.items():
        np.testing.assert_array_equal(found[split][0][:, 0], x[rows])
        np.testing.assert_array_equal(found[split][1], y[rows])
    assert len(found["test"][0]) == 30


def test_without_classes(tmp_path):
    dataset, found = read(save(tmp_path, x=images(10, 5, 5)))
    assert dataset.class_names is None
    assert found["train"][1] is None


@pytest.mark.parametrize("names", [np.array(["<b>", "ö", "unused"]), np.array([b"<b>", "ö".encode(), b"unused"])])
def test_class_names(tmp_path, names):
    dataset, _ = read(save(tmp_path, x=images(10, 5, 5), y=np.arange(10) % 2, class_names=names))
    assert dataset.class_names == ["<b>", "ö"]
    assert not dataset.unused


LABELS_OF_PEOPLE = {
    "from 1": ([1, 2, 10, 3], [10, 1], ["1", "2", "3", "10"]),
    "sparse": ([0, 500, 60000, 0], [500, 500], ["0", "500", "60000"]),
    "negative": ([-1, 1, -1, 1], [1, -1], ["-1", "1"]),
    "huge": ([2**62, 0, 0, 0], [-(2**63), 0], [str(-(2**63)), "0", str(2**62)]),
    "hashes": (
        np.array([2**64 - 1, 2**64 - 2, 1, 1], np.uint64),
        [-1, 1],
        ["-1", "1", str(2**64 - 2), str(2**64 - 1)],
    ),
    "of one split only": ([0, 1, 0, 0], np.array([300, 0], np.uint16), ["0", "1", "300"]),
    "whole floats": ([1.0, 2.0, -0.0, 2.0], np.array([2, 1], np.float16), ["0", "1", "2"]),
    "large floats": ([1e20, 0.0, 0.0, 0.0], [0, 1], ["0", "1", "100000000000000000000"]),
    "booleans": ([True, False, True, True], [False, True], ["False", "True"]),
    "texts": (["a cat", "dog", "Größe", "dog"], ["dog", "emu"], ["Größe", "a cat", "dog", "emu"]),
    "bytes": (np.array(["ö".encode(), b"b", b"b", b"b"]), ["b ", "a\n"], ["a", "b", "ö"]),
    "big-endian": (np.array([7, 3, 3, 3], ">i4"), np.array([3, 7], ">u2"), ["3", "7"]),
}


def as_class(value):
    """The name of a label's class."""
    if isinstance(value, bytes | str):
        return (value.decode() if isinstance(value, bytes) else value).strip()
    return str(value if isinstance(value, bool) else int(value))


@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
@pytest.mark.parametrize("case", LABELS_OF_PEOPLE)
def test_classes_are_the_labels_that_occur(tmp_path, case, shape):
    *labels, names = LABELS_OF_PEOPLE[case]
    y = {f"y_{split}": np.array(y).reshape(shape) for split, y in zip(("train", "test"), labels, strict=True)}
    dataset, found = read(save(tmp_path, x_train=images(4, 5, 5), x_test=images(2, 5, 5), **y))
    assert dataset.class_names == names
    for split in ("train", "test"):
        expected = [as_class(value) for value in y[f"y_{split}"].ravel().tolist()]
        assert [names[label] for label in found[split][1]] == expected


def test_class_names_are_looked_up_by_the_label(tmp_path):
    names = np.array([f"name {i}" for i in range(100_000)])
    y = np.array([99_999, 70, 70, 3])
    dataset, found = read(save(tmp_path, x=images(4, 5, 5), y=y, class_names=names), test_fraction=0.5)
    assert dataset.class_names == ["name 3", "name 70", "name 99999"]
    test = np.array(draw_splits([str(i) for i in range(4)], 0.5, "x")) == "test"
    assert [dataset.class_names[i] for i in found["test"][1]] == [f"name {label}" for label in y[test]]


def test_texts_are_names_already(tmp_path):
    dataset, _ = read(save(tmp_path, x=X, y=np.array(["b", "a"] * 5), class_names=np.array(["a", "b", "c"])))
    assert dataset.class_names == ["a", "b"]
    assert dataset.unused == ["class_names"]


@pytest.mark.parametrize("shape", [(20, 30), (30, 20, 1), (20, 30, 3)])
def test_other_side_as_pillow_makes_it(tmp_path, shape):
    x = images(10, *shape)
    dataset, found = read(save(tmp_path, x_train=x, x_test=x), side=8)
    assert dataset.side == 8
    top, left = (shape[0] - 20) // 2, (shape[1] - 20) // 2
    for image, pixels in zip(x, found["test"][0], strict=True):
        box = left, top, left + 20, top + 20
        expected = np.asarray(Image.fromarray(image.squeeze()).resize((8, 8), Image.Resampling.LANCZOS, box))
        np.testing.assert_array_equal(pixels.transpose(1, 2, 0), expected.reshape(8, 8, -1))


def test_splits_of_different_sizes_are_resized_to_one(tmp_path):
    _, found = read(save(tmp_path, x_train=images(3, 10, 10), x_test=images(2, 20, 30)), side=6)
    assert (found["train"][0].shape, found["test"][0].shape) == ((3, 1, 6, 6), (2, 1, 6, 6))


X = images(10, 5, 5)
IMAGES = "should be images, uint8 (n, height, width) or (n, height, width, 1 or 3), is"
LABELS = "should be whole numbers, (10,) or (10, 1) as there are images, is"
BAD = {
    "no images": ({"images": X}, "holds no x_train; its arrays are: images; there should be x_train and x_test"),
    "no test images": ({"x_train": X}, "holds no x_test; its arrays are: x_train"),
    "labels of one split": ({"x_train": X, "x_test": X, "y_train": np.arange(10)}, "holds no y_test"),
    "floats": ({"x": X / 255}, f"x {IMAGES} float64 (10, 5, 5)"),
    "rows": ({"x": X.reshape(10, 25)}, f"x {IMAGES} uint8 (10, 25)"),
    "two channels": ({"x": images(10, 5, 5, 2)}, f"x {IMAGES} uint8 (10, 5, 5, 2)"),
    "nothing": ({"x_train": X[:0], "x_test": X}, f"x_train {IMAGES} uint8 (0, 5, 5)"),
    "no squares": ({"x": images(10, 5, 6)}, "images of x are 5 x 6, no squares; set the `side`"),
    "two sizes": (
        {"x_train": X, "x_test": images(10, 6, 6)},
        "images of x_train are (5, 5), those of x_test (6, 6); they should be alike",
    ),
    "gray and colour": ({"x_train": X, "x_test": images(10, 5, 5, 3)}, "those of x_test (5, 5, 3)"),
    "label too few": ({"x": X, "y": np.arange(9)}, f"y {LABELS} int64 (9,)"),
    "no whole numbers": ({"x": X, "y": np.arange(10) / 2}, "y[1] is 0.5; labels should be whole numbers or texts"),
    "missing labels": ({"x": X, "y": np.array([0, np.nan] * 5)}, "y[1] is nan; labels should be whole numbers"),
    "complex labels": ({"x": X, "y": np.zeros(10, complex)}, f"y {LABELS} complex128 (10,)"),
    "one-hot labels": (
        {"x": X, "y": np.eye(10, dtype=int)},
        f"y {LABELS} int64 (10, 10); of one-hot labels take the argmax",
    ),
    "numbers and texts": (
        {"x_train": X, "x_test": X, "y_train": np.arange(10), "y_test": np.array(["a"] * 10)},
        "one of y_train and y_test is of numbers, the other of texts",
    ),
    "labels in Latin-1": (
        {"x": X, "y": np.array(["é".encode("latin-1")] * 10)},
        "y holds a text that is no UTF-8",
    ),
    "labels that are no characters": (
        {"x": X, "y": np.full(10, 0x7FFFFFFF, np.uint32).view("U1")},
        "y holds a text that is no UTF-8",
    ),
    "blank label": ({"x": X, "y": np.array(["a", " "] * 5)}, "the label '' has a blank name; give it another"),
    "blank name": (
        {"x": X, "y": np.arange(10) % 2, "class_names": np.array(["a", ""])},
        "the label 1 has a blank name; give it another",
    ),
    "too few names": (
        {"x": X, "y": np.arange(10), "class_names": np.array(["a", "b"])},
        "class_names has 2 names, and the labels go up to 9; the first name is that of label 0",
    ),
    "names for labels from 1": (
        {"x": X, "y": np.arange(10) + 1, "class_names": np.array([*"abcdefghij"])},
        "class_names has 10 names, and the labels go up to 10",
    ),
    "names for negative labels": (
        {"x": X, "y": np.arange(10) - 1, "class_names": np.array([*"abcdefghij"])},
        "class_names has 10 names, and the labels go down to -1",
    ),
    "a name twice": (
        {"x": X, "y": np.arange(10) % 2, "class_names": np.array(["a", "a"])},
        "class_names should be different texts, (n_classes,), is <U1 (2,) with 'a' more than once",
    ),
    "unused objects": ({"images": np.array([None])}, "holds no x_train; its arrays are: images"),
    "objects": ({"x": X, "y": np.array([None] * 10)}, "its array y cannot be read (Object arrays"),
    "one image": ({"x": X[:1]}, "too few images to split: of 1, a `test_fraction` of 0.2 makes 0 test images"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_arrays(tmp_path, case):
    arrays, line = BAD[case]
    path = save(tmp_path, **arrays)
    with pytest.raises(InputError, match=re.escape(line)) as error:
        read(path)
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)


NOT_NAMED_AS_LABELS = {
    ("x", "labels"): "y",
    ("x", "Y"): "y",
    ("x", "y_train"): "y",
    ("x", "y_train", "y_test"): "y",
    ("x", "target", "class_names"): "y",
    ("x", "class_ids"): "y",
    ("x", "trainLabels"): "y",
    ("x", "arr_0"): "y",
    ("x_train", "x_test", "y"): "y_train and y_test",
    ("x_train", "x_test", "Y_train", "Y_test"): "y_train and y_test",
    ("x_train", "x_test", "train_labels", "test_labels"): "y_train and y_test",
}


@pytest.mark.parametrize("names", NOT_NAMED_AS_LABELS)
def test_labels_that_are_not_named_so(names):
    others = [name for name in names if not name.startswith("x") and name != "class_names"]
    x = " and ".join(name for name in names if name.startswith("x"))
    line = f"a.npz holds {', '.join(others)}; labels of {x} should be named {NOT_NAMED_AS_LABELS[names]}; give"
    with pytest.raises(InputError, match=re.escape(line)):
        choose("a.npz", [*names])


@pytest.mark.parametrize(
    "names", [("images", "labels"), ("X", "Y"), ("X_train", "X_test"), ("arr_0", "arr_1"), ("data/x", "data/y")]
)
def test_images_that_are_not_named_so(names):
    with pytest.raises(InputError, match=f"holds no x_train; its arrays are: {', '.join(names)}; there should be"):
        choose("a.npz", [*names])


@pytest.mark.parametrize("names", [("x", "x_train"), ("x", "x_test", "y"), ("x", "x_train", "x_test", "y_train")])
def test_images_of_both_kinds(names):
    images = " and ".join(name for name in names if name.startswith("x"))
    with pytest.raises(InputError, match=f"holds {images}; there should be x_train and x_test, .* or x, "):
        choose("a.npz", [*names])


@pytest.mark.parametrize(
    ("used", "unused"),
    [
        ({"x"}, ["class_names", "weights", "files", "class_weights", "label_names", "year"]),
        ({"x", "y", "class_names"}, ["y_train", "labels", "ids", "X"]),
        ({"x_train", "x_test", "y_train", "y_test"}, ["x_val", "y_val", "y", "fine_labels"]),
    ],
)
def test_what_is_not_used_is_named_and_may_be_anything(tmp_path, used, unused):
    arrays = {name: X if name[0] == "x" else np.arange(10) for name in used - {"class_names"}}
    arrays |= {"class_names": np.array([*"abcdefghij"])} if "class_names" in used else {}
    dataset, _ = read(save(tmp_path, **arrays, **dict.fromkeys(unused, np.array([None]))))
    assert dataset.unused == unused


def test_many_names_are_a_short_line():
    with pytest.raises(InputError, match=r"its arrays are: a0, .*, a19 and 9,980 more; there") as error:
        choose("a.npz", [f"a{i}" for i in range(10_000)])
    assert len(str(error.value)) < 500


def member(array, **how):
    file = io.BytesIO()
    np.save(file, array, **how)
    return file.getvalue()


def zipped(path, members):
    """Write a zip file; members are pairs of a name and bytes."""
    with zipfile.ZipFile(path, "w") as file:
        for name, data in members:
            file.writestr(name, data)
    return path


def changed(path, offset, value):
    """Give the first member's header another byte, in both places where zip files have it."""
    data = bytearray(path.read_bytes())
    for start in (data.index(b"PK\x03\x04") + offset, data.index(b"PK\x01\x02") + offset + 2):
        data[start] = value
    path.write_bytes(data)


def test_arrays_in_other_orders_and_versions(tmp_path):
    """As other writers make them: columns first, in zip64, with a header of version 2."""
    x = np.asfortranarray(images(10, 5, 5, 3))
    header = io.BytesIO()
    np.lib.format.write_array(header, x, version=(2, 0))
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_LZMA) as file:
        with file.open("x_train.npy", "w", force_zip64=True) as stream:
            stream.write(header.getvalue())
        file.writestr("x_test.npy", member(x[::2]))
    _, found = read(tmp_path / "a.npz")
    np.testing.assert_array_equal(found["train"][0].transpose(0, 2, 3, 1), x)
    np.testing.assert_array_equal(found["test"][0].transpose(0, 2, 3, 1), x[::2])


GIANT = member(X).replace(b"(10, 5, 5), }" + 14 * b" ", b"(1000000000, 500000, 5), }" + b" ")
ODD_MEMBERS = {
    "encrypted": ({"change": (6, 1)}, "array x cannot be read (File 'x.npy' is encrypted"),
    "compressed by zstd": ({"change": (8, 93)}, "array x cannot be read ("),
    "of no known method": ({"change": (8, 77)}, "array x cannot be read ("),
    "for a later version": ({"change": (4, 99)}, "it is no NumPy .npz file, or is cut off (zip file version 9.9)"),
    "wrong checksum": ({"change": (14, 1)}, "array x cannot be read (Bad CRC-32"),
    "twice": ({"members": [("x.npy", member(X)), ("x.npy", member(X))]}, "holds x twice"),
    "with and without suffix": ({"members": [("x.npy", member(X)), ("x", member(X))]}, "holds x twice"),
    "no array": ({"members": [("x", b"some text")]}, "array x cannot be read ("),
    "empty": ({"members": [("x.npy", b"")]}, "array x cannot be read ("),
    "cut off": ({"members": [("x.npy", member(X)[:-1])]}, "array x cannot be read ("),
    "more than its shape": ({"members": [("x.npy", member(X) + b"1")]}, "it goes on after the last value"),
    "giant shape": ({"members": [("x.npy", GIANT)]}, "array x cannot be read, there is not enough memory ("),
    "shape beyond numbers": (
        {"members": [("x.npy", GIANT.replace(b"1000000000, 500000", b"9223372036854775807"))]},
        "array x cannot be read",
    ),
    "broken header": ({"members": [("x.npy", member(X).replace(b"{", b"("))]}, "array x cannot be read ("),
    "header of no text": ({"members": [("x.npy", member(X).replace(b"descr", b"\xff\n\0\n("))]}, "array x cannot"),
    "endless header": (
        {"members": [("x.npy", b"\x93NUMPY\x02\x00\x40\x42\x0f\x00" + b" " * 10**6)]},
        "array x cannot be read (",
    ),
    "pickle": ({"members": [("x.npy", member(np.array([None] * 10), allow_pickle=True))]}, "Python objects, or"),
}


@pytest.mark.parametrize("case", ODD_MEMBERS)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_odd_members_are_the_users_line(tmp_path, case):
    how, line = ODD_MEMBERS[case]
    path = zipped(tmp_path / "a.npz", how.get("members", [("x.npy", member(X))]))
    if "change" in how:
        changed(path, *how["change"])
    with pytest.raises(InputError, match=re.escape(line)) as error:
        read(path)
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < len(str(path)) + 500


@pytest.mark.parametrize("case", ["encrypted", "compressed by zstd", "wrong checksum"])
def test_odd_members_that_are_not_used_do_not_matter(tmp_path, case):
    path = zipped(tmp_path / "a.npz", [("other.npy", member(X)), ("x.npy", member(X))])
    changed(path, *ODD_MEMBERS[case][0]["change"])
    dataset, _ = read(path)
    assert dataset.unused == ["other"]


def test_any_byte_that_is_wrong(tmp_path):
    """The file is read as it was, or refused; nothing else is raised."""
    path = save(tmp_path, x=X, y=np.arange(10))
    data = path.read_bytes()
    for place in range(0, len(data), 3):
        path.write_bytes(data[:place] + bytes([data[place] ^ 255]) + data[place + 1 :])
        try:
            _, found = read(path)
        except InputError:
            continue
        pixels = np.concatenate([found[split][0] for split in found])
        assert sorted(pixels.reshape(10, -1).tolist()) == sorted(X.reshape(10, -1).tolist()), place


@pytest.mark.parametrize("case", ["cut off", "flipped", "web page", "one array", "pickle", "empty"])
def test_bad_file(tmp_path, case):
    path = save(tmp_path, x=X, y=np.arange(10))
    data = path.read_bytes()
    if case == "cut off":
        path.write_bytes(data[:-200])
    elif case == "flipped":
        path.write_bytes(data[:200] + bytes([data[200] ^ 255]) + data[201:])
    elif case == "one array":
        with path.open("wb") as file:
            np.save(file, X)
    else:
        path.write_bytes({"web page": b"<html>", "pickle": b"\x80\x04N.", "empty": b""}[case])
    with pytest.raises(
        InputError, match=r"(it is no NumPy .npz file, or is cut off|array x cannot be read) \(.+\); "
    ):
        read(path)


def test_missing_file(tmp_path):
    with pytest.raises(InputError, match=r"a.npz does not exist"):
        read(tmp_path / "a.npz")
