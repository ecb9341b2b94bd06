"""Views of images: the same thing as it might have been taken otherwise."""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageEnhance

from lib.base.parallel import blocks

AREA = (0.3, 1)  # of the image that a view shows
RATIO = (3 / 4, 4 / 3)  # of the sides of what it shows
JITTER = (0.6, 1.4)  # factors of brightness, contrast and saturation
RECOLOURED = 0.8  # share of views
GRAY = 0.2  # share of views


def augment(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The image, uint8 (side, side) or (side, side, 3), as it might have been taken otherwise.

    The crop of Szegedy et al. 2015 with the colours of Chen et al. 2020 (SimCLR), but for hue and blur.
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
    """So many views of each image, one after another: (n * n_views, ...) uint8.

    Parameters
    ----------
    parallel_map
        As `parallel.in_threads` yields it.
    """

    def augment_rows(rows: slice) -> list[np.ndarray]:
        rng = np.random.default_rng([*seed, rows.start])
        return [augment(image, rng) for image in images[rows] for _ in range(n_views)]

    return np.stack([x for part in parallel_map(augment_rows, blocks(len(images), 64)) for x in part])
