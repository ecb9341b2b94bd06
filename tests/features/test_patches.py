"""Typical patches, and how much of each is in an image, against what their definition says."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from lib.base.parallel import in_threads
from lib.features.dictionary_file import read_dictionary, write_dictionary
from lib.features.patches import (
    CONTRAST,
    ZCA,
    Dictionary,
    encode,
    learn_dictionary,
    normalize_rows,
    random_subset,
)

SHAPES = [(7, 12, 12), (3, 17, 17, 3)]


def images_of(shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def dictionary_of(channels, size, downsampling, stride, n_atoms=5):
    rng = np.random.default_rng(1)
    d = size * size * channels
    dictionary = normalize_rows(rng.normal(size=(n_atoms, d)))
    parts = (rng.normal(size=d) / 10, rng.normal(size=(d, d)) / 5, dictionary)
    return Dictionary(size, downsampling, stride, *(part.astype(np.float32) for part in parts))


def described(image, dictionary):
    """One image as the definition has it, patch by patch, in float64."""
    image = image.reshape(*image.shape[:2], -1) / 255
    r, size = dictionary.downsampling, dictionary.size
    side = len(image) // r
    small = np.zeros((side, side, image.shape[2]))
    for y, x in np.ndindex(side, side):
        small[y, x] = image[y * r : (y + 1) * r, x * r : (x + 1) * r].mean(axis=(0, 1))
    n = (side - size) // dictionary.stride + 1
    quarters = [[[], []], [[], []]]
    for y, x in np.ndindex(n, n):
        top, left = y * dictionary.stride, x * dictionary.stride
        # Channels first, as windows have them.
        patch = small[top : top + size, left : left + size].transpose(2, 0, 1).ravel()
        patch = (patch - patch.mean()) / np.sqrt(patch.var() + CONTRAST)
        patch = (patch - dictionary.mean) @ dictionary.whitening
        likeness = dictionary.atoms @ (patch / np.linalg.norm(patch))
        quarters[2 * y // n][2 * x // n].append(np.maximum(likeness - likeness.mean(), 0))
    return np.sqrt([np.mean(quarter, axis=0) for row in quarters for quarter in row]).ravel()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("size", "downsampling", "stride"), [(3, 1, 1), (4, 1, 2), (3, 2, 1)])
def test_described_as_defined(shape, size, downsampling, stride):
    images = images_of(shape)
    dictionary = dictionary_of(3 if len(shape) == 4 else 1, size, downsampling, stride)
    with in_threads(1) as run:
        found = encode(images, [dictionary], run)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [described(image, dictionary) for image in images], atol=2e-5)


def test_scales_one_after_another_whatever_the_threads():
    images = images_of((40, 16, 16, 3))
    scales = [dictionary_of(3, 4, downsampling, 1) for downsampling in (1, 2)]
    with in_threads(1) as run:
        both = encode(images, scales, run)
        alone = [encode(images, [dictionary], run) for dictionary in scales]
    with in_threads(3) as run:
        assert encode(images, scales, run).tobytes() == both.tobytes()
    np.testing.assert_array_equal(both, np.concatenate(alone, axis=1))


def test_flat_images_have_finite_features():
    images = np.full((20, 12, 12), 90, np.uint8)
    with in_threads(1) as run:
        assert np.isfinite(encode(images, [dictionary_of(1, 3, 1, 1)], run)).all()


@pytest.mark.parametrize("channels", [1, 3])
def test_words_tell_what_images_are_made_of(channels):
    """Stripes that are upright, or lie: an image has more of the dictionary of its own kind."""
    stripes = np.tile(np.array([0, 0, 200, 200], np.uint8), 4)
    upright = np.broadcast_to(stripes, (16, 16))
    rng = np.random.default_rng(0)
    kinds = rng.integers(0, 2, 60)
    images = np.stack([upright.T if kind else upright for kind in kinds])
    images = images[..., None].repeat(channels, axis=3) + rng.integers(0, 40, (60, 16, 16, channels), np.uint8)
    images = images if channels == 3 else images[..., 0]
    dictionary = learn_dictionary(images, size=4, downsampling=1, n_atoms=8, seed=0)
    assert dictionary.atoms.shape == (8, 16 * channels)
    np.testing.assert_allclose(np.linalg.norm(dictionary.atoms, axis=1), 1, rtol=1e-5)
    with in_threads(1) as run:
        X = encode(images, [dictionary], run)
    distances = np.linalg.norm(X[:, None] - X, axis=2)
    same = kinds[:, None] == kinds
    assert distances[same].max() < distances[~same].min()


def test_words_come_from_all_images():
    """All but a few images are flat, and those few are not the first."""
    images = np.full((50, 12, 12), 90, np.uint8)
    images[40:] = images_of((10, 12, 12))
    dictionary = learn_dictionary(images, size=4, downsampling=1, n_atoms=8, seed=0).atoms
    assert (np.linalg.norm(dictionary, axis=1) > 0.99).sum() >= 7


def test_patches_are_whitened():
    """Neighbours in an image are alike; once whitened, none of their differences outweighs another."""
    images = np.cumsum(np.cumsum(np.random.default_rng(0).normal(size=(400, 12, 12)), axis=1), axis=2)
    images = (127 + 60 * images / np.abs(images).max()).astype(np.uint8)
    dictionary = learn_dictionary(images, size=4, downsampling=1, n_atoms=8, seed=0)
    patches = np.lib.stride_tricks.sliding_window_view(images / 255, (4, 4), axis=(1, 2)).reshape(-1, 16)
    patches = patches - patches.mean(axis=1, keepdims=True)
    patches /= np.sqrt(patches.var(axis=1, keepdims=True) + CONTRAST)
    before = np.sort(np.linalg.eigvalsh(np.cov(patches, rowvar=False)))
    after = np.sort(np.linalg.eigvalsh(np.cov((patches - dictionary.mean) @ dictionary.whitening, rowvar=False)))
    np.testing.assert_allclose(after, before / (before + ZCA), atol=0.03)


def test_learnt_again_is_the_same_and_of_another_seed_is_not():
    images = images_of((30, 12, 12))

    def learnt(seed, n_threads):
        with threadpool_limits(n_threads, user_api="blas"):  # as Snakemake does it
            dictionary = learn_dictionary(
                images, size=6, downsampling=1, n_atoms=6, seed=seed, n_threads=n_threads
            )
        return b"".join(np.asarray(part).tobytes() for part in dictionary)

    assert learnt(0, 1) == learnt(0, 3) != learnt(1, 1)


def test_images_that_are_too_small():
    message = "images of 12 x 12 are too small for patches of 6 x 6 with a downsampling of 2: these need 14 x 14"
    with pytest.raises(ValueError, match=message):
        learn_dictionary(images_of((5, 12, 12)), size=6, downsampling=2, n_atoms=2, seed=0)


@pytest.mark.parametrize(("side", "downsampling"), [(8, 1), (14, 2), (15, 2), (21, 3)])
def test_smallest_images(side, downsampling):
    """Each quarter has a patch; images one pixel smaller are refused, if they would be reduced to less."""
    dictionary = learn_dictionary(images_of((5, side, side)), size=6, downsampling=downsampling, n_atoms=2, seed=0)
    with in_threads(1) as run:
        assert np.isfinite(encode(images_of((5, side, side)), [dictionary], run)).all()
    least = {1: 8, 2: 14, 3: 21}[downsampling]
    with pytest.raises(ValueError, match=f"these need {least} x {least}"):
        learn_dictionary(
            images_of((5, least - 1, least - 1)), size=6, downsampling=downsampling, n_atoms=2, seed=0
        )


def test_read_as_written(tmp_path):
    scales = [dictionary_of(3, 4, downsampling, 2) for downsampling in (1, 2)]
    write_dictionary(tmp_path / "dictionary.h5", scales)
    for dictionary, read in zip(scales, read_dictionary(tmp_path / "dictionary.h5"), strict=True):
        assert read._fields == dictionary._fields
        for a, b in zip(dictionary, read, strict=True):
            np.testing.assert_array_equal(a, b)


def test_images_are_drawn_from_all_over():
    drawn = random_subset(1000, 100, seed=0)
    assert len(set(drawn)) == 100
    assert (np.diff(drawn) > 0).all()
    assert drawn[0] < 50
    assert drawn[-1] > 950
    assert (random_subset(1000, 100, seed=1) != drawn).any()
    np.testing.assert_array_equal(random_subset(5, 100, seed=0), range(5))
