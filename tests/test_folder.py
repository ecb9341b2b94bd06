"""Photos of a folder: which there are, in which split and class, and their pixels."""

import io
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from lib import photos
from lib.cli import InputError
from lib.folder import Photo, arrange, content_digest, open_folder, shown
from lib.photos import read_photo, read_photos
from lib.splits import drawn_for_test


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


def test_folder_without_images(tmp_path):
    put(tmp_path, "a.tif", "sub/b.gif")
    with pytest.raises(InputError, match=r"holds no images: none of its 2 files, also in sub-folders, ends in"):
        opened(tmp_path)


@pytest.mark.parametrize("name", ["missing", "file.zip"])
def test_source_that_is_no_folder(tmp_path, name):
    put(tmp_path, "file.zip")
    for function in (opened, content_digest):
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


def test_train_alone_is_a_class(tmp_path):
    put(tmp_path, *(f"{name}/{file}" for name in ("train", "plane") for file in FIVE))
    assert opened(tmp_path).class_names == ["plane", "train"]


@pytest.mark.parametrize(("n", "fraction", "n_test"), [(10, 0.2, 2), (10, 0.25, 2), (2, 0.5, 1), (1001, 0.3, 300)])
def test_share_of_the_test_images(n, fraction, n_test):
    assert sum(drawn_for_test([str(i) for i in range(n)], fraction, "x")) == n_test


def test_draw_is_always_the_same_and_looks_random():
    keys = [f"{i:04d}.jpg" for i in range(1000)]
    drawn = np.array(drawn_for_test(keys, 0.2, "x"))
    assert drawn.tolist() == drawn_for_test(keys, 0.2, "x")
    backwards = drawn_for_test(keys[::-1], 0.2, "x")
    assert drawn.tolist() == backwards[::-1]
    assert abs(drawn[:500].sum() - 100) < 30


def test_one_photo_more_moves_one_other_at_most():
    keys = [f"{i}.jpg" for i in range(1000)]
    before = drawn_for_test(keys, 0.2, "x")
    after = drawn_for_test(["new.jpg", *keys], 0.2, "x")[1:]
    assert sum(a != b for a, b in zip(before, after, strict=True)) <= 1


@pytest.mark.parametrize(("n", "fraction", "n_test"), [(1, 0.2, 0), (2, 0.2, 0), (3, 0.9, 3), (1, 0.9, 1)])
def test_too_few_images_to_split(n, fraction, n_test):
    with pytest.raises(InputError, match=rf"of {n}, a `test_fraction` of {fraction} makes {n_test} test images"):
        drawn_for_test([str(i) for i in range(n)], fraction, "x")


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
    assert opened(tmp_path).class_names == ["caf\ufffd\ufffd"]
    assert len(content_digest(tmp_path)) == 16


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
        return arrange(files, has_splits=False, classes=True, test_fraction=0.2, origin="x")

    found, class_names = classes(65_536)
    assert len(class_names) == 65_536
    assert all(class_names[photo.label] == photo.path.partition("/")[0] for photo in found)
    with pytest.raises(InputError, match=r"has 65,537 folders, and there can be 65,536 classes"):
        classes(65_537)


# What counts as a change.


def test_digest_is_that_of_the_photos(tmp_path):
    put(tmp_path, "a.jpg", "sub/b.jpg", content=b"1234")
    before = content_digest(tmp_path)
    put(tmp_path, "notes.txt", ".hidden.jpg")
    assert content_digest(tmp_path) == before
    assert content_digest(tmp_path.rename(tmp_path.with_name("moved"))) == before


@pytest.mark.parametrize("change", ["add", "remove", "rename", "touch", "resize", "link to nowhere"])
def test_digest_changes(tmp_path, change):
    put(tmp_path, "a.jpg", "sub/b.jpg", content=b"1234")
    before = content_digest(tmp_path)
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
    assert content_digest(tmp_path) != before


# Pixels.

rng = np.random.default_rng(0)
NOISE = rng.integers(0, 256, (8, 8, 3), np.uint8)


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
    Image.fromarray(rng.integers(0, 256, (64, 64, 3), np.uint8)).save(stream, image_format, **options)
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


def test_shown_name_is_one_line():
    assert shown("a\nb\udce9<ö>") == "a\ufffdb\ufffd<ö>"
