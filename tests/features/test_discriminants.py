"""Fisher's discriminants of views of images, against their definition."""

import numpy as np
import pytest
from scipy.linalg import eigh

from lib.base.parallel import blocks, in_threads
from lib.features.discriminants import RIDGE, covariances, discriminants


def features_of(n_images, n_views, d, seed=0):
    """Features of which the first three differ between images, and the others between views."""
    rng = np.random.default_rng(seed)
    of_image, of_view = np.full(d, 0.2), np.full(d, 1.0)
    of_image[:3], of_view[:3] = (3, 2, 1), 0.2
    X = rng.normal(size=(n_images, 1, d)) * of_image + rng.normal(size=(n_images, n_views, d)) * of_view + 1
    return X.astype(np.float32)


def found_of(X, size=20, n_threads=1):
    """The covariances by batches of `size` images."""
    with in_threads(n_threads) as parallel_map:
        return covariances((X[rows] for rows in blocks(len(X), size)), parallel_map)


@pytest.mark.parametrize("n_views", [2, 5])
def test_covariances_are_as_defined(n_views):
    """Also of more features than a tile has, with means that are far from 0."""
    X = features_of(150, n_views, 600)
    mean, total, within = found_of(X)
    images = X.astype(np.float64)
    np.testing.assert_allclose(mean, images.mean(axis=(0, 1)), atol=1e-5)
    np.testing.assert_allclose(total, np.cov(images.reshape(-1, 600), rowvar=False, bias=True), atol=1e-4)
    of_each = [np.cov(views, rowvar=False) for views in images]
    np.testing.assert_allclose(within, np.mean(of_each, axis=0), atol=1e-4)


def test_covariances_do_not_depend_on_threads():
    X = features_of(90, 3, 600)
    found = [found_of(X, n_threads=n) for n in (1, 3)]
    for a, b in zip(*found, strict=True):
        assert a.tobytes() == b.tobytes()


@pytest.mark.parametrize("n_views", [2, 5])
def test_projection_is_fishers(n_views):
    X = features_of(300, n_views, 8)
    of_views = found_of(X)
    found = discriminants(of_views, 3)
    ridge = RIDGE * np.trace(of_views.total) / 8 * np.eye(8)
    total, within = of_views.total + ridge, of_views.within + ridge
    axes = found.axes.astype(np.float64)
    np.testing.assert_allclose(axes.T @ within @ axes, np.eye(3), atol=1e-5)
    ratios = eigh(total, within, eigvals_only=True)[::-1]
    np.testing.assert_allclose(np.diag(axes.T @ total @ axes), ratios[:3], rtol=1e-5)
    # It finds the three features that tell images apart, though others vary more.
    assert np.abs(axes[3:]).max() < 0.1 * np.abs(axes[:3]).max()
    np.testing.assert_allclose(found(X).mean(axis=(0, 1)), 0, atol=1e-3)


def test_features_that_do_not_vary():
    assert np.isfinite(discriminants(found_of(np.full((20, 2, 30), 0.5, np.float32)), 5).axes).all()


def test_more_components_than_features():
    with pytest.raises(ValueError, match=r"9 components were asked for.* only 8 features"):
        discriminants(found_of(features_of(20, 2, 8)), 9)
