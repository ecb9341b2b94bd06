"""What prepare_images.py writes of each kind of dataset, and the lines that it refuses one with."""

import io
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image

from lib.base.errors import InputError
from lib.data.grayscale import to_gray
from lib.data.images_file import read_labels

SCRIPT = Path(__file__).parents[2] / "scripts" / "prepare_images.py"
rng = np.random.default_rng(0)


def prepare_images(tmp_path, *options):
    """Run the script; its exit code and the lines that it says."""
    command = [sys.executable, SCRIPT, *map(str, options), "--out", tmp_path / "results" / "images.h5"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr.splitlines()


def refused(tmp_path, *options):
    """Run the script; the line of its error. It leaves no file."""
    code, lines = prepare_images(tmp_path, *options)
    assert code == 1
    assert not (tmp_path / "results" / "images.h5").exists()
    assert lines[-1].startswith("prepare_images: error: ")
    return lines[-1].removeprefix("prepare_images: error: ")


def written(tmp_path, *options):
    """Run the script; the columns of each split, the attributes, and the lines that it says."""
    code, lines = prepare_images(tmp_path, *options)
    assert code == 0, lines
    with h5py.File(tmp_path / "results" / "images.h5") as file:
        columns = {
            split: {name: column.asstr()[:] if name == "files" else column[:] for name, column in group.items()}
            for split, group in file.items()
        }
        assert all(column.attrs["description"] for group in file.values() for column in group.values())
        return columns, dict(file.attrs), lines


@pytest.fixture
def folder(tmp_path):
    """Six photos of two classes, 8 x 8."""
    for i in range(6):
        path = tmp_path / "photos" / "ab"[i % 2] / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (8, 8, 3), np.uint8)).save(path)
    return tmp_path / "photos"


def options_for(folder, *more):
    return ["--format", "folder", "--source", folder, "--side", 8, "--test-fraction", 0.5, *more]


@pytest.mark.parametrize("channels", ["gray", "rgb"])
def test_folder(tmp_path, folder, channels):
    luma = (0.5, 0.25, 0.25)
    columns, attributes, lines = written(tmp_path, *options_for(folder, "--channels", channels, "--luma", *luma))
    for split in columns.values():
        rgb = np.stack([np.asarray(Image.open(folder / file)) for file in split["files"]])
        np.testing.assert_array_equal(
            split["images"], rgb if channels == "rgb" else to_gray(rgb.transpose(0, 3, 1, 2), luma)
        )
        assert ["ab"[label] for label in split["labels"]] == [file[0] for file in split["files"]]
        assert split["files"].tolist() == sorted(split["files"])
    assert {len(split["images"]) for split in columns.values()} == {3}
    assert attributes.pop("class_names").tolist() == ["a", "b"]
    assert attributes.pop("source") == str(folder)
    assert attributes.pop("arrangement") == (
        "No folders were taken for splits: the test images were drawn at random; the folders in the source were "
        "taken for classes, 2 in all."
    )
    assert [*attributes] == (["luma"] if channels == "gray" else [])
    assert lines[-1] == "prepare_images: test: 3 images of 8 x 8"


def test_images_do_not_depend_on_whether_the_classes_are_looked_at(tmp_path, folder):
    path = tmp_path / "results" / "images.h5"
    written(tmp_path, *options_for(folder))
    first = path.read_bytes()
    written(tmp_path, *options_for(folder, "--classes", "none"))
    assert path.read_bytes() == first


def test_photos_beside_the_classes_are_taken_without_classes(tmp_path, folder):
    (folder / "beside.png").write_bytes(next(folder.glob("*/*.png")).read_bytes())
    columns, attributes, _ = written(tmp_path, *options_for(folder, "--classes", "none"))
    assert all(split.keys() == {"images", "files"} for split in columns.values())
    assert "class_names" not in attributes
    with pytest.raises(InputError, match=r"1 beside them, the first is beside\.png; move these, or set"):
        read_labels(tmp_path / "results" / "images.h5", "test")


def test_same_bytes_each_time(tmp_path, folder):
    path = tmp_path / "results" / "images.h5"
    written(tmp_path, *options_for(folder))
    first = path.read_bytes()
    written(tmp_path, *options_for(folder))
    assert path.read_bytes() == first


def test_unreadable_photos_are_all_named_and_refused_or_skipped(tmp_path, folder):
    (folder / "b" / "cut.jpg").write_bytes(b"\xff\xd8")
    (folder / "a" / "empty.webp").write_bytes(b"")
    (folder / "a" / "notes.txt").write_bytes(b"")
    line = refused(tmp_path, *options_for(folder))
    assert line == (
        f"{folder}: 2 of 8 images cannot be read, the first is a/empty.webp (the log names all); remove them, or "
        "set `unreadable: skip`"
    )
    columns, attributes, lines = written(tmp_path, *options_for(folder, "--unreadable", "skip"))
    assert attributes["n_unreadable"] == 2
    assert lines[0].endswith(
        "8 images, 2 classes, and 1 files that are hidden or of other kinds, which are ignored"
    )
    assert [line.split(" cannot")[0] for line in lines if " cannot" in line] == [
        "prepare_images: a/empty.webp",
        "prepare_images: b/cut.jpg",
    ]
    assert "prepare_images: skipped 2 of 8 images" in lines
    files = np.concatenate([split["files"] for split in columns.values()])
    assert sorted(files) == ["a/0.png", "a/2.png", "a/4.png", "b/1.png", "b/3.png", "b/5.png"]
    assert all((split["images"].max(axis=(1, 2)) > 0).all() for split in columns.values()), "no row is left empty"


def test_what_was_taken_for_what_is_said(tmp_path, folder):
    for name in ("Training", "Test"):
        for kind in "ab":
            shutil.copytree(folder / kind, folder / name / kind)
    for kind in "ab":
        shutil.rmtree(folder / kind)
    _, attributes, lines = written(tmp_path, *options_for(folder))
    said = (
        "The folder Training was taken for the training images, and Test for the test images; the folders in "
        "these were taken for classes, 2 in all."
    )
    assert attributes["arrangement"] == said
    assert f"prepare_images: {said}" in lines
    assert "prepare_images: classes: a, b" in lines


def test_names_that_differ_on_the_disk_differ_in_the_results(tmp_path, folder):
    (folder / "a").rename(folder / "a\nb")
    (folder / "b").rename(folder / "a\tb")
    (folder / "a\nb" / "cut\n.png").write_bytes(b"")
    (folder / "a\nb" / "cut\t.png").write_bytes(b"")
    columns, attributes, lines = written(tmp_path, *options_for(folder, "--unreadable", "skip"))
    assert attributes["class_names"].tolist() == [r"a\tb", r"a\nb"]
    files = np.concatenate([split["files"] for split in columns.values()])
    assert sorted(files) == [*(rf"a\nb/{i}.png" for i in (0, 2, 4)), *(rf"a\tb/{i}.png" for i in (1, 3, 5))]
    assert {line.split(" cannot be read")[0] for line in lines if "cannot be read" in line} == {
        r"prepare_images: a\nb/cut\n.png",
        r"prepare_images: a\nb/cut\t.png",
    }


def test_names_of_an_archive_are_distinguishable_too(tmp_path):
    x = rng.integers(0, 256, (10, 6, 6), np.uint8)
    names = np.array(["a\nb", "a\tb"])
    np.savez(
        tmp_path / "a.npz",
        x_train=x,
        y_train=np.arange(10) % 2,
        x_test=x,
        y_test=np.arange(10) % 2,
        class_names=names,
    )
    _, attributes, _ = written(tmp_path, "--format", "npz", "--archive", tmp_path / "a.npz")
    assert attributes["class_names"].tolist() == [r"a\nb", r"a\tb"]


def test_split_of_which_nothing_can_be_read(tmp_path, folder):
    for name in ("train", "test"):
        (folder / name).mkdir()
    for path in folder.glob("?/*"):
        path.rename(folder / "train" / path.name)
    (folder / "test" / "empty.jpg").write_bytes(b"")
    line = refused(tmp_path, *options_for(folder, "--unreadable", "skip"))
    assert line == f"{folder}: none of the images of test can be read"


def test_photos_that_are_all_the_same(tmp_path, folder):
    for path in folder.glob("?/*"):
        Image.new("RGB", (8, 8)).save(path)
    assert refused(tmp_path, *options_for(folder)).startswith(f"{folder}: all images of train are the same")


def test_one_test_image(tmp_path, folder):
    for path in sorted(folder.glob("?/*"))[4:]:
        path.unlink()
    line = refused(tmp_path, *options_for(folder, "--test-fraction", 0.2))
    assert line == f"{folder}: test has one image alone, and there is nothing to cluster; add images"


def test_results_among_the_photos(tmp_path, folder):
    line = refused(tmp_path, "--format", "folder", "--source", tmp_path)
    assert line == (
        f"{tmp_path} holds the results too, {tmp_path}/results/images.h5; move the images into "
        "a folder of their own"
    )


@pytest.mark.parametrize(("kind", "option"), [("npz", "--archive"), ("folder", "--source")])
def test_format_without_its_path(tmp_path, kind, option):
    assert refused(tmp_path, "--format", kind) == f"--format {kind} needs {option}"


def test_more_classes_than_a_byte_can_number(tmp_path):
    n = 5000
    np.savez(
        tmp_path / "a.npz",
        x_train=rng.integers(0, 256, (n, 2, 2), np.uint8),
        y_train=np.arange(n),
        x_test=rng.integers(0, 256, (9, 2, 2), np.uint8),
        y_test=np.zeros(9, int),
    )
    columns, attributes, _ = written(tmp_path, "--format", "npz", "--archive", tmp_path / "a.npz")
    np.testing.assert_array_equal(columns["train"]["labels"], np.arange(n))
    assert columns["train"]["labels"].dtype == columns["test"]["labels"].dtype == np.uint16
    assert attributes["class_names"].tolist() == [str(i) for i in range(n)]


@pytest.mark.parametrize(
    ("y", "names"),
    [
        (np.tile([1, 5, 10], 10), ["1", "5", "10"]),
        (np.tile([0, 500, 60_000], 10), ["0", "500", "60000"]),
        (np.tile([-(2**62), -1, 2**62], 10), [str(-(2**62)), "-1", str(2**62)]),
        (np.tile(["b c", "a", "ö"], 10), ["a", "b c", "ö"]),
    ],
    ids=["from 1", "sparse", "huge", "texts"],
)
def test_classes_are_the_labels_that_occur(tmp_path, y, names):
    x = rng.integers(0, 256, (30, 4, 4), np.uint8)
    np.savez(tmp_path / "a.npz", x=x, y=y, ids=np.arange(30))
    columns, attributes, lines = written(tmp_path, "--format", "npz", "--archive", tmp_path / "a.npz")
    assert attributes["class_names"].tolist() == names
    label_of = {image.tobytes(): str(label) for image, label in zip(x, y, strict=True)}
    for split in columns.values():
        assert split["labels"].dtype == np.uint8
        found = [names[label] for label in split["labels"]]
        assert found == [label_of[image.tobytes()] for image in split["images"]]
    assert lines[0] == f"prepare_images: {tmp_path}/a.npz: not used: ids"
    assert (tmp_path / "results" / "images.h5").stat().st_size < 20_000


def test_classes_without_images_are_left_out(tmp_path):
    """Those of a CIFAR archive that are in neither split; a class of one split counts."""
    labels = {"data_batch_1.bin": [4, 1, 4], "test_batch.bin": [2, 2]}
    with tarfile.open(tmp_path / "archive", "w") as tar:
        for name, numbers in labels.items():
            pixels = rng.integers(0, 256, (len(numbers), 3072), np.uint8)
            add(tar, name, np.column_stack([np.array(numbers, np.uint8), pixels]).tobytes())
        add(tar, "batches.meta.txt", b"a\npolar bear\nc\nd\ne\nf\n")
        add(tar, "notes.txt", b"")
    columns, attributes, lines = written(tmp_path, "--format", "cifar-binary", "--archive", tmp_path / "archive")
    assert attributes["class_names"].tolist() == ["polar bear", "c", "e"]
    assert columns["train"]["labels"].tolist() == [2, 0, 2]
    assert columns["test"]["labels"].tolist() == [1, 1]
    assert f"prepare_images: {tmp_path}/archive: not used: notes.txt" in lines
    assert "prepare_images: 3 classes have no images and are left out: a, d, f" in lines


def add(tar, name, data):
    member = tarfile.TarInfo(name)
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))


def test_class_of_unreadable_photos_is_left_out(tmp_path, folder):
    (folder / "aa").mkdir()
    (folder / "aa" / "cut.jpg").write_bytes(b"\xff\xd8")
    columns, attributes, lines = written(tmp_path, *options_for(folder, "--unreadable", "skip"))
    assert attributes["class_names"].tolist() == ["a", "b"]
    for split in columns.values():
        assert ["ab"[label] for label in split["labels"]] == [file[0] for file in split["files"]]
    assert "prepare_images: 1 classes have no images and are left out: aa" in lines


@pytest.mark.parametrize("case", ["objects", "encrypted", "labels of another name"])
def test_odd_arrays_are_the_users_line(tmp_path, case):
    x = rng.integers(0, 256, (30, 4, 4), np.uint8)
    arrays = {"objects": {"y": np.array([None] * 30)}, "labels of another name": {"labels": np.arange(30)}}
    path = tmp_path / "a.npz"
    np.savez(path, x=x, **arrays.get(case, {}))
    if case == "encrypted":
        data = bytearray(path.read_bytes())
        data[data.index(b"PK\x03\x04") + 6] |= 1
        data[data.index(b"PK\x01\x02") + 8] |= 1
        path.write_bytes(data)
    assert str(path) in refused(tmp_path, "--format", "npz", "--archive", path)


def test_arrays(tmp_path):
    x = rng.integers(0, 256, (10, 6, 6), np.uint8)
    np.savez(tmp_path / "a.npz", x_train=x, x_test=x[:4])
    options = ["--format", "npz", "--archive", tmp_path / "a.npz", "--source", "https://my.org/a.npz"]
    columns, attributes, _ = written(tmp_path, *options, "--n-images", '{"train": 10, "test": 4}')
    np.testing.assert_array_equal(columns["train"]["images"], x)
    assert attributes.keys() == {"source", "sha256"}
    (tmp_path / "results" / "images.h5").unlink()
    origin = f"{tmp_path}/a.npz"
    assert refused(tmp_path, *options, "--channels", "rgb") == (
        f"{origin}: the images have no colours; leave out `channels: rgb` (the archive is from https://my.org/a.npz)"
    )
    assert "holds 10 train and 4 test images, expected 9 train and 4 test (`n_images`)" in refused(
        tmp_path, *options, "--n-images", '{"train": 9, "test": 4}'
    )


def test_digits(tmp_path):
    columns, attributes, _ = written(tmp_path, "--format", "digits")
    assert columns["test"]["images"].shape == (500, 32, 32)
    assert columns["test"]["labels"].dtype == np.uint8
    assert attributes["source"] == "sklearn.datasets.load_digits"
    assert attributes.keys() == {"source", "class_names"}
