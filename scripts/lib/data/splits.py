"""Splitting a dataset that has no splits into training and test images."""

import hashlib
from collections.abc import Sequence

from lib.base.errors import InputError


def draw_test_split(keys: Sequence[str], fraction: float, origin: object) -> list[bool]:
    """Choose the test images at random, but always the same ones.

    The images with the smallest SHA-256 of their keys are the test images. So nearly all images stay in their
    splits if one is added or removed.

    Parameters
    ----------
    keys
        A different one for each image.
    fraction
        Share of the test images, between 0 and 1.
    origin
        Where the images are from, for the error.

    Returns
    -------
    For each image whether it is a test image.

    Raises
    ------
    InputError
        If one of the splits would have no images.

    Examples
    --------
    >>> draw_test_split(["a.jpg", "b.jpg", "c.jpg"], 1 / 3, "photos")
    [True, False, False]
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
