"""The handwritten digits that come with scikit-learn."""

import numpy as np


def digits() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The 1,797 handwritten digits that come with scikit-learn, enlarged from 8 x 8 to 32 x 32.

    Source: https://archive.ics.uci.edu/dataset/80, its test set.

    Returns
    -------
    For train (the first 1,297) and test (the last 500): images uint8 (n, 32, 32) and labels uint8 (n,).

    Examples
    --------
    >>> images, labels = digits()["test"]
    >>> images.shape, labels[:3].tolist()
    ((500, 32, 32), [0, 1, 2])
    """
    from scipy.ndimage import zoom
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    images = images.reshape(-1, 8, 8) * (255 / 16)
    images = zoom(images, (1, 4, 4), order=1, mode="nearest", grid_mode=True)
    images = np.clip(np.rint(images), 0, 255).astype(np.uint8)
    labels = labels.astype(np.uint8)
    return {"train": (images[:-500], labels[:-500]), "test": (images[-500:], labels[-500:])}
