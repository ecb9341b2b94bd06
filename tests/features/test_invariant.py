"""Views of images, and invariant features against their definition."""

import numpy as np
import pytest
from scipy.linalg import eigh
from sklearn.datasets import load_digits

from lib.base.parallel import blocks, in_threads
from lib.features import augmentation
from lib.features.augmentation import GRAY, LUMA, are_symmetric, augment, augmented_views
from lib.features.encoder_file import read_encoder, read_view_sums, write_encoder, write_view_sums
from lib.features.invariant import RIDGE, Encoder, add_sums, invariant_projection, learn_layers, view_sums
from lib.features.patches import learn_dictionary, normalize_rows
from lib.features.training_views import batches_of, encoded_views


def images_of(shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


@pytest.fixture
def plain(monkeypatch):
    """Views are cropped and mirrored only."""
    monkeypatch.setattr(augmentation, "JITTER", (1, 1))
    monkeypatch.setattr(augmentation, "HUE", 0)
    monkeypatch.setattr(augmentation, "GRAY", 0)


@pytest.mark.parametrize("shape", [(4, 16, 16), (4, 16, 16, 3)])
def test_views_are_images_that_differ(shape):
    images = images_of(shape)
    views = augmented_views(images, 3, mirror=True, seed=(0,))
    assert views.shape == (12, *shape[1:])
    assert views.dtype == np.float32
    assert 0 <= views.min() < views.max() <= 1
    assert len({image.tobytes() for image in views}) == 12


def test_views_of_an_image_are_of_that_image():
    """They are next to each other, and have about its brightness."""
    levels = np.linspace(30, 225, 6).astype(np.uint8)
    images = np.broadcast_to(levels[:, None, None], (6, 16, 16)) + images_of((6, 16, 16)) // 64
    views = augmented_views(images, 200, mirror=True, seed=(0,))
    brightness = views.reshape(6, 200, -1).mean(axis=(1, 2))
    assert (np.diff(brightness) > 0.04).all()


def test_views_depend_on_the_seed_and_not_on_threads():
    images = images_of((150, 12, 12, 3))
    dictionary = learn_dictionary(images, size=4, downsampling=1, n_atoms=5, seed=0)
    found = []
    for n_threads, seed in [(1, 0), (3, 0), (1, 1)]:
        with in_threads(n_threads) as parallel_map:
            options = {"mirror": True, "seed": (seed, 5), "parallel_map": parallel_map}
            (views,) = encoded_views(images, batches_of(images), [dictionary], 2, **options)
            assert views.shape == (300, 20)
            found.append(views.tobytes())
    assert found[0] == found[1] != found[2]


def test_a_repeated_image_has_other_views():
    images = np.repeat(images_of((1, 12, 12)), 130, axis=0)
    views = augmented_views(images, 2, mirror=True, seed=(0,))
    assert len({image.tobytes() for image in views}) > 250


@pytest.mark.parametrize("axis", [1, 2])
def test_crops_are_stretched_to_the_whole_side(plain, axis):
    """Of an image that grows brighter at a constant rate, each view does so more slowly, or, mirrored, darker."""
    side = 20
    ramp = np.broadcast_to(np.arange(side, dtype=np.uint8)[:, None] * 10, (side, side))
    images = np.broadcast_to(ramp if axis == 1 else ramp.T, (500, side, side))
    views = augment(images, np.random.default_rng(0), mirror=True) * 25.5  # in pixels of the image
    views = views.swapaxes(axis, 2)[:, :, 1:-1]  # beyond the outermost pixels there is nothing to interpolate
    steps = np.diff(views, axis=2)
    assert np.ptp(steps, axis=(1, 2)).max() < 1e-4
    rates = steps[:, 0, 0]
    mirrored = rates < 0
    assert mirrored.any() == (axis == 2)
    if axis == 2:
        assert 0.4 < mirrored.mean() < 0.6
    shares = np.abs(rates)
    assert shares.min() > np.sqrt(0.3 * 3 / 4) - 1e-4
    assert shares.max() <= 1 + 1e-4
    assert np.quantile(shares, 0.1) < 0.65
    # The crop is anywhere in the image.
    centres = views.mean(axis=(1, 2)) / (side - 1)
    assert centres.min() < 0.35
    assert centres.max() > 0.65


def test_some_views_are_gray():
    images = np.broadcast_to(np.array([200, 0, 0], np.uint8), (3000, 8, 8, 3))
    views = augment(images, np.random.default_rng(0), mirror=True)
    gray = (np.ptp(views, axis=3) < 1e-6).all(axis=(1, 2)).mean()
    assert abs(gray - GRAY) < 0.03


def test_hues_turn_and_stay_as_bright(plain, monkeypatch):
    monkeypatch.setattr(augmentation, "HUE", 0.1)
    colour = np.array([150, 100, 90], np.uint8)
    views = augment(np.broadcast_to(colour, (500, 8, 8, 3)), np.random.default_rng(0), mirror=True)[:, 4, 4]
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
    views = augment(images, np.random.default_rng(0), mirror=True)
    ratios = {
        "brightness": (views @ LUMA).mean(axis=(1, 2)) / ((images[0] / 255 @ LUMA).mean()),
        "saturation": np.ptp(views, axis=3).max(axis=(1, 2)) / (60 / 255),
    }
    for name, found in ratios.items():
        assert np.quantile(found, 0.05) < 0.75, name
        assert np.quantile(found, 0.95) > 1.2, name


def features_of(n_images, n_views, d, seed=0):
    """Features of which the first three differ between images, and the others between views."""
    rng = np.random.default_rng(seed)
    of_image, of_view = np.full(d, 0.2), np.full(d, 1.0)
    of_image[:3], of_view[:3] = (3, 2, 1), 0.2
    X = rng.normal(size=(n_images, 1, d)) * of_image + rng.normal(size=(n_images, n_views, d)) * of_view + 1
    return (X / 12).reshape(-1, d).astype(np.float32)


def covariances(X, n_views):
    """The total covariance and that within images, both with the ridge, in float64."""
    X = X.astype(np.float64)
    images = X.reshape(-1, n_views, X.shape[1])
    total = (X - X.mean(axis=0)).T @ (X - X.mean(axis=0)) / len(X)
    residuals = (images - images.mean(axis=1, keepdims=True)).reshape(X.shape)
    within = residuals.T @ residuals / (len(images) * (n_views - 1))
    ridge = RIDGE * np.trace(total) / len(total) * np.eye(len(total))
    return total + ridge, within + ridge


def sums_of(X, n_views, size=20, n_threads=1, n_images=None):
    """The sums of batches of `size` images."""
    batches = [X[rows] for rows in blocks(len(X), size * n_views)]
    with in_threads(n_threads) as parallel_map:
        return view_sums(batches, X.shape[1], n_views, n_images or len(X) // n_views, parallel_map=parallel_map)


@pytest.mark.parametrize("n_views", [2, 5])
def test_projection_is_fishers(n_views):
    X = features_of(300, n_views, 8)
    found = invariant_projection(sums_of(X, n_views), n_views, 300, 3)
    total, within = covariances(X, n_views)
    np.testing.assert_allclose(found.mean, X.mean(axis=0), atol=1e-5)
    axes = found.axes.astype(np.float64)
    np.testing.assert_allclose(axes.T @ within @ axes, np.eye(3), atol=1e-3)
    ratios = eigh(total, within, eigvals_only=True)[::-1]
    np.testing.assert_allclose(np.diag(axes.T @ total @ axes), ratios[:3], rtol=1e-3)
    # It finds the three features that tell images apart, though others vary more.
    assert np.abs(axes[3:]).max() < 0.1 * np.abs(axes[:3]).max()


def test_many_features_that_hardly_vary():
    """Sums in whole numbers lose nothing that counts, also of more features than a tile has."""
    rng = np.random.default_rng(0)
    X = features_of(150, 2, 600) / 10 + 0.001 * rng.normal(size=(300, 600)).astype(np.float32)
    found = invariant_projection(sums_of(X, 2), 2, 150, 2)
    total, within = covariances(X, 2)
    _, axes = eigh(total, within, subset_by_index=[598, 599])
    views, expected = X @ found.axes, X @ axes[:, ::-1]
    for i in range(2):
        assert abs(np.corrcoef(views[:, i], expected[:, i])[0, 1]) > 0.995


@pytest.mark.parametrize("n_chunks", [2, 3, 5])
def test_chunks_make_the_whole_to_the_bit(tmp_path, n_chunks):
    """Also where a chunk has no batch, and whatever the threads."""
    X = features_of(70, 3, 530)
    whole = sums_of(X, 3)
    batches = blocks(len(X), 60)
    for chunk in range(n_chunks):
        rows = batches[chunk::n_chunks]
        part = np.concatenate([X[r] for r in rows]) if rows else X[:0]
        write_view_sums(tmp_path / f"{chunk}.h5", sums_of(part, 3, n_threads=1 + chunk, n_images=70))
    found = add_sums(read_view_sums(tmp_path / f"{chunk}.h5") for chunk in range(n_chunks))
    for a, b in zip(found, whole, strict=True):
        assert a.tobytes() == b.tobytes()
    axes = [invariant_projection(sums, 3, 70, 10).axes.tobytes() for sums in (found, whole)]
    assert axes[0] == axes[1]


def test_features_that_do_not_vary():
    found = invariant_projection(sums_of(np.full((40, 30), 0.5, np.float32), 2), 2, 20, 5)
    assert np.isfinite(found.axes).all()


def test_a_feature_that_is_too_large():
    with pytest.raises(ValueError, match=r"larger than 1\.5"):
        sums_of(np.full((4, 3), 1.6, np.float32), 2)


def test_more_components_than_features():
    with pytest.raises(ValueError, match=r"9 components were asked for.* only 8 features"):
        invariant_projection(sums_of(features_of(20, 2, 8), 2), 2, 20, 9)


def encoder_of(X, held_out, n_threads=1, seed=0):
    first = invariant_projection(sums_of(X, 4), 4, len(X) // 4, X.shape[1])
    with in_threads(n_threads) as parallel_map:
        layers = learn_layers(
            [normalize_rows(first(X))],
            [normalize_rows(first(held_out))],
            4,
            n_prototypes=20,
            n_components=5,
            seed=seed,
            n_threads=n_threads,
            parallel_map=parallel_map,
        )
    return Encoder(first, layers)


def ratio(X):
    """How much more images differ than four views of one do, in the first nine directions."""
    images = X[:, :9].reshape(len(X) // 4, 4, -1).astype(np.float64)
    within = ((images - images.mean(axis=1, keepdims=True)) ** 2).sum(axis=(0, 1)) / (3 * len(images))
    return np.exp(np.log(X[:, :9].astype(np.float64).var(axis=0) / within).mean())


def test_encoder_brings_views_of_an_image_closer(tmp_path):
    X = features_of(50, 4, 12, seed=1)
    encoder = encoder_of(features_of(200, 4, 12), features_of(40, 4, 12, seed=2))
    invariant = encoder(X)
    assert invariant.shape == (200, 5)
    assert invariant.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(invariant, axis=1), 1, rtol=1e-5)

    def nearest_is_of_the_same_image(X):
        similarity = normalize_rows(X) @ normalize_rows(X).T
        np.fill_diagonal(similarity, -2)
        return (similarity.argmax(axis=1) // 4 == np.arange(len(X)) // 4).mean()

    assert nearest_is_of_the_same_image(invariant) > 2 * nearest_is_of_the_same_image(X)

    Z = normalize_rows((X - encoder.first.mean) @ encoder.first.axes)
    for prototypes, (mean, axes) in encoder.layers:
        similarity = Z @ prototypes.T
        Z = normalize_rows((np.concatenate([np.where(similarity > 0, similarity, 0), Z], axis=1) - mean) @ axes)
    np.testing.assert_allclose(invariant, Z, atol=1e-4)

    write_encoder(tmp_path / "encoder.h5", encoder)
    read = read_encoder(tmp_path / "encoder.h5")
    assert read(X).tobytes() == invariant.tobytes()


def test_layers_are_learned_as_long_as_they_help(caplog):
    """They help on images that they were not learned from."""
    caplog.set_level("INFO")
    held_out = features_of(60, 4, 12, seed=2)
    encoder = encoder_of(features_of(200, 4, 12), held_out)
    said = [float(line.split(" times ")[0].split()[-1]) for line in caplog.messages if "times as alike" in line]
    assert len(said) == len(encoder.layers) + 1
    assert (np.diff(said[:-1]) > 0).all()
    assert said[-1] <= said[-2]
    Z = normalize_rows(encoder.first(held_out))
    for layer, expected in zip(encoder.layers, said, strict=False):
        similarity = np.maximum(Z @ layer.prototypes.T, 0)
        projected = (np.concatenate([similarity, Z], axis=1) - layer.projection.mean) @ layer.projection.axes
        if layer is not encoder.layers[-1]:  # the last keeps fewer directions
            assert abs(ratio(projected) - expected) < 0.01
        Z = layer(Z)


def test_without_held_out_images_there_is_one_layer():
    X = features_of(30, 4, 12)
    first = invariant_projection(sums_of(X, 4), 4, 30, 12)
    with in_threads(1) as parallel_map:
        options = {"n_prototypes": 9, "n_components": 5, "seed": 0, "n_threads": 1, "parallel_map": parallel_map}
        assert len(learn_layers([normalize_rows(first(X))], [], 4, **options)) == 1


def test_encoder_does_not_depend_on_threads():
    X, held_out = features_of(60, 4, 12), features_of(20, 4, 12, seed=1)
    encoders = [encoder_of(X, held_out), encoder_of(X, held_out, n_threads=3), encoder_of(X, held_out, seed=1)]
    found = [encoder(X).tobytes() for encoder in encoders]
    assert found[0] == found[1] != found[2]


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


def test_views_are_not_mirrored_unless_wanted(plain):
    images = np.broadcast_to(np.arange(0, 200, 10, dtype=np.uint8), (300, 20, 20))
    views = augment(images, np.random.default_rng(0), mirror=False)
    assert (np.diff(views, axis=2) >= 0).all()
