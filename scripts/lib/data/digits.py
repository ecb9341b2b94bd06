"""The handwritten digits that come with scikit-learn."""

import numpy as np


def digits() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The 1,797 handwritten digits bundled with scikit-learn, enlarged from 8 x 8 to 32 x 32.

    Returns
    -------
    For train (the first 1,297) and test (the last 500): images uint8 (n, 32, 32), labels uint8 (n,).
    """
    from scipy.ndimage import zoom
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    images = images.reshape(-1, 8, 8) * (255 / 16)
    images = zoom(images, (1, 4, 4), order=1, mode="nearest", grid_mode=True)
    images = np.clip(np.rint(images), 0, 255).astype(np.uint8)
    labels = labels.astype(np.uint8)
    return {"train": (images[:-500], labels[:-500]), "test": (images[-500:], labels[-500:])}
