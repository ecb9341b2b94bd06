"""Images and classes of a NumPy file, and what is said of one that does not fit."""

import re

import numpy as np
import pytest
from PIL import Image

from lib.cli import InputError
from lib.npz import open_npz
from lib.splits import drawn_for_test

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
    _, found = read(save(tmp_path, x=x, y=y), test_fraction=0.3)
    test = np.array(drawn_for_test([str(i) for i in range(100)], 0.3, "x"))
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
    assert dataset.class_names == ["<b>", "ö", "unused"]


def test_class_of_one_split_only(tmp_path):
    x = {"x_train": images(3, 4, 4), "x_test": images(2, 4, 4)}
    dataset, _ = read(save(tmp_path, **x, y_train=np.array([0, 1, 0]), y_test=np.array([300, 0], np.uint16)))
    assert len(dataset.class_names) == 301


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
    "labels as floats": ({"x": X, "y": np.zeros(10)}, f"y {LABELS} float64 (10,)"),
    "one-hot labels": ({"x": X, "y": np.eye(10, dtype=int)}, f"y {LABELS} int64 (10, 10)"),
    "negative label": ({"x": X, "y": np.arange(10) - 1}, "y[0] is -1; classes are numbered from 0 to 65,535"),
    "huge label": ({"x": X, "y": np.arange(10) * 10**4}, "y[7] is 70000; classes are numbered from 0 to 65,535"),
    "too few names": (
        {"x": X, "y": np.arange(10), "class_names": np.array(["a", "b"])},
        "class_names has 2 names, and the labels go up to 9",
    ),
    "a name twice": (
        {"x": X, "y": np.arange(10) % 2, "class_names": np.array(["a", "a"])},
        "class_names should be different texts, (n_classes,), is <U1 (2,)",
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
