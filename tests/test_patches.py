"""Typical patches, and how much of each is in an image, against what their definition says."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from lib.base.parallel import in_threads
from lib.features.patches import CONTRAST, Dictionary, ZCA, describe, learn_dictionary, random_subset, read_dictionary, normalize_rows
from lib.base.hdf5 import write_fields, writing

SHAPES = [(7, 12, 12), (3, 17, 17, 3)]


def images_of(shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def words_of(channels, size, reduction, stride, n_atoms=5):
    rng = np.random.default_rng(1)
    d = size * size * channels
    words = normalize_rows(rng.normal(size=(n_atoms, d)))
    parts = (rng.normal(size=d) / 10, rng.normal(size=(d, d)) / 5, words)
    return Dictionary(size, reduction, stride, *(part.astype(np.float32) for part in parts))


def described(image, words):
    """One image as the definition has it, patch by patch, in float64."""
    image = image.reshape(*image.shape[:2], -1) / 255
    r, size = words.reduction, words.size
    side = len(image) // r
    small = np.zeros((side, side, image.shape[2]))
    for y, x in np.ndindex(side, side):
        small[y, x] = image[y * r : (y + 1) * r, x * r : (x + 1) * r].mean(axis=(0, 1))
    n = (side - size) // words.stride + 1
    quarters = [[[], []], [[], []]]
    for y, x in np.ndindex(n, n):
        top, left = y * words.stride, x * words.stride
        # Channels first, as windows have them.
        patch = small[top : top + size, left : left + size].transpose(2, 0, 1).ravel()
        patch = (patch - patch.mean()) / np.sqrt(patch.var() + CONTRAST)
        patch = (patch - words.mean) @ words.whitening
        likeness = words.words @ (patch / np.linalg.norm(patch))
        quarters[2 * y // n][2 * x // n].append(np.maximum(likeness - likeness.mean(), 0))
    return np.sqrt([np.mean(quarter, axis=0) for row in quarters for quarter in row]).ravel()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("size", "reduction", "stride"), [(3, 1, 1), (4, 1, 2), (3, 2, 1)])
def test_described_as_defined(shape, size, reduction, stride):
    images = images_of(shape)
    words = words_of(3 if len(shape) == 4 else 1, size, reduction, stride)
    with in_threads(1) as run:
        found = describe(images, [words], run)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [described(image, words) for image in images], atol=2e-5)


def test_scales_one_after_another_whatever_the_threads():
    images = images_of((40, 16, 16, 3))
    scales = [words_of(3, 4, reduction, 1) for reduction in (1, 2)]
    with in_threads(1) as run:
        both = describe(images, scales, run)
        alone = [describe(images, [words], run) for words in scales]
    with in_threads(3) as run:
        assert describe(images, scales, run).tobytes() == both.tobytes()
    np.testing.assert_array_equal(both, np.concatenate(alone, axis=1))


def test_flat_images_have_finite_features():
    images = np.full((20, 12, 12), 90, np.uint8)
    with in_threads(1) as run:
        assert np.isfinite(describe(images, [words_of(1, 3, 1, 1)], run)).all()


@pytest.mark.parametrize("channels", [1, 3])
def test_words_tell_what_images_are_made_of(channels):
    """Stripes that are upright, or lie: an image has more of the words of its own kind."""
    stripes = np.tile(np.array([0, 0, 200, 200], np.uint8), 4)
    upright = np.broadcast_to(stripes, (16, 16))
    rng = np.random.default_rng(0)
    kinds = rng.integers(0, 2, 60)
    images = np.stack([upright.T if kind else upright for kind in kinds])
    images = images[..., None].repeat(channels, axis=3) + rng.integers(0, 40, (60, 16, 16, channels), np.uint8)
    images = images if channels == 3 else images[..., 0]
    words = learn_dictionary(images, size=4, reduction=1, n_atoms=8, seed=0)
    assert words.words.shape == (8, 16 * channels)
    np.testing.assert_allclose(np.linalg.norm(words.words, axis=1), 1, rtol=1e-5)
    with in_threads(1) as run:
        X = describe(images, [words], run)
    distances = np.linalg.norm(X[:, None] - X, axis=2)
    same = kinds[:, None] == kinds
    assert distances[same].max() < distances[~same].min()


def test_words_come_from_all_images():
    """All but a few images are flat, and those few are not the first."""
    images = np.full((50, 12, 12), 90, np.uint8)
    images[40:] = images_of((10, 12, 12))
    words = learn_dictionary(images, size=4, reduction=1, n_atoms=8, seed=0).words
    assert (np.linalg.norm(words, axis=1) > 0.99).sum() >= 7


def test_patches_are_whitened():
    """Neighbours in an image are alike; once whitened, none of their differences outweighs another."""
    images = np.cumsum(np.cumsum(np.random.default_rng(0).normal(size=(400, 12, 12)), axis=1), axis=2)
    images = (127 + 60 * images / np.abs(images).max()).astype(np.uint8)
    words = learn_dictionary(images, size=4, reduction=1, n_atoms=8, seed=0)
    patches = np.lib.stride_tricks.sliding_window_view(images / 255, (4, 4), axis=(1, 2)).reshape(-1, 16)
    patches = patches - patches.mean(axis=1, keepdims=True)
    patches /= np.sqrt(patches.var(axis=1, keepdims=True) + CONTRAST)
    before = np.sort(np.linalg.eigvalsh(np.cov(patches, rowvar=False)))
    after = np.sort(np.linalg.eigvalsh(np.cov((patches - words.mean) @ words.whitening, rowvar=False)))
    np.testing.assert_allclose(after, before / (before + ZCA), atol=0.03)


def test_learnt_again_is_the_same_and_of_another_seed_is_not():
    images = images_of((30, 12, 12))

    def learnt(seed, n_threads):
        with threadpool_limits(n_threads, user_api="blas"):  # as Snakemake does it
            words = learn_dictionary(images, size=6, reduction=1, n_atoms=6, seed=seed, n_threads=n_threads)
        return b"".join(np.asarray(part).tobytes() for part in words)

    assert learnt(0, 1) == learnt(0, 3) != learnt(1, 1)


def test_images_that_are_too_small():
    message = "images of 12 x 12 are too small for patches of 6 x 6 with a reduction of 2: these need 14 x 14"
    with pytest.raises(ValueError, match=message):
        learn_dictionary(images_of((5, 12, 12)), size=6, reduction=2, n_atoms=2, seed=0)


@pytest.mark.parametrize(("side", "reduction"), [(8, 1), (14, 2), (15, 2), (21, 3)])
def test_smallest_images(side, reduction):
    """Each quarter has a patch; images one pixel smaller are refused, if they would be reduced to less."""
    words = learn_dictionary(images_of((5, side, side)), size=6, reduction=reduction, n_atoms=2, seed=0)
    with in_threads(1) as run:
        assert np.isfinite(describe(images_of((5, side, side)), [words], run)).all()
    least = {1: 8, 2: 14, 3: 21}[reduction]
    with pytest.raises(ValueError, match=f"these need {least} x {least}"):
        learn_dictionary(images_of((5, least - 1, least - 1)), size=6, reduction=reduction, n_atoms=2, seed=0)


def test_read_as_written(tmp_path):
    scales = [words_of(3, 4, reduction, 2) for reduction in (1, 2)]
    with writing(tmp_path / "words.h5") as file:
        for i, words in enumerate(scales):
            write_fields(file.create_group(str(i)), words)
    for words, read in zip(scales, read_dictionary(tmp_path / "words.h5"), strict=True):
        assert read._fields == words._fields
        for a, b in zip(words, read, strict=True):
            np.testing.assert_array_equal(a, b)


def test_images_are_drawn_from_all_over():
    drawn = random_subset(1000, 100, seed=0)
    assert len(set(drawn)) == 100
    assert (np.diff(drawn) > 0).all()
    assert drawn[0] < 50
    assert drawn[-1] > 950
    assert (random_subset(1000, 100, seed=1) != drawn).any()
    np.testing.assert_array_equal(random_subset(5, 100, seed=0), range(5))
