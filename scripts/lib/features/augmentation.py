"""Augmentation: views of images, each cropped and recoloured at random.

The crop is that of Szegedy et al. 2015 (Inception). Colours are those of Chen et al. 2020 (SimCLR).
"""

import numpy as np

from lib.base.parallel import in_threads

AREA = (0.3, 1)  # area of the crop, as a share of the image
RATIO = (3 / 4, 4 / 3)  # width of the crop divided by its height
JITTER = (0.6, 1.4)  # factors of brightness, contrast and saturation
HUE = 0.1  # the most that hues are turned by, as a share of a full turn
RECOLOURED = 0.8  # share of views whose brightness, contrast, saturation and hue are changed
GRAY = 0.2  # share of views without colours
# Red, green and blue to brightness (ITU-R BT.601) and two axes of colour, which hues turn around (NTSC, 1953).
YIQ = np.array([[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]])
LUMA = YIQ[0].astype(np.float32)
ASYMMETRIC = 0.75  # if more images are nearer to others than their mirror images are, these are other things


def are_symmetric(images: np.ndarray) -> bool:
    """Whether the mirror image of an image might be one of them, as of photos, and not as of letters and digits.

    It is not where three quarters of the images are nearer to some other image than their mirror images are.

    Parameters
    ----------
    images : (n, side, side) or (n, side, side, 3) uint8

    Examples
    --------
    >>> gray = np.random.default_rng(0).integers(0, 256, (50, 8, 8), np.uint8)
    >>> are_symmetric(gray)
    True
    >>> gray[:, :, :4] //= 2  # the left is darker
    >>> are_symmetric(gray)
    False
    """
    if len(images) < 2:
        return True
    n = max(100, min(4000, 5e7 // images[0].size))  # enough to tell, and no more memory than that takes
    images = images[:: int(max(1, len(images) // n))]
    is_asked = np.arange(len(images)) % 4 == 0
    asked, mirrored, others = (
        X.reshape(len(X), -1).astype(np.float32)
        for X in (images[is_asked], images[is_asked, :, ::-1], images[~is_asked])
    )
    squares = (others**2).sum(axis=1)
    with in_threads(1):
        to_nearest, mirrored_to_nearest = ((squares - 2 * X @ others.T).min(axis=1) for X in (asked, mirrored))
    return bool((to_nearest < mirrored_to_nearest).mean() < ASYMMETRIC)


def augmented_views(images: np.ndarray, n_views: int, *, seed: tuple[int, ...]) -> np.ndarray:
    """Views of each image: float32 (n * n_views, ...) from 0 to 1, the views of one image next to each other.

    Parameters
    ----------
    images : (n, side, side) or (n, side, side, 3) uint8
    seed
        The views follow from it and from the place of the image among the others.

    Examples
    --------
    >>> augmented_views(np.zeros((2, 8, 8), np.uint8), 3, seed=(0,)).shape
    (6, 8, 8)
    """
    return augment(np.repeat(images, n_views, axis=0), np.random.default_rng(seed))


def augment(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A view of each image: float32 of the same shape, from 0 to 1.

    Parameters
    ----------
    images : (n, side, side) or (n, side, side, 3) uint8
    rng
        Source of randomness.

    Examples
    --------
    >>> images = np.arange(64, dtype=np.uint8).reshape(1, 8, 8)
    >>> augment(images, np.random.default_rng(0)).shape
    (1, 8, 8)
    """
    n, side = images.shape[:2]
    X = images.reshape(n, side, side, -1) / np.float32(255)
    area, ratio = rng.uniform(*AREA, n), np.exp(rng.uniform(np.log(RATIO[0]), np.log(RATIO[1]), n))
    size = np.minimum(1, np.sqrt([area * ratio, area / ratio]))
    (width, height), (left, top) = size, (1 - size) * rng.random((2, n))
    X = _resize(_resize(X, top, height).swapaxes(1, 2), left, width).swapaxes(1, 2)
    recoloured = rng.random(n) < RECOLOURED
    factors = np.where(recoloured, rng.uniform(*JITTER, (3, n)), 1).astype(np.float32)
    brightness, contrast, saturation = factors[:, :, None, None, None]
    turns = np.where(recoloured, rng.uniform(-HUE, HUE, n), 0)
    X = np.minimum(X * brightness, 1)
    X = _blend(_gray(X).mean(axis=(1, 2), keepdims=True), X, contrast)
    if X.shape[3] == 3:
        X = _blend(_gray(X), X, saturation)
        X = np.clip(X.reshape(n, -1, 3) @ _hue_turns(turns), 0, 1).reshape(X.shape)
    gray = rng.random(n) < GRAY
    X[gray] = _gray(X[gray])
    return X.reshape(images.shape)


def _resize(X: np.ndarray, start: np.ndarray, length: np.ndarray) -> np.ndarray:
    """A stretch of the rows of each image, interpolated linearly to the side of the image.

    X : (n, side, side, channels)
    start, length : (n,), as shares of the side
    """
    n, side = X.shape[:2]
    places = start[:, None] * side + length[:, None] * (np.arange(side) + 0.5) - 0.5  # (n, side)
    places = np.clip(places, 0, side - 1)
    before = np.minimum(places.astype(int), side - 2)
    weight = (places - before).astype(np.float32)[:, :, None, None]
    of_image = np.arange(n)[:, None]
    return (1 - weight) * X[of_image, before] + weight * X[of_image, before + 1]


def _gray(X: np.ndarray) -> np.ndarray:
    """The brightness of each pixel, (n, side, side, 1)."""
    return X if X.shape[3] == 1 else (X @ LUMA)[..., None]


def _hue_turns(turns: np.ndarray) -> np.ndarray:
    """The matrices that turn hues, colours being rows: (n, 3, 3)."""
    cos, sin = np.cos(2 * np.pi * turns), np.sin(2 * np.pi * turns)
    zero, one = np.zeros_like(turns), np.ones_like(turns)
    rotations = np.array([[one, zero, zero], [zero, cos, -sin], [zero, sin, cos]]).transpose(2, 0, 1)
    return (np.linalg.inv(YIQ) @ rotations @ YIQ).swapaxes(1, 2).astype(np.float32)


def _blend(a: np.ndarray, b: np.ndarray, share: np.ndarray) -> np.ndarray:
    """From `a` at a share of 0 to `b` at 1, and on."""
    return np.clip(a + share * (b - a), 0, 1)
