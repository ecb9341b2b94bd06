"""The handwritten digits of scikit-learn."""

import numpy as np
from sklearn.datasets import load_digits

from lib.data.digits import digits


def test_digits_are_bytes_of_32_by_32():
    splits = digits()
    assert {split: (x.shape, y.shape) for split, (x, y) in splits.items()} == {
        "train": ((1297, 32, 32), (1297,)),
        "test": ((500, 32, 32), (500,)),
    }
    for images, labels in splits.values():
        assert images.dtype == labels.dtype == np.uint8
        assert (images.min(), images.max()) == (0, 255)
        assert set(labels) == set(range(10))


def test_digits_are_the_originals_enlarged():
    images, labels = (np.concatenate(parts) for parts in zip(*digits().values(), strict=True))
    originals, classes = load_digits(return_X_y=True)
    np.testing.assert_array_equal(labels, classes)
    # Linear interpolation: three quarters of a 4 x 4 block's mean, along each axis, are its own pixel.
    smooth = np.pad(originals.reshape(-1, 8, 8) * 255 / 16, ((0, 0), (1, 1), (1, 1)), mode="edge")
    for axis in (1, 2):
        smooth = sum(
            w * np.take(smooth, range(i, smooth.shape[axis] - 2 + i), axis)
            for i, w in enumerate((1 / 8, 3 / 4, 1 / 8))
        )
    means = images.reshape(-1, 8, 4, 8, 4).mean(axis=(2, 4))
    np.testing.assert_allclose(means, smooth, rtol=0, atol=0.5)
    assert np.corrcoef(means.ravel(), originals.ravel())[0, 1] > 0.95
