"""Images by strips, against their definition, and the encoded views of training images."""

import numpy as np
import pytest
from scipy.linalg import eigh

from lib.base.errors import InputError
from lib.base.hdf5 import writing
from lib.base.parallel import in_threads
from lib.features import training_views
from lib.features.discriminants import RIDGE, Projection
from lib.features.patches import Dictionary, encode, learn_dictionary, normalize_rows
from lib.features.strips import Strips, encode_strips, learn_strips, strip_codes
from lib.features.strips_file import read_strips, write_strips
from lib.features.training_views import encoded_views, is_held_out, read_training_images
from lib.features.views_file import read_views, write_views


def images_of(shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def encoded(images, dictionary):
    with in_threads(1) as parallel_map:
        return encode(images, [dictionary], parallel_map)


@pytest.fixture(scope="module")
def dictionaries():
    images = images_of((60, 24, 24, 3))
    return [learn_dictionary(images, size=4, downsampling=n, n_atoms=5, seed=0) for n in (1, 2)]


def test_a_strip_has_the_patches_of_its_rows():
    """What is in a third of an image changes the codes of no other, if no patch lies on both."""
    dictionary = Dictionary(2, 1, 2, *_random_dictionary(2, 3))
    images = images_of((4, 12, 12))
    codes = strip_codes(images, dictionary, mirrored=False)
    assert codes.shape == (4, 3, 6)
    changed = images.copy()
    changed[:, 4:8] = images_of((4, 4, 12), seed=1)
    differs = np.abs(strip_codes(changed, dictionary, mirrored=False) - codes).max(axis=(0, 2)) > 1e-3
    assert differs.tolist() == [False, True, False]
    changed = images.copy()
    changed[:, :, 6:] = images_of((4, 12, 6), seed=1)
    differs = (
        np.abs(strip_codes(changed, dictionary, mirrored=False) - codes).reshape(4, 3, 2, 3).max(axis=(0, 1, 3))
    )
    assert (differs > 1e-3).tolist() == [False, True]


def test_whole_images_have_the_mean_of_their_strips(dictionaries):
    """Where all strips have as many patches, the mean of their squares is that of the quarters."""
    images = images_of((6, 27, 27, 3))  # 12 rows of patches
    strips = strip_codes(images, dictionaries[0], mirrored=False)
    quarters = encoded(images, dictionaries[0]).reshape(6, 4, -1)
    means = (strips**2).reshape(6, 6, -1).mean(axis=1)
    np.testing.assert_allclose(means, (quarters**2).mean(axis=1), atol=1e-5)


@pytest.mark.parametrize("side", [23, 24, 25])
def test_mirror_images_have_the_same_codes_if_wanted(dictionaries, side):
    images = images_of((5, side, side, 3))
    for dictionary in dictionaries:
        found = [strip_codes(X, dictionary, mirrored=True) for X in (images, images[:, :, ::-1])]
        np.testing.assert_allclose(*found, atol=1e-6)
        one, other = (strip_codes(X, dictionary, mirrored=False) for X in (images, images[:, :, ::-1]))
        assert np.abs(one - other).max() > 0.01
        np.testing.assert_allclose(found[0], np.sqrt((one**2 + other**2) / 2), atol=1e-6)


def test_encoded_strips_have_length_1(dictionaries):
    images = images_of((7, 24, 24, 3))
    rng = np.random.default_rng(0)
    projections = [Projection(rng.normal(size=10), rng.normal(size=(10, 4))) for _ in dictionaries]
    X = encode_strips(images, dictionaries, Strips(False, projections))
    assert X.shape == (7, 24)
    assert X.dtype == np.float32
    for i, (dictionary, projection) in enumerate(zip(dictionaries, projections, strict=True)):
        codes = strip_codes(images, dictionary, mirrored=False)
        expected = normalize_rows((codes - projection.mean) @ projection.axes).reshape(7, 12)
        np.testing.assert_allclose(X[:, 12 * i : 12 * (i + 1)], expected, atol=1e-5)


@pytest.mark.parametrize("side", [5, 6])
def test_images_with_two_rows_of_patches_have_two_strips(side):
    dictionary = learn_dictionary(images_of((9, side, side)), size=4, downsampling=1, n_atoms=3, seed=0)
    codes = strip_codes(images_of((9, side, side)), dictionary, mirrored=True)
    assert codes.shape == (9, side - 3, 6)
    assert np.isfinite(codes).all()


def learned(images, dictionaries, n_threads=1, seed=0):
    with in_threads(n_threads) as parallel_map:
        return learn_strips(
            images, dictionaries, n_views=3, mirrored=True, seed=(seed,), parallel_map=parallel_map
        )


def test_learned_strips_are_discriminants_of_strips(dictionaries):
    """Each strip of an image is a class of its own: the same strip of three views of the image."""
    images = images_of((32, 24, 24, 3))
    strips = learned(images, dictionaries)
    assert strips.mirrored
    views = [training_views.augmented_views(images[i : i + 16], 3, seed=(0, i)) for i in (0, 16)]
    for dictionary, projection in zip(dictionaries, strips.projections, strict=True):
        codes = strip_codes(np.concatenate(views), dictionary, mirrored=True).astype(np.float64)
        classes = codes.reshape(32, 3, 3, 10).swapaxes(1, 2).reshape(96, 3, 10)
        np.testing.assert_allclose(projection.mean, codes.mean(axis=(0, 1)), atol=1e-5)
        total = np.cov(codes.reshape(-1, 10), rowvar=False, bias=True)
        within = np.mean([np.cov(views, rowvar=False) for views in classes], axis=0)
        ridge = RIDGE * np.trace(total) / 10 * np.eye(10)
        _, expected = eigh(total + ridge, within + ridge)
        np.testing.assert_allclose(np.abs(projection.axes), np.abs(expected[:, ::-1]), atol=0.1)


def test_learned_strips_do_not_depend_on_threads(dictionaries, tmp_path):
    images = images_of((50, 24, 24, 3))
    found = [learned(images, dictionaries, n, seed) for n, seed in [(1, 0), (3, 0), (1, 1)]]
    axes = [strips.projections[0].axes.tobytes() for strips in found]
    assert axes[0] == axes[1] != axes[2]
    write_strips(tmp_path / "strips.h5", found[0])
    read = read_strips(tmp_path / "strips.h5")
    assert read.mirrored is True
    for a, b in zip(read.projections, found[0].projections, strict=True):
        np.testing.assert_array_equal(a.axes, b.axes)


@pytest.mark.parametrize("n_chunks", [1, 2, 3, 9])
def test_chunks_of_views_make_the_whole_to_the_bit(dictionaries, tmp_path, n_chunks):
    """Also where there are more chunks than pieces, and whatever the threads."""
    images = images_of((70, 24, 24, 3))
    strips = Strips(True, [Projection(np.zeros(10), np.eye(10)[:, :4])] * 2)

    def views(chunk, n_threads=1, seed=0):
        with in_threads(n_threads) as parallel_map:
            options = {"n_views": 2, "seed": (seed,), "parallel_map": parallel_map}
            return encoded_views(images, chunk, dictionaries, strips, **options)

    paths = [tmp_path / f"{number}.h5" for number in range(1, n_chunks + 1)]
    for number, path in enumerate(paths, 1):
        write_views(path, views((number, n_chunks), n_threads=number))
    found = read_views(paths)
    assert found.shape == (70, 2, 24)
    assert found.dtype == np.float16
    assert found.tobytes() == views((1, 1)).tobytes() != views((1, 1), seed=1).tobytes()


def test_views_of_an_image_are_next_to_each_other(dictionaries):
    images = (
        images_of((1, 24, 24, 3)).repeat(20, axis=0) // 8
        + np.linspace(0, 200, 20, dtype=np.uint8)[:, None, None, None]
    )
    strips = Strips(True, [Projection(np.zeros(10), np.eye(10))] * 2)
    with in_threads(1) as parallel_map:
        views = encoded_views(
            images, (1, 1), dictionaries, strips, n_views=3, seed=(0,), parallel_map=parallel_map
        )
    expected = encode_strips(training_views.augmented_views(images[16:], 3, seed=(0, 16)), dictionaries, strips)
    np.testing.assert_allclose(views[16:].reshape(12, -1), expected, atol=1e-3)


@pytest.mark.parametrize(("n_images", "n_held_out"), [(3, 0), (60, 10), (12_000, 2000), (50_000, 2000)])
def test_a_few_images_are_held_out(n_images, n_held_out):
    assert is_held_out(n_images).sum() == n_held_out


def test_too_few_images_to_hold_some_out(tmp_path):
    for n in (11, 12):
        with writing(tmp_path / f"{n}.h5") as file:
            file["all/images"] = images_of((n, 8, 8))
    assert is_held_out(len(read_training_images(tmp_path / "12.h5", 100, seed=0))).sum() == 2
    with pytest.raises(InputError, match="11 training images are too few for invariant features, which need 12"):
        read_training_images(tmp_path / "11.h5", 100, seed=0)


def _random_dictionary(size, n_atoms):
    rng = np.random.default_rng(1)
    d = size * size
    return (x.astype(np.float32) for x in (np.zeros(d), np.eye(d), normalize_rows(rng.normal(size=(n_atoms, d)))))
