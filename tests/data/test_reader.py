"""Images as they come, for encoders: in colour, at a size of their own, of one split."""

from argparse import ArgumentParser

import numpy as np
import pytest
from PIL import Image

from lib.data.photos import BICUBIC
from lib.data.reader import add_arguments, colour_batches, open_dataset

RNG = np.random.default_rng(0)


def arguments(*words):
    parser = ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(words)


def all_images(args, split, side, batch_size=3):
    dataset = open_dataset(args, side=side, split=split, resampling=BICUBIC)
    batches = list(colour_batches(dataset, split, side, batch_size))
    assert {len(batch) for batch in batches[:-1]} <= {batch_size}
    return np.concatenate(batches)


@pytest.fixture
def photos(tmp_path):
    """Photos of 60 x 40, in two splits."""
    for split, n in (("train", 4), ("test", 7)):
        for i in range(n):
            path = tmp_path / split / f"{i}.png"
            path.parent.mkdir(exist_ok=True)
            Image.fromarray(RNG.integers(0, 256, (40, 60, 3), dtype=np.uint8)).save(path)
    return tmp_path


def test_photos_come_from_their_files(photos):
    """At 40 pixels a side nothing is lost; the copies in images.h5 have 32."""
    found = all_images(arguments("--format", "folder", "--source", str(photos)), "test", 40)
    for i, image in enumerate(found):
        whole = np.asarray(Image.open(photos / "test" / f"{i}.png"))
        np.testing.assert_array_equal(image.transpose(1, 2, 0), whole[:, 10:50])


def test_photos_of_other_splits_are_not_read(photos):
    (photos / "train" / "0.png").write_bytes(b"damaged")
    args = arguments("--format", "folder", "--source", str(photos))
    assert len(all_images(args, "test", 16)) == 7


def test_scaled_as_pillow_does(photos):
    found = all_images(arguments("--format", "folder", "--source", str(photos)), "test", 90)
    photo = Image.open(photos / "test" / "0.png")
    expected = np.asarray(photo.resize((90, 90), BICUBIC, box=(10, 0, 50, 40)))
    np.testing.assert_array_equal(found[0].transpose(1, 2, 0), expected)


def test_gray_images_get_three_equal_colours():
    found = all_images(arguments("--format", "digits"), "test", 32, batch_size=64)
    assert found.shape == (500, 3, 32, 32)
    assert (found[:, :1] == found).all()
    larger = all_images(arguments("--format", "digits"), "test", 48, batch_size=64)
    gray = Image.fromarray(found[9, 0])
    np.testing.assert_array_equal(larger[9, 1], np.asarray(gray.resize((48, 48), BICUBIC)))
