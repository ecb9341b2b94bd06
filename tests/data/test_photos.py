"""The pixels of a photo, and what is said of a file that has none."""

import io
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from lib.data import photos
from lib.data.folder import Photo
from lib.data.photos import read_photo, read_photos

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
    (tmp_path / name).write_bytes(content)
    unreadable = []
    assert not list(read_photos(tmp_path, [Photo(name, "train", None)], 8, unreadable))
    ((path, found),) = unreadable
    assert path == name
    assert reason in found
    assert found
    assert "\n" not in found


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
    for name in ("1.png", "4.png"):
        (tmp_path / name).write_bytes(b"")
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
        rng = np.random.default_rng(seed)
        data = bytearray(whole)
        metadata = [data.find(exif.tobytes()[6:]), data.find(bytes(range(40, 99))), data.find(XMP)]
        start = rng.choice([place for place in metadata if place > 0])
        for place in start + rng.integers(0, 50, 3):
            data[place] = rng.integers(256)
        path.write_bytes(data)
        found = read_photo(path, 64)
        assert any((found == expected).all() for expected in turned), seed
