"""Dictionaries of typical patches, and the encoding of images, against their definition."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from lib.base.parallel import in_threads
from lib.features.dictionary_file import read_dictionary, write_dictionary
from lib.features.patches import (
    CONTRAST,
    KEPT,
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
    d, m = size * size * channels, size * channels
    atoms = normalize_rows(rng.normal(size=(n_atoms, m)))
    mean, whitening = rng.normal(size=d) / 10, rng.normal(size=(d, m)) / 5
    return Dictionary(size, downsampling, stride, *(x.astype(np.float32) for x in (mean, whitening, atoms)))


def encoded(image, dictionary):
    """One image encoded by the definition, patch by patch, in float64."""
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
        patch = small[top : top + size, left : left + size].ravel()
        patch = (patch - patch.mean()) / np.sqrt(patch.var() + CONTRAST)
        patch = (patch - dictionary.mean) @ dictionary.whitening
        similarity = dictionary.atoms @ (patch / np.linalg.norm(patch))
        quarters[2 * y // n][2 * x // n].append(np.maximum(similarity - similarity.mean(), 0))
    return np.sqrt([np.mean(quarter, axis=0) for row in quarters for quarter in row]).ravel()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("size", "downsampling", "stride"), [(3, 1, 1), (4, 1, 2), (3, 2, 1)])
def test_encoding_is_as_defined(shape, size, downsampling, stride):
    images = images_of(shape)
    dictionary = dictionary_of(3 if len(shape) == 4 else 1, size, downsampling, stride)
    with in_threads(1) as parallel_map:
        found = encode(images, [dictionary], parallel_map)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [encoded(image, dictionary) for image in images], atol=2e-5)


def test_dictionaries_one_after_another_whatever_the_threads():
    images = images_of((40, 16, 16, 3))
    dictionaries = [dictionary_of(3, 4, downsampling, 1) for downsampling in (1, 2)]
    with in_threads(1) as parallel_map:
        both = encode(images, dictionaries, parallel_map)
        alone = [encode(images, [dictionary], parallel_map) for dictionary in dictionaries]
    with in_threads(3) as parallel_map:
        assert encode(images, dictionaries, parallel_map).tobytes() == both.tobytes()
    np.testing.assert_array_equal(both, np.concatenate(alone, axis=1))


def test_flat_images_have_finite_features():
    images = np.full((20, 12, 12), 90, np.uint8)
    with in_threads(1) as parallel_map:
        assert np.isfinite(encode(images, [dictionary_of(1, 3, 1, 1)], parallel_map)).all()


@pytest.mark.parametrize("channels", [1, 3])
def test_atoms_tell_what_images_are_made_of(channels):
    """Of vertical and horizontal stripes, an image has more of the atoms of its own kind."""
    stripes = np.tile(np.array([0, 0, 200, 200], np.uint8), 4)
    vertical = np.broadcast_to(stripes, (16, 16))
    rng = np.random.default_rng(0)
    kinds = rng.integers(0, 2, 60)
    images = np.stack([vertical.T if kind else vertical for kind in kinds])
    images = images[..., None].repeat(channels, axis=3) + rng.integers(0, 40, (60, 16, 16, channels), np.uint8)
    images = images if channels == 3 else images[..., 0]
    dictionary = learn_dictionary(images, size=4, downsampling=1, n_atoms=8, seed=0)
    assert len(dictionary.atoms) == 8
    np.testing.assert_allclose(np.linalg.norm(dictionary.atoms, axis=1), 1, rtol=1e-5)
    with in_threads(1) as parallel_map:
        X = encode(images, [dictionary], parallel_map)
    distances = np.linalg.norm(X[:, None] - X, axis=2)
    same = kinds[:, None] == kinds
    assert distances[same].max() < distances[~same].min()


def test_atoms_come_from_all_images():
    """All but a few images are flat, and those few are not the first."""
    images = np.full((50, 12, 12), 90, np.uint8)
    images[40:] = images_of((10, 12, 12))
    atoms = learn_dictionary(images, size=4, downsampling=1, n_atoms=8, seed=0).atoms
    assert (np.linalg.norm(atoms, axis=1) > 0.99).sum() >= 7


def test_patches_begin_where_pixels_of_downsampled_images_do():
    """Noise in blocks of 3 x 3 pixels has neighbours that are not alike, unless blocks are cut apart."""
    images = np.kron(images_of((200, 8, 8)), np.ones((3, 3), np.uint8))
    dictionary = learn_dictionary(images, size=4, downsampling=3, n_atoms=2, seed=0)
    scales = np.linalg.norm(dictionary.whitening, axis=0)  # of axes with the same variance
    assert scales.max() < 1.2 * scales.min()


def test_patches_are_whitened():
    """Neighbouring pixels are alike. After whitening, no direction has much more variance than another."""
    images = np.cumsum(np.cumsum(np.random.default_rng(0).normal(size=(400, 12, 12)), axis=1), axis=2)
    images = (127 + 60 * images / np.abs(images).max()).astype(np.uint8)
    dictionary = learn_dictionary(images, size=4, downsampling=1, n_atoms=8, seed=0)
    patches = np.lib.stride_tricks.sliding_window_view(images / 255, (4, 4), axis=(1, 2)).reshape(-1, 16)
    patches = patches - patches.mean(axis=1, keepdims=True)
    patches /= np.sqrt(patches.var(axis=1, keepdims=True) + CONTRAST)
    before = np.linalg.eigvalsh(np.cov(patches, rowvar=False))[::-1]
    after = np.linalg.eigvalsh(np.cov((patches - dictionary.mean) @ dictionary.whitening, rowvar=False))[::-1]
    of_all = before / (before + ZCA)
    np.testing.assert_allclose(after, of_all[: len(after)], atol=0.03)
    # No more axes than it takes to keep most of the variance.
    assert of_all[: len(after) - 1].sum() < KEPT * of_all.sum() < of_all[: len(after) + 1].sum()


def test_dictionary_depends_on_the_seed_and_not_on_threads():
    images = images_of((30, 12, 12))

    def bytes_of(seed, n_threads):
        with threadpool_limits(n_threads, user_api="blas"):  # as Snakemake does it
            dictionary = learn_dictionary(
                images, size=6, downsampling=1, n_atoms=6, seed=seed, n_threads=n_threads
            )
        return b"".join(np.asarray(x).tobytes() for x in dictionary)

    assert bytes_of(0, 1) == bytes_of(0, 3) != bytes_of(1, 1)


def test_images_that_are_too_small():
    message = "images of 12 x 12 are too small for patches of 6 x 6 with a downsampling of 2: these need 14 x 14"
    with pytest.raises(ValueError, match=message):
        learn_dictionary(images_of((5, 12, 12)), size=6, downsampling=2, n_atoms=2, seed=0)


@pytest.mark.parametrize(("side", "downsampling"), [(7, 1), (14, 2), (15, 2), (21, 3)])
def test_smallest_images(side, downsampling):
    """Each quarter has a patch. Images one pixel smaller are refused."""
    dictionary = learn_dictionary(images_of((5, side, side)), size=6, downsampling=downsampling, n_atoms=2, seed=0)
    with in_threads(1) as parallel_map:
        assert np.isfinite(encode(images_of((5, side, side)), [dictionary], parallel_map)).all()
    min_side = {1: 7, 2: 14, 3: 21}[downsampling]
    with pytest.raises(ValueError, match=f"these need {min_side} x {min_side}"):
        learn_dictionary(
            images_of((5, min_side - 1, min_side - 1)), size=6, downsampling=downsampling, n_atoms=2, seed=0
        )


def test_read_as_written(tmp_path):
    dictionaries = [dictionary_of(3, 4, downsampling, 2) for downsampling in (1, 2)]
    write_dictionary(tmp_path / "dictionary.h5", dictionaries)
    for dictionary, read in zip(dictionaries, read_dictionary(tmp_path / "dictionary.h5"), strict=True):
        assert read._fields == dictionary._fields
        for a, b in zip(dictionary, read, strict=True):
            np.testing.assert_array_equal(a, b)


def test_random_subset_is_from_all_over():
    rows = random_subset(1000, 100, seed=0)
    assert len(set(rows)) == 100
    assert (np.diff(rows) > 0).all()
    assert rows[0] < 50
    assert rows[-1] > 950
    assert (random_subset(1000, 100, seed=1) != rows).any()
    np.testing.assert_array_equal(random_subset(5, 100, seed=0), range(5))


@pytest.mark.parametrize(
    ("side", "downsampling", "stride"), [(16, 1, 1), (32, 1, 2), (32, 2, 1), (64, 2, 2), (64, 4, 1)]
)
def test_small_images_have_a_patch_at_every_pixel(side, downsampling, stride):
    images = images_of((3, side, side))
    assert learn_dictionary(images, size=4, downsampling=downsampling, n_atoms=2, seed=0).stride == stride
