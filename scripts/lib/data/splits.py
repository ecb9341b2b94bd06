"""Splitting a dataset that comes in one piece into training and test images."""

import hashlib
from collections.abc import Sequence

from lib.base.errors import InputError


def draw_test_split(keys: Sequence[str], fraction: float, origin: object) -> list[bool]:
    """Draw the test images at random, always the same ones.

    The place of each image in the draw follows from its own key, so what is added or taken away leaves nearly
    all others in their splits.

    Parameters
    ----------
    keys
        A different one for each image.
    fraction
        Share of the test images, between 0 and 1.
    origin
        What the images are from, for the error.

    Raises
    ------
    InputError
        If one of the splits would have no images.
    """
    n_test = round(len(keys) * fraction)
    if not 0 < n_test < len(keys):
        raise InputError(
            f"{origin}: too few images to split: of {len(keys):,}, a `test_fraction` of {fraction:g} makes "
            f"{n_test:,} test images, and both splits need at least one; add images or change `test_fraction`"
        )
    places = [hashlib.sha256(key.encode(errors="surrogateescape")).digest() for key in keys]
    chosen = set(sorted(range(len(keys)), key=places.__getitem__)[:n_test])
    return [i in chosen for i in range(len(keys))]
