"""Which photos a folder holds, the split and class of each, and what counts as a change."""

import os
import shutil

import pytest

from lib.base.errors import InputError
from lib.data.folder import Photo, arrange, folder_digest, open_folder
from lib.data.names import distinguishable


def put(root, *names, content=b""):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def names(folder, split=None):
    return [photo.path for photo in folder.photos if split in (None, photo.split)]


def opened(root, classes=True, test_fraction=0.2):
    return open_folder(root, classes=classes, test_fraction=test_fraction)


FIVE = [f"{i}.jpg" for i in range(5)]


# Which files.


def test_files_of_other_kinds_and_hidden_ones_are_passed_over_and_counted(tmp_path):
    wanted = ["a.png", "b.JPG", "c.Jpeg", "d.webp", "e f.jpg", "ö.PNG"]
    put(tmp_path, *wanted, ".hidden.jpg", "Thumbs.db", "clip.mp4", "photo.jpg.txt", "jpg")
    put(tmp_path / ".cache", "x.jpg", "y.jpg")
    folder = opened(tmp_path)
    assert sorted(names(folder)) == sorted(wanted)
    assert folder.n_others == 5


def test_links_to_folders_are_followed_and_do_not_loop(tmp_path):
    put(tmp_path / "elsewhere", "1.jpg", "2.jpg")
    put(tmp_path / "root" / "a", "3.jpg")
    (tmp_path / "root" / "b").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "root" / "a" / "up").symlink_to(tmp_path / "root")
    (tmp_path / "elsewhere" / "self").symlink_to(tmp_path / "elsewhere")
    folder = opened(tmp_path / "root")
    assert sorted(names(folder)) == ["a/3.jpg", "b/1.jpg", "b/2.jpg"]
    assert folder.class_names == ["a", "b"]


def link(path, target):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


@pytest.mark.parametrize("root", ["", "train/"])
def test_two_classes_that_are_links_to_one_folder(tmp_path, root):
    put(tmp_path / "elsewhere", "1.jpg", "deep/2.jpg", "3.jpg")
    photos = tmp_path / "photos"
    for name in ("a", "b"):
        link(photos / root / name, tmp_path / "elsewhere")
    if root:
        put(photos, "test/a/4.jpg")
    folder = opened(photos)
    found = [f"{root}{name}/{file}" for name in "ab" for file in ("1.jpg", "3.jpg", "deep/2.jpg")]
    assert [name for name in sorted(names(folder)) if not name.startswith("test")] == found
    assert folder.class_names == ["a", "b"]
    assert "3 images are there more than once, by links to folders" in folder.arrangement


@pytest.mark.parametrize("name", ["a link", "z link"])
def test_link_beside_the_folder_that_it_names(tmp_path, name):
    put(tmp_path, "folder/1.jpg", "folder/2.jpg", "other/3.jpg")
    link(tmp_path / name, "folder")
    folder = opened(tmp_path)
    assert folder.class_names == sorted(["folder", "other", name])
    assert sorted(names(folder)) == sorted(
        [f"{name}/1.jpg", f"{name}/2.jpg", "folder/1.jpg", "folder/2.jpg", "other/3.jpg"]
    )


def test_within_a_class_a_folder_counts_once_and_by_its_own_path(tmp_path):
    put(tmp_path, "cat/z/1.jpg", "cat/b/deep/2.jpg", "dog/3.jpg")
    link(tmp_path / "cat" / "a", "z")
    link(tmp_path / "cat" / "b" / "c", "../z")
    link(tmp_path / "dog" / "more", "../cat/z")
    assert sorted(names(opened(tmp_path))) == ["cat/b/deep/2.jpg", "cat/z/1.jpg", "dog/3.jpg", "dog/more/1.jpg"]


def test_one_folder_linked_as_both_splits(tmp_path):
    put(tmp_path / "elsewhere", "1.jpg", "2.jpg")
    for name in ("train", "test"):
        link(tmp_path / "photos" / name, tmp_path / "elsewhere")
    assert names(opened(tmp_path / "photos")) == ["train/1.jpg", "train/2.jpg", "test/1.jpg", "test/2.jpg"]


def test_links_in_all_directions_end(tmp_path):
    """Each folder links to all: as many paths as there are orders of them, if all were gone along."""
    n = 12
    for i in range(n):
        put(tmp_path, f"{i}/{i}.jpg")
        for j in range(n):
            link(tmp_path / f"{i}" / f"to {j}", tmp_path / f"{j}")
        link(tmp_path / f"{i}" / "up", "..")
    folder = opened(tmp_path)
    assert len(folder.class_names) == n
    assert len(folder.photos) == n * n
    assert len(folder_digest(tmp_path)) == 16


@pytest.mark.parametrize("target", ["/mnt/not/there", "dog"])
def test_class_that_is_a_link_to_nowhere(tmp_path, target):
    put(tmp_path, *(f"cat/{file}" for file in FIVE))
    link(tmp_path / "dog", target)
    for function in (opened, folder_digest):
        with pytest.raises(
            InputError, match=r"the link .*/dog leads nowhere; bring back what it names, or remove"
        ):
            function(tmp_path)


def test_folder_without_images(tmp_path):
    put(tmp_path, "a.tif", "sub/b.gif")
    with pytest.raises(InputError, match=r"holds no images: none of its 2 files, also in sub-folders, ends in"):
        opened(tmp_path)


@pytest.mark.parametrize("name", ["missing", "file.zip"])
def test_source_that_is_no_folder(tmp_path, name):
    put(tmp_path, "file.zip")
    for function in (opened, folder_digest):
        with pytest.raises(InputError, match=rf"{name} does not exist, or is no folder; correct `source`"):
            function(tmp_path / name)


# Splits.


def test_folders_train_and_test_are_the_splits(tmp_path):
    put(tmp_path, "train/b.jpg", "train/a.jpg", "test/c.jpg", "readme.txt")
    folder = opened(tmp_path)
    assert folder.photos == [
        Photo("train/a.jpg", "train", None),
        Photo("train/b.jpg", "train", None),
        Photo("test/c.jpg", "test", None),
    ]
    assert (folder.class_names, folder.n_images("train"), folder.n_images("test")) == (None, 2, 1)


def test_classes_are_the_same_list_in_both_splits(tmp_path):
    put(tmp_path, "train/dog/1.jpg", "train/cat/2.jpg", "test/emu/deep/3.jpg", "test/dog/4.jpg")
    folder = opened(tmp_path)
    assert folder.class_names == ["cat", "dog", "emu"]
    assert [photo.label for photo in folder.photos] == [0, 1, 1, 2]


@pytest.mark.parametrize("classes", [True, False])
@pytest.mark.parametrize("beside", ["c.jpg", "val/c.jpg"])
def test_images_beside_train_and_test(tmp_path, classes, beside):
    put(tmp_path, "train/a.jpg", "test/b.jpg", beside)
    with pytest.raises(InputError, match=rf"1 images beside them, the first is {beside}; move"):
        opened(tmp_path, classes)


def test_empty_split(tmp_path):
    put(tmp_path, "train/a.jpg", "train/b.jpg", "test/b.tif")
    with pytest.raises(InputError, match=r"test holds no images; add some, or move that folder away"):
        opened(tmp_path)


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("Training", "Test"),
        ("TRAIN", "test"),
        ("train", "val"),
        ("Train", "Valid"),
        ("training", "validation"),
        ("train", "eval"),
        ("training_set", "test_set"),
        ("trainingSet", "testSet"),
        ("trainset", "testset"),
        ("Training Images", "Testing Images"),
        ("training_data", "testing"),
        ("seg_train", "seg_test"),
        ("train2017", "val2017"),
        ("asl_alphabet_train", "asl_alphabet_test"),
    ],
)
def test_usual_names_of_splits(tmp_path, train, test):
    put(tmp_path, f"{train}/cat/1.jpg", f"{train}/dog/2.jpg", f"{test}/cat/3.jpg", f"{test}/dog/4.jpg")
    (tmp_path / "annotations").mkdir()
    folder = opened(tmp_path)
    assert folder.class_names == ["cat", "dog"]
    assert folder.photos == [
        Photo(f"{train}/cat/1.jpg", "train", 0),
        Photo(f"{train}/dog/2.jpg", "train", 1),
        Photo(f"{test}/cat/3.jpg", "test", 0),
        Photo(f"{test}/dog/4.jpg", "test", 1),
    ]
    assert folder.arrangement == (
        f"The folder {train} was taken for the training images, and {test} for the test images; the folders in "
        "these were taken for classes, 2 in all."
    )


@pytest.mark.parametrize(
    ("folders", "taken"),
    [
        (["strain", "testimony"], None),
        (["trains", "valley"], None),
        (["train", "plane", "car"], "train"),
        (["bullet train", "test tube", "ball"], "bullet train, test tube"),
        (["validation", "plane"], "validation"),
    ],
)
def test_names_that_are_no_pair_are_classes_and_said_to_be(tmp_path, folders, taken):
    put(tmp_path, *(f"{folder}/{file}" for folder in folders for file in FIVE))
    folder = opened(tmp_path)
    assert folder.class_names == sorted(folders)
    expected = (
        "No folders were taken for splits: the test images were drawn at random; the folders in the source were "
        f"taken for classes, {len(folders)} in all."
    )
    if taken:
        expected += f" Among the classes are {taken}, although their names are like those of splits."
    assert folder.arrangement == expected


@pytest.mark.parametrize("folders", [["train"], ["Test"], ["test", "valid"], ["Training", "Final_Test"], ["val"]])
def test_splits_without_their_other_half(tmp_path, folders):
    put(tmp_path, *(f"{folder}/{name}/{file}" for folder in folders for name in ("cat", "dog") for file in FIVE))
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError) as error:
        opened(tmp_path)
    assert f"all its folders, {', '.join(sorted(folders))}, are named like splits" in str(error.value)
    assert "name two of them train and test, or set `source` to one" in str(error.value)
    folder = opened(tmp_path, classes=False)
    assert folder.class_names is None
    assert "drawn at random" in folder.arrangement


@pytest.mark.parametrize(
    ("folders", "beside"),
    [
        (["train", "valid", "test"], "valid"),
        (["Training", "Test", "Validation"], "Validation"),
        (["train", "Train", "test"], "train"),
        (["seg_train", "seg_test", "seg_pred"], "seg_pred"),
    ],
)
def test_a_third_split_is_asked_for(tmp_path, folders, beside):
    put(tmp_path, *(f"{folder}/cat/{file}" for folder in folders for file in FIVE))
    with pytest.raises(
        InputError, match=rf"5 images beside them, the first is {beside}/cat/0.jpg; move these into "
    ):
        opened(tmp_path)
    shutil.rmtree(tmp_path / beside)
    (tmp_path / beside).mkdir()
    if beside != "train":
        assert opened(tmp_path).class_names == ["cat"]


@pytest.mark.parametrize("above", ["chest_xray", "a/b/c"])
@pytest.mark.parametrize("classes", [True, False])
def test_splits_further_down(tmp_path, above, classes):
    put(tmp_path, *(f"{above}/{split}/cat/{file}" for split in ("train", "Val") for file in FIVE))
    with pytest.raises(InputError) as error:
        opened(tmp_path, classes)
    assert f"the folders train and Val lie in {above}" in str(error.value)
    assert f"set `source` to {tmp_path}/{above}, or move" in str(error.value)
    assert opened(tmp_path / above).class_names == ["cat"]


def test_split_whose_folder_is_there_twice(tmp_path):
    put(tmp_path, "training_set/training_set/cats/1.jpg", "training_set/training_set/dogs/2.jpg")
    put(tmp_path, "test_set/test_set/cats/3.jpg")
    folder = opened(tmp_path)
    assert folder.class_names == ["cats", "dogs"]
    assert [(photo.split, photo.label) for photo in folder.photos] == [("train", 0), ("train", 1), ("test", 0)]


def test_splits_in_each_class(tmp_path):
    put(tmp_path, "cat/train/a.png", "cat/test/b.png", "dog/train/c.png", "dog/test/d.png")
    with pytest.raises(InputError, match=r"in 2 of its folders, the first is cat; move the images into"):
        opened(tmp_path)


# Classes.


def test_images_directly_in_the_folder_have_no_classes(tmp_path):
    put(tmp_path, *FIVE)
    folder = opened(tmp_path)
    assert folder.class_names is None
    assert {photo.label for photo in folder.photos} == {None}


def test_first_folder_is_the_class_with_its_name_as_it_is(tmp_path):
    classes = ["<script>", "Größe", "a b", "a'b", "z/deep"]
    put(tmp_path, *(f"{name}/{file}" for name in classes for file in FIVE))
    folder = opened(tmp_path)
    assert folder.class_names == ["<script>", "Größe", "a b", "a'b", "z"] == sorted(folder.class_names)
    assert all(photo.path.startswith(folder.class_names[photo.label]) for photo in folder.photos)


@pytest.mark.parametrize("root", ["", "train/"])
def test_images_beside_the_classes(tmp_path, root):
    put(tmp_path, *(f"{root}cat/{file}" for file in FIVE), f"{root}x.jpg")
    if root:
        put(tmp_path, "test/cat/y.jpg")
    with pytest.raises(
        InputError, match=rf"1 beside them, the first is {root}x.jpg; move these, or set `classes: none`"
    ):
        opened(tmp_path)
    folder = opened(tmp_path, classes=False)
    assert folder.class_names is None
    assert len(folder.photos) == (7 if root else 6)


def test_numbers_of_classes():
    def classes(n):
        files = [f"{i}/a.jpg" for i in range(n)]
        return arrange(files, splits={}, classes=True, test_fraction=0.2, origin="x")

    found, class_names = classes(65_536)
    assert len(class_names) == 65_536
    assert all(class_names[photo.label] == photo.path.partition("/")[0] for photo in found)
    with pytest.raises(InputError, match=r"has 65,537 folders, and there can be 65,536 classes"):
        classes(65_537)


def test_name_that_is_no_text(tmp_path):
    for i in range(5):
        put(tmp_path, os.fsdecode(b"caf\xe9\n/%d.jpg" % i))
    assert distinguishable(opened(tmp_path).class_names) == [r"caf\udce9\n"]
    assert len(folder_digest(tmp_path)) == 16


# What counts as a change.


def test_digest_is_that_of_the_photos(tmp_path):
    put(tmp_path, "a.jpg", "sub/b.jpg", content=b"1234")
    before = folder_digest(tmp_path)
    put(tmp_path, "notes.txt", ".hidden.jpg")
    assert folder_digest(tmp_path) == before
    assert folder_digest(tmp_path.rename(tmp_path.with_name("moved"))) == before


@pytest.mark.parametrize("change", ["add", "remove", "rename", "touch", "resize", "link to nowhere"])
def test_digest_changes(tmp_path, change):
    put(tmp_path, "a.jpg", "sub/b.jpg", content=b"1234")
    before = folder_digest(tmp_path)
    path = tmp_path / "a.jpg"
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    if change == "add":
        put(tmp_path, "c.jpg")
    elif change == "remove":
        path.unlink()
    elif change == "rename":
        path.rename(tmp_path / "c.jpg")
    elif change == "touch":
        os.utime(path, ns=(times[0], times[1] + 1))
    elif change == "resize":
        path.write_bytes(b"12345")
        os.utime(path, ns=times)
    else:
        (tmp_path / "c.jpg").symlink_to("nowhere")
    assert folder_digest(tmp_path) != before
