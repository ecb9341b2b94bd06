"""Views of images, and invariant features against their definition."""

import numpy as np
import pytest
from scipy.linalg import eigh

from lib.base.parallel import blocks, in_threads
from lib.features.augmentation import GRAY, augment, augmented_views
from lib.features.encoder_file import read_encoder, write_encoder
from lib.features.invariant import RIDGE, invariant_projection, learn_encoder
from lib.features.patches import normalize_rows


def images_of(shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


@pytest.mark.parametrize("shape", [(4, 16, 16), (4, 16, 16, 3)])
def test_views_are_images_that_differ(shape):
    images = images_of(shape)
    with in_threads(2) as parallel_map:
        views = augmented_views(images, 3, seed=(0,), parallel_map=parallel_map)
    assert views.shape == (12, *shape[1:])
    assert views.dtype == np.uint8
    assert len({image.tobytes() for image in views}) == 12


def test_views_of_an_image_are_of_that_image():
    """They are next to each other, and have about its brightness."""
    levels = np.linspace(30, 225, 6).astype(np.uint8)
    images = np.broadcast_to(levels[:, None, None], (6, 16, 16)) + images_of((6, 16, 16)) // 64
    with in_threads(1) as parallel_map:
        views = augmented_views(images, 200, seed=(0,), parallel_map=parallel_map)
    brightness = views.reshape(6, 200, -1).mean(axis=(1, 2))
    assert (np.diff(brightness) > 10).all()


def test_views_depend_on_the_seed_and_not_on_threads():
    images = images_of((150, 12, 12, 3))
    found = []
    for n_threads, seed in [(1, 0), (3, 0), (1, 1)]:
        with in_threads(n_threads) as parallel_map:
            found.append(augmented_views(images, 2, seed=(seed, 5), parallel_map=parallel_map).tobytes())
    assert found[0] == found[1] != found[2]


def test_a_repeated_image_has_other_views():
    images = np.repeat(images_of((1, 12, 12)), 130, axis=0)
    with in_threads(1) as parallel_map:
        views = augmented_views(images, 2, seed=(0,), parallel_map=parallel_map)
    assert len({image.tobytes() for image in views}) > 250


def test_some_views_are_gray_and_some_mirrored():
    rng = np.random.default_rng(0)
    image = np.zeros((16, 16, 3), np.uint8)
    image[:, :8, 0] = 200  # red on the left
    views = np.stack([augment(image, rng) for _ in range(2000)]).astype(int)
    gray = (np.ptp(views, axis=3) == 0).all(axis=(1, 2)).mean()
    assert abs(gray - GRAY) < 0.1  # crops of the black side are gray as well
    left, right = views[:, :, :8].sum(axis=(1, 2, 3)), views[:, :, 8:].sum(axis=(1, 2, 3))
    assert 0.4 < (left > right).mean() / (left != right).mean() < 0.6


def features_of(n_images, n_views, d, seed=0):
    """Features of which the first three differ between images, and the others between views."""
    rng = np.random.default_rng(seed)
    of_image, of_view = np.full(d, 0.2), np.full(d, 1.0)
    of_image[:3], of_view[:3] = (3, 2, 1), 0.2
    X = rng.normal(size=(n_images, 1, d)) * of_image + rng.normal(size=(n_images, n_views, d)) * of_view + 1
    return X.reshape(-1, d).astype(np.float32)


def covariances(X, n_views):
    """The total covariance and that within images, both with the ridge, in float64."""
    X = X.astype(np.float64)
    images = X.reshape(-1, n_views, X.shape[1])
    total = (X - X.mean(axis=0)).T @ (X - X.mean(axis=0)) / len(X)
    residuals = (images - images.mean(axis=1, keepdims=True)).reshape(X.shape)
    within = residuals.T @ residuals / (len(images) * (n_views - 1))
    ridge = RIDGE * np.trace(total) / len(total) * np.eye(len(total))
    return total + ridge, within + ridge


@pytest.mark.parametrize("n_views", [2, 5])
def test_projection_is_fishers(n_views):
    X = features_of(300, n_views, 8)
    with in_threads(2) as parallel_map:
        found = invariant_projection(
            [X[rows] for rows in blocks(len(X), 20 * n_views)], n_views, 3, parallel_map=parallel_map
        )
    total, within = covariances(X, n_views)
    np.testing.assert_allclose(found.mean, X.mean(axis=0), atol=1e-5)
    axes = found.axes.astype(np.float64)
    np.testing.assert_allclose(axes.T @ within @ axes, np.eye(3), atol=1e-3)
    ratios = eigh(total, within, eigvals_only=True)[::-1]
    np.testing.assert_allclose(np.diag(axes.T @ total @ axes), ratios[:3], rtol=1e-3)
    # It finds the three features that tell images apart, though others vary more.
    assert np.abs(axes[3:]).max() < 0.1 * np.abs(axes[:3]).max()


def test_projection_does_not_depend_on_threads():
    X = features_of(40, 2, 600)
    found = []
    for n_threads in (1, 3):
        with in_threads(n_threads) as parallel_map:
            found.append(invariant_projection([X], 2, 10, parallel_map=parallel_map))
    assert found[0].axes.tobytes() == found[1].axes.tobytes()


def test_more_components_than_features():
    with (
        in_threads(1) as parallel_map,
        pytest.raises(ValueError, match=r"9 components were asked for.* only 8 features"),
    ):
        invariant_projection([features_of(20, 2, 8)], 2, 9, parallel_map=parallel_map)


def encoder_of(X, n_threads=1, seed=0):
    with in_threads(n_threads) as parallel_map:
        return learn_encoder(
            [X], 4, n_prototypes=20, n_components=5, seed=seed, n_threads=n_threads, parallel_map=parallel_map
        )


def test_encoder_brings_views_of_an_image_closer(tmp_path):
    encoder = encoder_of(features_of(200, 4, 12).astype(np.float16))
    X = features_of(50, 4, 12, seed=1)
    invariant = encoder(X)
    assert invariant.shape == (200, 5)
    assert invariant.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(invariant, axis=1), 1, rtol=1e-5)

    def nearest_is_of_the_same_image(X):
        similarity = normalize_rows(X) @ normalize_rows(X).T
        np.fill_diagonal(similarity, -2)
        return (similarity.argmax(axis=1) // 4 == np.arange(len(X)) // 4).mean()

    assert nearest_is_of_the_same_image(invariant) > 2 * nearest_is_of_the_same_image(X)

    first = normalize_rows((X - encoder.first.mean) @ encoder.first.axes)
    similarity = first @ encoder.prototypes.T
    second = np.concatenate([np.where(similarity > 0, similarity, 0), first], axis=1)
    expected = (second - encoder.second.mean) @ encoder.second.axes
    np.testing.assert_allclose(invariant, expected / np.linalg.norm(expected, axis=1, keepdims=True), atol=1e-4)

    write_encoder(tmp_path / "encoder.h5", encoder)
    read = read_encoder(tmp_path / "encoder.h5")
    assert read(X).tobytes() == invariant.tobytes()


def test_encoder_does_not_depend_on_threads():
    X = features_of(60, 4, 12)
    encoders = [encoder_of(X), encoder_of(X, n_threads=3), encoder_of(X, seed=1)]
    found = [encoder(X).tobytes() for encoder in encoders]
    assert found[0] == found[1] != found[2]
