"""Splitting a dataset that has no splits of its own, if the user wants training and test images."""

import hashlib
from collections.abc import Sequence

from lib.base.errors import InputError


def draw_splits(keys: Sequence[str], test_fraction: float | None, origin: object) -> list[str]:
    """Choose test images at random, but always the same ones.

    The images with the smallest SHA-256 of their keys are the test images. So nearly all images stay in their
    splits if one is added or removed.

    Parameters
    ----------
    keys
        A different one for each image.
    test_fraction
        Share of the test images, between 0 and 1; None: the images are one whole.
    origin
        Where the images are from, for the error.

    Returns
    -------
    The split of each image: train or test, or all.

    Raises
    ------
    InputError
        If one of the splits would have no images.

    Examples
    --------
    >>> draw_splits(["a.jpg", "b.jpg", "c.jpg"], 1 / 3, "photos")
    ['test', 'train', 'train']
    """
    if test_fraction is None:
        return ["all"] * len(keys)
    n_test = round(len(keys) * test_fraction)
    if not 0 < n_test < len(keys):
        raise InputError(
            f"{origin}: too few images to split: of {len(keys):,}, a `test_fraction` of {test_fraction:g} makes "
            f"{n_test:,} test images, and both splits need at least one; change `test_fraction`, or leave it out"
        )
    places = [hashlib.sha256(key.encode(errors="surrogateescape")).digest() for key in keys]
    chosen = set(sorted(range(len(keys)), key=places.__getitem__)[:n_test])
    return ["test" if i in chosen else "train" for i in range(len(keys))]
