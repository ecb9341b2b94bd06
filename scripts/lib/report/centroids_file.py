"""The file of pictures of centroids, where centroids are no images themselves."""

from pathlib import Path

import numpy as np

from lib.base.hdf5 import reading, writing


def write_centroid_images(path: Path, images: np.ndarray) -> None:
    """Write what each centroid looks like: (k, side, side) or (k, side, side, 3), from 0 (black) to 1 (white)."""
    with writing(path) as file:
        file["images"] = images
        file["images"].attrs["description"] = "what the decoder makes of each centroid, 0 (black) to 1 (white)"


def read_centroid_images(path: Path) -> np.ndarray:
    """What each centroid looks like, as `write_centroid_images` has written it."""
    with reading(path) as file:
        return file["images"][:]
