"""Photos of a folder: which there are, in which split and class, and their pixels."""

import io
import os
import shutil
import struct
import unicodedata
import zlib

import numpy as np
import pytest
from PIL import Image

from lib.base.errors import InputError
from lib.data import photos
from lib.data.folder import Photo, arrange, folder_digest, open_folder
from lib.data.names import distinguishable, printable
from lib.data.photos import read_photo, read_photos
from lib.data.splits import draw_test_split


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


@pytest.mark.parametrize(("n", "fraction", "n_test"), [(10, 0.2, 2), (10, 0.25, 2), (2, 0.5, 1), (1001, 0.3, 300)])
def test_share_of_the_test_images(n, fraction, n_test):
    assert sum(draw_test_split([str(i) for i in range(n)], fraction, "x")) == n_test


def test_draw_is_always_the_same_and_looks_random():
    keys = [f"{i:04d}.jpg" for i in range(1000)]
    drawn = np.array(draw_test_split(keys, 0.2, "x"))
    assert drawn.tolist() == draw_test_split(keys, 0.2, "x")
    backwards = draw_test_split(keys[::-1], 0.2, "x")
    assert drawn.tolist() == backwards[::-1]
    assert abs(drawn[:500].sum() - 100) < 30


def test_one_photo_more_moves_one_other_at_most():
    keys = [f"{i}.jpg" for i in range(1000)]
    before = draw_test_split(keys, 0.2, "x")
    after = draw_test_split(["new.jpg", *keys], 0.2, "x")[1:]
    assert sum(a != b for a, b in zip(before, after, strict=True)) <= 1


@pytest.mark.parametrize(("n", "fraction", "n_test"), [(1, 0.2, 0), (2, 0.2, 0), (3, 0.9, 3), (1, 0.9, 1)])
def test_too_few_images_to_split(n, fraction, n_test):
    with pytest.raises(InputError, match=rf"of {n}, a `test_fraction` of {fraction} makes {n_test} test images"):
        draw_test_split([str(i) for i in range(n)], fraction, "x")


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


def test_name_that_is_no_text(tmp_path):
    for i in range(5):
        put(tmp_path, os.fsdecode(b"caf\xe9\n/%d.jpg" % i))
    assert distinguishable(opened(tmp_path).class_names) == [r"caf\udce9\n"]
    assert len(folder_digest(tmp_path)) == 16


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


# Pixels.

rng = np.random.default_rng(0)
NOISE = rng.integers(0, 256, (8, 8, 3), np.uint8)
PICTURE = rng.integers(0, 256, (64, 64, 3), np.uint8)


def saved(tmp_path, image, name="photo.png", **options):
    path = tmp_path / name
    image.save(path, **options)
    return path


def pixels(tmp_path, image, side=8, name="photo.png", **options):
    """What is read, as (side, side, 3)."""
    square = read_photo(saved(tmp_path, image, name, **options), side)
    assert square.dtype == np.uint8
    return square.transpose(1, 2, 0)


def test_square_of_the_right_size_is_kept(tmp_path):
    np.testing.assert_array_equal(pixels(tmp_path, Image.fromarray(NOISE)), NOISE)
    np.testing.assert_array_equal(
        pixels(tmp_path, Image.fromarray(NOISE), name="photo.webp", lossless=True), NOISE
    )


@pytest.mark.parametrize("axis", [0, 1])
def test_middle_is_taken(tmp_path, axis):
    wide = np.concatenate([np.zeros_like(NOISE), NOISE, np.full_like(NOISE, 255)], axis=axis)
    np.testing.assert_array_equal(pixels(tmp_path, Image.fromarray(wide)), NOISE)


@pytest.mark.parametrize("side", [4, 16])
def test_other_sides_as_pillow_makes_them(tmp_path, side):
    image = Image.fromarray(rng.integers(0, 256, (64, 64, 3), np.uint8))
    expected = np.asarray(image.resize((side, side), Image.Resampling.LANCZOS))
    np.testing.assert_array_equal(pixels(tmp_path, image, side), expected)


def test_photo_smaller_than_the_side(tmp_path):
    assert (pixels(tmp_path, Image.new("RGB", (1, 3), (10, 20, 30)), 32) == [10, 20, 30]).all()


def test_large_jpeg_is_about_what_it_is_without_haste(tmp_path):
    smooth = Image.fromarray(NOISE).resize((1600, 1200), Image.Resampling.BICUBIC)
    found = pixels(tmp_path, smooth, 32, "photo.jpg", quality=95).astype(int)
    exact = np.asarray(smooth.crop((200, 0, 1400, 1200)).resize((32, 32), Image.Resampling.LANCZOS))
    assert np.abs(found - exact).mean() < 2


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["photo.png", "photo.jpg"])
def test_orientation(tmp_path, orientation, name):
    """As Exif 2.3 has it: where the first row and the first column of what is stored belong."""
    upright = np.repeat(np.repeat(np.arange(64, dtype=np.uint8).reshape(8, 8) * 3, 8, 0), 8, 1)
    undo = {
        1: lambda x: x,
        2: lambda x: x[:, ::-1],
        3: lambda x: x[::-1, ::-1],
        4: lambda x: x[::-1],
        5: lambda x: x.T,
        6: lambda x: np.rot90(x, 1),
        7: lambda x: x[::-1, ::-1].T,
        8: lambda x: np.rot90(x, -1),
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(undo[orientation](upright)))
    found = pixels(tmp_path, stored, 64, name, exif=exif)
    assert np.abs(found[..., 0].astype(int) - upright).mean() < 4


def test_transparency_becomes_white(tmp_path):
    alpha = np.full((8, 8), 255, np.uint8)
    alpha[:4], alpha[4] = 0, 51
    image = Image.fromarray(np.dstack([np.full((8, 8, 3), 100, np.uint8), alpha]))
    for name in ("photo.png", "photo.webp"):
        options = {"lossless": True} if name.endswith("webp") else {}
        found = pixels(tmp_path, image, name=name, **options)
        assert found[:, 0, 0].tolist() == [255] * 4 + [224] + [100] * 3  # 0.2 * 100 + 0.8 * 255
    image.convert("LA").save(tmp_path / "la.png")
    assert read_photo(tmp_path / "la.png", 8)[1, :, 0].tolist() == [255] * 4 + [224] + [100] * 3


def test_palette_with_a_transparent_colour(tmp_path):
    image = Image.fromarray(np.repeat([[0, 1]], 8, axis=0).repeat(4, axis=1).astype(np.uint8)).convert("P")
    image.putpalette([10, 20, 30, 40, 50, 60])
    assert pixels(tmp_path, image)[0, [0, 7]].tolist() == [[10, 20, 30], [40, 50, 60]]
    assert pixels(tmp_path, image, transparency=0)[0, [0, 7]].tolist() == [[255, 255, 255], [40, 50, 60]]


@pytest.mark.parametrize(("levels", "dtype"), [([0, 128, 255], np.uint8), ([0, 0x80FF, 0xFFFF], np.uint16)])
def test_gray_of_8_and_16_bits(tmp_path, levels, dtype):
    image = Image.fromarray(np.repeat(np.array([levels], dtype), 3, axis=0))
    assert pixels(tmp_path, image, 3)[0].tolist() == [[0] * 3, [128] * 3, [255] * 3]


def test_black_and_white(tmp_path):
    image = Image.fromarray(np.eye(8, dtype=bool))
    np.testing.assert_array_equal(pixels(tmp_path, image)[..., 0], 255 * np.eye(8))


def test_cmyk(tmp_path):
    image = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    assert np.abs(pixels(tmp_path, image, name="photo.jpg").astype(int) - [255, 0, 0]).max() < 6


@pytest.mark.parametrize("name", ["photo.webp", "photo.png"])
def test_first_frame_of_an_animation(tmp_path, name):
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    options = {"lossless": True} if name.endswith("webp") else {}
    found = pixels(tmp_path, frames[0], name=name, save_all=True, append_images=frames[1:], **options)
    assert (found == [255, 0, 0]).all()


def test_suffix_does_not_matter(tmp_path):
    saved(tmp_path, Image.fromarray(NOISE), "photo.png").rename(tmp_path / "photo.jpg")
    np.testing.assert_array_equal(read_photo(tmp_path / "photo.jpg", 8).transpose(1, 2, 0), NOISE)


# Unreadable files.


def encoded(image_format, **options):
    stream = io.BytesIO()
    Image.fromarray(PICTURE).save(stream, image_format, **options)
    return stream.getvalue()


def bomb():
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"0")) + chunk(b"IEND", b"")
    )


def flipped(data):
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 0xFF]) + data[middle + 1 :]


UNREADABLE = {
    "empty.jpg": (b"", "cannot identify"),
    "page.png": (b"<!DOCTYPE html>", "cannot identify"),
    "other.jpg": (encoded("GIF"), "cannot identify"),
    "cut.jpg": (encoded("JPEG")[:-500], "truncated"),
    "cut.png": (encoded("PNG")[:-500], "truncated"),
    "cut.webp": (encoded("WEBP")[:-500], "decode"),
    "flipped.png": (flipped(encoded("PNG")), ""),
    "bomb.png": (bomb(), "exceeds limit"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_unreadable_file_is_named_with_the_reason(tmp_path, name):
    content, reason = UNREADABLE[name]
    put(tmp_path, name, content=content)
    unreadable = []
    assert not list(read_photos(tmp_path, [Photo(name, "train", None)], 8, unreadable))
    ((path, found),) = unreadable
    assert path == name
    assert reason in found
    assert found
    assert "\n" not in found
    print(f"\n{path}: {found}")


@pytest.mark.parametrize("kind", ["link to nowhere", "pipe"])
def test_what_is_no_file(tmp_path, kind):
    if kind == "pipe":
        os.mkfifo(tmp_path / "a.jpg")
    else:
        (tmp_path / "a.jpg").symlink_to("nowhere")
    unreadable = []
    assert not list(read_photos(tmp_path, [Photo("a.jpg", "train", None)], 8, unreadable))
    assert unreadable == [("a.jpg", "no file, or a link to nowhere")]


def test_lack_of_memory_is_no_fault_of_the_photo(tmp_path, monkeypatch):
    def fail(*args):
        raise MemoryError

    monkeypatch.setattr(photos, "read_photo", fail)
    with pytest.raises(MemoryError):
        list(read_photos(tmp_path, [Photo("a.jpg", "train", None)], 8, []))


def test_photos_come_in_batches_without_the_unreadable(tmp_path, monkeypatch):
    monkeypatch.setattr(photos, "batch_images", lambda side: 3)
    listed = [Photo(f"{i}.png", "train" if i < 8 else "test", i) for i in range(10)]
    for i in range(10):
        saved(tmp_path, Image.new("RGB", (9, 9), (i, i, i)), f"{i}.png")
    put(tmp_path, "1.png", "4.png")
    unreadable = []
    batches = list(read_photos(tmp_path, listed, 4, unreadable))
    assert [(batch.split, batch.start, batch.labels.tolist()) for batch in batches] == [
        ("train", 0, [0, 2, 3]),
        ("train", 3, [5, 6, 7]),
        ("test", 0, [8, 9]),
    ]
    for batch in batches:
        assert batch.pixels.shape == (len(batch.labels), 3, 4, 4)
        assert (batch.pixels == batch.labels[:, None, None, None]).all()
        assert batch.files == [f"{label}.png" for label in batch.labels]
    assert [path for path, _ in unreadable] == ["1.png", "4.png"]


def odd_png(kind, data, where="before"):
    """A whole PNG file with one more chunk."""
    whole = encoded("PNG")
    chunk = struct.pack(">I4s", len(data), kind) + data + struct.pack(">I", zlib.crc32(kind + data))
    place = 33 if where == "before" else len(whole) - 12
    return whole[:place] + chunk + whole[place:]


def odd_jpeg(*segments, jfif=True):
    """A whole JPEG file with more segments, each a marker and its content."""
    whole = encoded("JPEG")
    rest = whole[2:] if jfif else whole[20:]
    extra = b"".join(b"\xff" + bytes([kind]) + struct.pack(">H", len(data) + 2) + data for kind, data in segments)
    return whole[:2] + extra + rest


def odd_webp(kind, data, size=None):
    """A whole WebP file with one more chunk, which may pretend to be of another size."""
    whole = encoded("WEBP", lossless=True, icc_profile=b"x")
    chunk = kind + struct.pack("<I", len(data) if size is None else size) + data + b"\0" * (len(data) % 2)
    return b"RIFF" + struct.pack("<I", len(whole) - 8 + len(chunk)) + whole[8:] + chunk


def encoded_exif(orientation, resolution=None):
    """Exif as TIFF has it, little-endian: an orientation, and an x-resolution that is a text."""
    entries = [struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)]
    if resolution:
        entries.append(struct.pack("<HHI4s", 0x011A, 2, 4, resolution))
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + b"".join(entries) + b"\0\0\0\0"


EXIF = b"Exif\0\0"
ODD = {
    "Exif that is no TIFF": odd_jpeg((0xE1, EXIF + b"whatever")),
    "Exif that is no TIFF, no JFIF": odd_jpeg((0xE1, EXIF + b"whatever"), jfif=False),
    "empty Exif": odd_jpeg((0xE1, EXIF)),
    "cut Exif": odd_jpeg((0xE1, EXIF + encoded_exif(1)[:13])),
    "Exif that points nowhere": odd_jpeg((0xE1, EXIF + b"MM\0*\xff\xff\xff\xff")),
    "short JFIF": odd_jpeg((0xE0, b"JFIF\0"), jfif=False),
    "short Adobe": odd_jpeg((0xEE, b"Adobe")),
    "short ICC profile": odd_jpeg((0xE2, b"ICC_PROFILE\0")),
    "short Photoshop": odd_jpeg((0xED, b"Photoshop 3.0\x008BIM\x03\xed")),
    "MPF": odd_jpeg((0xE2, b"MPF\0II*\0\x08\0\0\0\x01\0\x01\xb0\x04\0\x01\0\0\0\x09\0\0\0")),
    "comment": odd_jpeg((0xFE, b"\xff\xd9\xff\xda")),
    "short pHYs": odd_png(b"pHYs", b""),
    "short gAMA": odd_png(b"gAMA", b"0"),
    "short cHRM": odd_png(b"cHRM", b"0"),
    "short sRGB": odd_png(b"sRGB", b""),
    "iCCP of another kind": odd_png(b"iCCP", b"name\0\x07data"),
    "eXIf that is no TIFF": odd_png(b"eXIf", b"whatever"),
    "eXIf after the image": odd_png(b"eXIf", b"whatever", "after"),
    "text interlace": odd_png(b"tEXt", b"interlace\x001"),
    "text transparency": odd_png(b"tEXt", b"transparency\x001"),
    "text bbox": odd_png(b"tEXt", b"bbox\x001"),
    "text exif": odd_png(b"tEXt", b"exif\x001"),
    "large text": odd_png(b"zTXt", b"a\0\0" + zlib.compress(bytes(2**21))),
    "raw profile": odd_png(b"tEXt", b"Raw profile type exif\0\nexif\n 4\nno hex"),
    "packed raw profile": odd_png(b"zTXt", b"Raw profile type exif\0\0not packed"),
    "short acTL": odd_png(b"acTL", b""),
    "wrong checksum": odd_png(b"tEXt", b"a\0bcd").replace(b"bcd", b"bxd"),
    "WebP with odd EXIF": odd_webp(b"EXIF", b"whatever"),
    "WebP with a cut EXIF": odd_webp(b"EXIF", b"what", 400),
    "WebP with odd XMP": odd_webp(b"XMP ", b"\xff"),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_metadata_decide_nothing(tmp_path, name):
    path = tmp_path / "photo"
    path.write_bytes(ODD[name])
    expected = np.asarray(Image.open(io.BytesIO(encoded("JPEG")))) if ODD[name][:2] == b"\xff\xd8" else PICTURE
    np.testing.assert_array_equal(read_photo(path, 64).transpose(1, 2, 0), expected)


XMP = b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
TEXT = encoded_exif(6)
RAW = b"Raw profile type exif\0"
PROFILE = b"\nexif\n%8d\n" % len(TEXT) + TEXT.hex().encode() + b"\n"
SIDEWAYS = {
    "a resolution that is a text": odd_jpeg((0xE1, EXIF + encoded_exif(6, b"72\0\0"))),
    "with no JFIF": odd_jpeg((0xE1, EXIF + encoded_exif(6, b"72\0\0")), jfif=False),
    "odd segments around": odd_jpeg((0xE2, b"ICC_PROFILE\0"), (0xE1, EXIF + TEXT), (0xEE, b"Adobe")),
    "Exif in two parts": odd_jpeg((0xE1, EXIF + TEXT[:20]), (0xE1, EXIF + TEXT[20:])),
    "XMP beside Exif that is no TIFF": odd_jpeg(
        (0xE1, EXIF + b"?"), (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP)
    ),
    "in PNG": odd_png(b"eXIf", encoded_exif(6, b"72\0\0")),
    "in PNG, after the image": odd_png(b"eXIf", TEXT, "after"),
    "in PNG, XMP": odd_png(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP),
    "in PNG, as hexadecimal digits": odd_png(b"tEXt", RAW + PROFILE),
    "in PNG, the same packed": odd_png(b"zTXt", RAW + b"\0" + zlib.compress(PROFILE), "after"),
    "in WebP": odd_webp(b"EXIF", TEXT),
}


@pytest.mark.parametrize("name", SIDEWAYS)
def test_orientation_is_found_among_odd_metadata(tmp_path, name):
    path = tmp_path / "photo"
    path.write_bytes(SIDEWAYS[name])
    expected = (
        np.asarray(Image.open(io.BytesIO(encoded("JPEG")))) if SIDEWAYS[name][:2] == b"\xff\xd8" else PICTURE
    )
    np.testing.assert_array_equal(read_photo(path, 64).transpose(1, 2, 0), np.rot90(expected, -1))


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP"])
def test_no_damage_to_metadata_matters(tmp_path, image_format):
    """Any bytes of Exif, XMP and a colour profile changed: the picture is the same, turned at most."""
    exif = Image.Exif()
    exif[0x0112], exif[0x011A], exif[0x0131] = 1, 72.0, "software"
    whole = encoded(
        image_format, exif=exif, icc_profile=bytes(range(99)), **{"PNG": {}}.get(image_format, {"xmp": XMP})
    )
    path = tmp_path / "photo"
    path.write_bytes(whole)
    square = read_photo(path, 64)
    turned = [np.rot90(side, n, axes=(1, 2)) for side in (square, square[:, ::-1]) for n in range(4)]
    for seed in range(300):
        draw = np.random.default_rng(seed)
        data = bytearray(whole)
        metadata = [data.find(exif.tobytes()[6:]), data.find(bytes(range(40, 99))), data.find(XMP)]
        start = draw.choice([place for place in metadata if place > 0])
        for place in start + draw.integers(0, 50, 3):
            data[place] = draw.integers(256)
        path.write_bytes(data)
        found = read_photo(path, 64)
        assert any((found == expected).all() for expected in turned), seed


# Names.


def test_shown_name_is_one_line_and_no_other_is_shown_like_it():
    names = [
        "a\nb",
        "a\tb",
        "a\rb",
        r"a\nb",
        "a\x85b",
        "a\u2028b",
        "a\u202eb",
        "a\ufffdb",
        "a\udce9b",
        "aéb",
        r"a\xe9b",
    ]
    lines = [printable(name) for name in names]
    assert len(set(lines)) == len(names)
    assert all(len(line.splitlines()) == 1 for line in lines)
    assert lines[:2] == [r"a\nb", r"a\tb"]
    for line in lines:
        line.encode()  # is text
    assert printable("<ö> $x$ 猫 a'b") == "<ö> $x$ 猫 a'b"


@pytest.mark.parametrize(
    "names",
    [
        ["a\nb", "a\tb", "a b", r"a\nb"],
        ["a b", "a  b", "a b ", "a\N{NO-BREAK SPACE}b"],
        ["Gr\u00f6\u00dfe", "Gro\u0308\u00dfe"],
        ["cat", "c\N{ZERO WIDTH SPACE}at", "c\N{SOFT HYPHEN}at"],
        [os.fsdecode(b"\xe9"), os.fsdecode(b"\xe8"), "\ufffd"],
        [" ", "\N{ZERO WIDTH SPACE}"],
    ],
)
def test_classes_that_would_look_the_same_are_distinguishable(tmp_path, names):
    put(tmp_path, *(f"{name}/{file}" for name in names for file in FIVE))
    found = distinguishable(opened(tmp_path).class_names)
    print(found)
    seen = ["".join(char for char in name if char.isprintable() and char != " ") for name in found]
    assert len({unicodedata.normalize("NFC", name) for name in seen}) == len(names)
    assert all(seen)


def test_names_that_differ_are_kept():
    names = ["Größe", "a b", "a_b", "A b", "猫", "می\N{ZERO WIDTH NON-JOINER}خواهم", "<b>"]
    assert distinguishable(names) == names


def test_splits_in_each_class(tmp_path):
    for name in ("cat/train/a.png", "cat/test/b.png", "dog/train/c.png", "dog/test/d.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    with pytest.raises(InputError, match=r"in 2 of its folders, the first is cat; move the images into"):
        open_folder(tmp_path, classes=True, test_fraction=0.5)
