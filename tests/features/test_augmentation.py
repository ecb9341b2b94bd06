"""Views of images: what may change in them, and what does not."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from lib.features import augmentation
from lib.features.augmentation import GRAY, LUMA, are_symmetric, augment, augmented_views


def images_of(shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


@pytest.fixture
def plain(monkeypatch):
    """Views are cropped only."""
    monkeypatch.setattr(augmentation, "JITTER", (1, 1))
    monkeypatch.setattr(augmentation, "HUE", 0)
    monkeypatch.setattr(augmentation, "GRAY", 0)


@pytest.mark.parametrize("shape", [(4, 16, 16), (4, 16, 16, 3)])
def test_views_are_images_that_differ(shape):
    images = images_of(shape)
    views = augmented_views(images, 3, seed=(0,))
    assert views.shape == (12, *shape[1:])
    assert views.dtype == np.float32
    assert 0 <= views.min() < views.max() <= 1
    assert len({image.tobytes() for image in views}) == 12


def test_views_of_an_image_are_of_that_image():
    """They are next to each other, and have about its brightness."""
    levels = np.linspace(30, 225, 6).astype(np.uint8)
    images = np.broadcast_to(levels[:, None, None], (6, 16, 16)) + images_of((6, 16, 16)) // 64
    views = augmented_views(images, 200, seed=(0,))
    brightness = views.reshape(6, 200, -1).mean(axis=(1, 2))
    assert (np.diff(brightness) > 0.04).all()


def test_a_repeated_image_has_other_views():
    images = np.repeat(images_of((1, 12, 12)), 130, axis=0)
    views = augmented_views(images, 2, seed=(0,))
    assert len({image.tobytes() for image in views}) > 250


@pytest.mark.parametrize("axis", [1, 2])
def test_crops_are_stretched_to_the_whole_side(plain, axis):
    """Of an image that grows brighter at a constant rate, each view does so more slowly."""
    side = 20
    ramp = np.broadcast_to(np.arange(side, dtype=np.uint8)[:, None] * 10, (side, side))
    images = np.broadcast_to(ramp if axis == 1 else ramp.T, (500, side, side))
    views = augment(images, np.random.default_rng(0)) * 25.5  # in pixels of the image
    views = views.swapaxes(axis, 2)[:, :, 1:-1]  # beyond the outermost pixels there is nothing to interpolate
    steps = np.diff(views, axis=2)
    assert np.ptp(steps, axis=(1, 2)).max() < 1e-4
    shares = steps[:, 0, 0]
    assert shares.min() > np.sqrt(0.3 * 3 / 4) - 1e-4
    assert shares.max() <= 1 + 1e-4
    assert np.quantile(shares, 0.1) < 0.65
    # The crop is anywhere in the image.
    centres = views.mean(axis=(1, 2)) / (side - 1)
    assert centres.min() < 0.35
    assert centres.max() > 0.65


def test_some_views_are_gray():
    images = np.broadcast_to(np.array([200, 0, 0], np.uint8), (3000, 8, 8, 3))
    views = augment(images, np.random.default_rng(0))
    gray = (np.ptp(views, axis=3) < 1e-6).all(axis=(1, 2)).mean()
    assert abs(gray - GRAY) < 0.03


def test_hues_turn_and_stay_as_bright(plain, monkeypatch):
    monkeypatch.setattr(augmentation, "HUE", 0.1)
    colour = np.array([150, 100, 90], np.uint8)
    views = augment(np.broadcast_to(colour, (500, 8, 8, 3)), np.random.default_rng(0))[:, 4, 4]
    np.testing.assert_allclose(views @ LUMA, colour / 255 @ LUMA, atol=1e-3)
    same = (np.abs(views - colour / 255) < 1e-4).all(axis=1).mean()
    assert 0.15 < same < 0.25  # a fifth are not recoloured
    reds = views[:, 0] - views[:, 1]
    assert reds.min() < 0.1 < 50 / 255 < reds.max()


def test_brightness_contrast_and_saturation_change(monkeypatch):
    monkeypatch.setattr(augmentation, "HUE", 0)
    monkeypatch.setattr(augmentation, "GRAY", 0)
    images = np.full((2000, 8, 8, 3), 90, np.uint8)
    images[:, :, 4:] = (120, 60, 60)
    views = augment(images, np.random.default_rng(0))
    ratios = {
        "brightness": (views @ LUMA).mean(axis=(1, 2)) / ((images[0] / 255 @ LUMA).mean()),
        "saturation": np.ptp(views, axis=3).max(axis=(1, 2)) / (60 / 255),
    }
    for name, found in ratios.items():
        assert np.quantile(found, 0.05) < 0.75, name
        assert np.quantile(found, 0.95) > 1.2, name


def test_what_might_be_mirrored():
    """Noise and what looks to either side might; what all looks to one side might not."""
    rng = np.random.default_rng(0)
    towards_right = np.sort(rng.integers(0, 256, (80, 9, 9), np.uint8), axis=2)
    to_either = np.where(rng.random((80, 1, 1)) < 0.5, towards_right, towards_right[:, :, ::-1])
    assert are_symmetric(images_of((80, 9, 9, 3)))
    assert are_symmetric(to_either)
    assert not are_symmetric(towards_right)
    assert not are_symmetric(load_digits().images.astype(np.uint8))
    assert are_symmetric(towards_right[:1])
