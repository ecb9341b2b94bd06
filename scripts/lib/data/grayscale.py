"""Colours as gray levels."""

import numpy as np

LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601


def to_gray(rgb: np.ndarray, luma: tuple[float, float, float] = LUMA) -> np.ndarray:
    """The weighted sum of the channels, rounded and clipped to 0..255.

    Parameters
    ----------
    rgb : (n, 3, height, width) uint8
    luma
        Weights of red, green and blue; by default those of ITU-R BT.601.

    Returns
    -------
    (n, height, width) uint8

    Examples
    --------
    >>> red = np.array([255, 0, 0], np.uint8).reshape(1, 3, 1, 1)
    >>> to_gray(red).tolist()
    [[[76]]]
    """
    gray = np.einsum("nchw,c->nhw", rgb, np.asarray(luma, np.float32), dtype=np.float32)
    return np.clip(np.rint(gray), 0, 255).astype(np.uint8)
