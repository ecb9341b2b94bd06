"""Gray levels of colours."""

import numpy as np

LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601


def to_gray(rgb: np.ndarray, luma: tuple[float, float, float] = LUMA) -> np.ndarray:
    """Weighted sum of the channels, rounded to uint8.

    Parameters
    ----------
    rgb : (n, 3, height, width) uint8
    luma
        Weights of red, green and blue (default: ITU-R BT.601).

    Returns
    -------
    (n, height, width) uint8
    """
    gray = np.einsum("nchw,c->nhw", rgb, np.asarray(luma, np.float32), dtype=np.float32)
    return np.clip(np.rint(gray), 0, 255).astype(np.uint8)
