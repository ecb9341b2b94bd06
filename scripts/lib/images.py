"""What all datasets are made into on the way to images.h5, grayscale, and the digits."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

SIDE = 32
BATCH_IMAGES = 1000
BATCH_BYTES = 2**22
MOST_LISTED = 20  # names in a line
LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601


class Batch(NamedTuple):
    """Images that follow one another in a split."""

    split: str
    start: int  # index of the first image within the split
    pixels: np.ndarray  # (n, 3, side, side) or, without colours, (n, 1, side, side) uint8
    labels: np.ndarray | None  # (n,), an index into the names of the classes
    files: list[str] | None = None  # (n,), where each image has a file of its own


class Dataset(NamedTuple):
    """A dataset that can be read once, some images at a time."""

    n_images: dict[str, int]  # by split; there will be fewer if some cannot be read
    side: int
    colours: bool
    class_names: list[str] | None  # None: no labels
    batches: Iterator[Batch]
    arrangement: str | None = None  # what was taken for splits and for classes, where names tell
    unused: Sequence[str] = ()  # names of what else it comes with


def batch_images(side: int) -> int:
    """How many images to have in memory at once."""
    return min(BATCH_IMAGES, max(1, BATCH_BYTES // (3 * side * side)))


def listed(names: Sequence[str]) -> str:
    """Names, as they are shown, in a line of text, which says how many more there are where they are many."""
    more = len(names) - MOST_LISTED
    return ", ".join(names[:MOST_LISTED]) + (f" and {more:,} more" if more > 0 else "")


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
