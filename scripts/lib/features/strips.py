"""Images by strips: the upper, the middle and the lower third, and what of their codes tells images apart.

A dictionary may have thousands of atoms. One projection, which all strips share, makes a few hundred numbers of
what a strip has of them. So the covariances of whole images stay small.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from lib.base.parallel import blocks
from lib.features.augmentation import augmented_views
from lib.features.discriminants import Projection, covariances, discriminants
from lib.features.patches import Dictionary, normalize_rows, pool

N_STRIPS = 3
HALVES = 2  # of a strip: left and right
N_COMPONENTS = 256  # of a strip at one scale, at most
ROWS = 16  # images at a time, in a thread
PIECES = 32  # of so many images, between which threads wait for each other


class Strips(NamedTuple):
    """What turns the codes of strips into fewer numbers."""

    mirrored: bool  # whether an image counts as it and its mirror image
    projections: list[Projection]  # one for each dictionary


def strip_codes(images: np.ndarray, dictionary: Dictionary, *, mirrored: bool) -> np.ndarray:
    """How much of each atom is in both halves of each strip: float32 (n, n_strips, 2 * n_atoms).

    There are three strips, or two where an image has no more than two rows of patches.

    Parameters
    ----------
    images : (n, side, side) or (n, side, side, 3)
        uint8, or float32 from 0 to 1.
    mirrored
        Take the mean of an image and its mirror image. Both then have the same codes.

    Examples
    --------
    >>> dictionary = Dictionary(2, 1, 1, np.zeros(4), np.eye(4), np.eye(4)[:3])
    >>> images = np.random.default_rng(0).random((5, 8, 8), np.float32)
    >>> codes = strip_codes(images, dictionary, mirrored=True)
    >>> codes.shape, np.allclose(codes, strip_codes(images[:, :, ::-1], dictionary, mirrored=True))
    ((5, 3, 6), True)
    """
    means = pool(images, dictionary, N_STRIPS, HALVES)
    if mirrored:
        means = (means + pool(images[:, :, ::-1], dictionary, N_STRIPS, HALVES)) / 2
    return np.sqrt(means).reshape(len(images), -1, HALVES * len(dictionary.atoms))


def learn_strips(
    images: np.ndarray,
    dictionaries: list[Dictionary],
    *,
    n_views: int,
    mirrored: bool,
    seed: tuple[int, ...],
    parallel_map: Callable,
) -> Strips:
    """Learn, at each scale, the directions that tell strips of images apart, and not views of the same strip.

    Parameters
    ----------
    images : (n, side, side) or (n, side, side, 3) uint8
    dictionaries
        Of patches, one for each scale.
    n_views
        Number of views of each image, 2 or more.
    mirrored
        Whether an image counts as it and its mirror image.
    seed
        Of the views.
    parallel_map
        As `parallel.in_threads` yields it. The result does not depend on the number of threads.

    Examples
    --------
    >>> from lib.base.parallel import in_threads
    >>> dictionary = Dictionary(2, 1, 1, np.zeros(4), np.eye(4), np.eye(4)[:3])
    >>> images = np.random.default_rng(0).integers(0, 256, (20, 8, 8), np.uint8)
    >>> with in_threads(1) as parallel_map:
    ...     strips = learn_strips(
    ...         images, [dictionary], n_views=2, mirrored=True, seed=(0,), parallel_map=parallel_map
    ...     )
    >>> strips.projections[0].axes.shape
    (6, 6)
    """
    pieces = blocks(len(images), ROWS)

    def codes(rows: slice, dictionary: Dictionary) -> np.ndarray:
        views = augmented_views(images[rows], n_views, seed=(*seed, rows.start))
        found = strip_codes(views, dictionary, mirrored=mirrored)
        return found.reshape(-1, n_views, *found.shape[1:]).swapaxes(1, 2).reshape(-1, n_views, found.shape[2])

    def batches(dictionary: Dictionary) -> Iterator[np.ndarray]:
        for i in range(0, len(pieces), PIECES):
            yield np.concatenate(parallel_map(lambda rows: codes(rows, dictionary), pieces[i : i + PIECES]))

    projections = []
    for dictionary in dictionaries:
        found = covariances(batches(dictionary), parallel_map)
        projections.append(discriminants(found, min(N_COMPONENTS, len(found.mean))))
    return Strips(mirrored, projections)


def encode_strips(images: np.ndarray, dictionaries: list[Dictionary], strips: Strips) -> np.ndarray:
    """Images by their projected strips, each of length 1: float32 (n, n_components of all strips and scales).

    Parameters
    ----------
    images : (n, side, side) or (n, side, side, 3)
        uint8, or float32 from 0 to 1.

    Examples
    --------
    >>> dictionary = Dictionary(2, 1, 1, np.zeros(4), np.eye(4), np.eye(4)[:3])
    >>> strips = Strips(False, [Projection(np.zeros(6), np.eye(6)[:, :2])])
    >>> encode_strips(np.zeros((5, 8, 8), np.uint8), [dictionary], strips).shape
    (5, 6)
    """
    of_scales = []
    for dictionary, projection in zip(dictionaries, strips.projections, strict=True):
        projected = normalize_rows(projection(strip_codes(images, dictionary, mirrored=strips.mirrored)))
        of_scales.append(projected.reshape(len(images), -1))
    return np.concatenate(of_scales, axis=1).astype(np.float32)
