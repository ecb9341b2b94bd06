"""The encoder of invariant features against its definition."""

import numpy as np

from lib.base.parallel import in_threads
from lib.features.encoder_file import read_encoder, write_encoder
from lib.features.invariant import learn_encoder
from lib.features.patches import normalize_rows


def views_of(n_images, seed=0, n_views=4, d=12):
    """Features of which the first three differ between images, and the others between views."""
    rng = np.random.default_rng(seed)
    of_image, of_view = np.full(d, 0.2), np.full(d, 1.0)
    of_image[:3], of_view[:3] = (3, 2, 1), 0.2
    X = rng.normal(size=(n_images, 1, d)) * of_image + rng.normal(size=(n_images, n_views, d)) * of_view + 1
    return (X / 12).astype(np.float16)


def encoder_of(views, held_out, n_threads=1, seed=0):
    with in_threads(n_threads) as parallel_map:
        return learn_encoder(
            views,
            held_out,
            n_prototypes=20,
            n_components=5,
            seed=seed,
            n_threads=n_threads,
            parallel_map=parallel_map,
        )


def ratio(views):
    """How much more images differ than views of one do, in the first nine directions."""
    views = views[:, :, :9].astype(np.float64)
    within = ((views - views.mean(axis=1, keepdims=True)) ** 2).sum(axis=(0, 1)) / (
        len(views) * (views.shape[1] - 1)
    )
    return np.exp(np.log(views.var(axis=(0, 1)) / within).mean())


def test_encoder_brings_views_of_an_image_closer(tmp_path):
    X = views_of(50, seed=1).astype(np.float32)
    encoder = encoder_of(views_of(200), views_of(40, seed=2))
    invariant = encoder(X)
    assert invariant.shape == (50, 4, 5)
    assert invariant.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(invariant, axis=2), 1, rtol=1e-5)

    def nearest_is_of_the_same_image(X):
        X = normalize_rows(X.reshape(200, -1))
        similarity = X @ X.T
        np.fill_diagonal(similarity, -2)
        return (similarity.argmax(axis=1) // 4 == np.arange(200) // 4).mean()

    assert nearest_is_of_the_same_image(invariant) > 2 * nearest_is_of_the_same_image(X)

    Z = normalize_rows((X.reshape(200, 12) - encoder.first.mean) @ encoder.first.axes)
    for prototypes, (mean, axes) in encoder.layers:
        similarity = Z @ prototypes.T
        Z = normalize_rows((np.concatenate([np.where(similarity > 0, similarity, 0), Z], axis=1) - mean) @ axes)
    np.testing.assert_allclose(invariant.reshape(200, 5), Z, atol=1e-4)

    write_encoder(tmp_path / "encoder.h5", encoder)
    read = read_encoder(tmp_path / "encoder.h5")
    assert read(X).tobytes() == invariant.tobytes()


def test_layers_are_learned_as_long_as_they_help(caplog):
    """They help on images that they were not learned from."""
    caplog.set_level("INFO")
    held_out = views_of(60, seed=2)
    encoder = encoder_of(views_of(200), held_out)
    said = [float(line.split()[-1]) for line in caplog.messages if line.startswith("layer ")]
    assert len(said) == len(encoder.layers) + 1
    assert (np.diff(said[:-1]) > 0).all()
    assert said[-1] <= said[-2]
    Z = normalize_rows(encoder.first(held_out))
    for layer, expected in zip(encoder.layers, said, strict=False):
        similarity = np.maximum(Z @ layer.prototypes.T, 0)
        projected = (np.concatenate([similarity, Z], axis=2) - layer.projection.mean) @ layer.projection.axes
        if layer is not encoder.layers[-1]:  # the last keeps fewer directions
            assert abs(ratio(projected) - expected) < 0.01
        Z = layer(Z)


def test_each_layer_is_learned_from_what_the_one_before_gives():
    views = views_of(200).astype(np.float32)
    encoder = encoder_of(views, views_of(60, seed=2))
    Z = normalize_rows(encoder.first(views))
    for layer in encoder.layers:
        assert (layer.prototypes @ normalize_rows(Z.mean(axis=1)).T).max(axis=1).min() > 0.5  # near to some image
        compared = np.concatenate([np.maximum(Z @ layer.prototypes.T, 0), Z], axis=2)
        np.testing.assert_allclose(layer.projection.mean, compared.mean(axis=(0, 1)), atol=1e-4)
        within = np.mean([np.cov(X, rowvar=False) for X in compared @ layer.projection.axes], axis=0)
        assert np.diag(within).max() < 1  # but for the ridge, views have variance 1
        Z = layer(Z)


def test_without_held_out_images_there_is_one_layer():
    views = views_of(30)
    assert len(encoder_of(views, views[:0]).layers) == 1


def test_encoder_does_not_depend_on_threads():
    views, held_out = views_of(60), views_of(20, seed=1)
    encoders = [
        encoder_of(views, held_out),
        encoder_of(views, held_out, n_threads=3),
        encoder_of(views, held_out, seed=1),
    ]
    found = [encoder(views).tobytes() for encoder in encoders]
    assert found[0] == found[1] != found[2]
