"""Augmentation: views of an image, each cropped, mirrored and recoloured at random."""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageEnhance

from lib.base.parallel import blocks

AREA = (0.3, 1)  # area of the crop, as a share of the image
RATIO = (3 / 4, 4 / 3)  # width of the crop divided by its height
JITTER = (0.6, 1.4)  # factors of brightness, contrast and saturation
RECOLOURED = 0.8  # share of views that get such factors
GRAY = 0.2  # share of views without colours


def augment(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A view of an image: uint8 of the same shape.

    The crop is that of Szegedy et al. 2015. Mirroring and colours are those of Chen et al. 2020 (SimCLR), without
    changes of hue and without blur.

    Parameters
    ----------
    image : (side, side) or (side, side, 3) uint8
    rng
        Source of randomness.

    Examples
    --------
    >>> image = np.arange(64, dtype=np.uint8).reshape(8, 8)
    >>> augment(image, np.random.default_rng(0)).shape
    (8, 8)
    """
    side = len(image)
    picture = Image.fromarray(image)
    area, log_ratio = rng.uniform(*AREA), rng.uniform(*np.log(RATIO))
    width, height = np.minimum(1, np.sqrt(area * np.exp([log_ratio, -log_ratio]))) * side
    left, top = rng.uniform(0, (side - width, side - height))
    box = (left, top, left + width, top + height)
    picture = picture.resize((side, side), Image.Resampling.BILINEAR, box=box)
    if rng.random() < 0.5:
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if rng.random() < RECOLOURED:
        for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
            picture = enhance(picture).enhance(rng.uniform(*JITTER))
    if rng.random() < GRAY:
        picture = picture.convert("L").convert(picture.mode)
    return np.asarray(picture)


def augmented_views(
    images: np.ndarray, n_views: int, *, seed: tuple[int, ...], parallel_map: Callable
) -> np.ndarray:
    """Views of each image: uint8 (n * n_views, ...), the views of one image next to each other.

    Parameters
    ----------
    images : (n, side, side) or (n, side, side, 3) uint8
    seed
        The views follow from it and from the place of the image among the others.
    parallel_map
        As `parallel.in_threads` yields it. The views do not depend on the number of threads.

    Examples
    --------
    >>> from lib.base.parallel import in_threads
    >>> with in_threads(1) as parallel_map:
    ...     augmented_views(np.zeros((2, 8, 8), np.uint8), 3, seed=(0,), parallel_map=parallel_map).shape
    (6, 8, 8)
    """

    def augment_block(rows: slice) -> list[np.ndarray]:
        rng = np.random.default_rng([*seed, rows.start])
        return [augment(image, rng) for image in images[rows] for _ in range(n_views)]

    return np.stack([view for views in parallel_map(augment_block, blocks(len(images), 64)) for view in views])
