"""What images are made of: how much of each of some typical patches is in each quarter of an image.

Coates, A., Ng, A. & Lee, H. (2011). An analysis of single-layer networks in unsupervised feature learning.
AISTATS, PMLR 15, 215-223. Coates, A. & Ng, A. (2012). Learning feature representations with k-means.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from lib.kmeans import kmeans
from lib.parallel import blocks, in_threads
from lib.storage import read_fields, reading

N_SAMPLES = 100_000  # patches to learn from
CONTRAST = 10 / 255**2  # added to a patch's variance, so that flat ones are not noise made large
ZCA = 0.1  # added to the variances in whitening
MAX_ITER = 10  # of k-means: words are as good long before no patch changes its word
QUARTERS = 2  # along each side
ROWS = 16  # images at a time


class Words(NamedTuple):
    """Typical patches, learnt from images at one scale."""

    size: int  # side of a patch, in pixels of the reduced image
    reduction: int  # sides of the image are divided by it first
    stride: int  # from patch to patch
    mean: np.ndarray  # (d,) of patches of even contrast
    whitening: np.ndarray  # (d, d)
    words: np.ndarray  # (n_words, d) of length 1, whitened


def learn_words(
    images: np.ndarray, *, size: int, reduction: int, n_words: int, seed: int, n_threads: int | None = None
) -> Words:
    """Learn typical patches: k-means of whitened patches of length 1.

    Parameters
    ----------
    images : (n, side, side) or, in colour, (n, side, side, 3) uint8
    reduction
        What the sides of the images are divided by before.

    Raises
    ------
    ValueError
        If the images are too small, or their patches too much alike for so many words.
    """
    side = images.shape[1]
    stride = max(1, 2 // reduction)  # few patches fit into a small image, so none is passed over
    least = (size + stride) * reduction
    if side < least:  # there would be one patch along a side, and none in a quarter
        raise ValueError(
            f"images of {side} x {side} are too small for patches of {size} x {size} with a reduction of "
            f"{reduction}: these need {least} x {least}"
        )
    rng = np.random.default_rng([seed, reduction])
    drawn = np.sort(rng.integers(0, len(images), N_SAMPLES))
    patches = np.concatenate(
        [_some(_reduced(images[drawn[rows]], reduction), size, rng) for rows in blocks(N_SAMPLES, 4096)]
    )
    patches = _even(patches)
    mean = patches.mean(axis=0)
    with in_threads(1):
        variances, axes = np.linalg.eigh(np.cov(patches - mean, rowvar=False))
        whitening = (axes / np.sqrt(variances + ZCA) @ axes.T).astype(np.float32)
        patches = unit((patches - mean) @ whitening)
    words = kmeans(patches, n_words, seed=seed, max_iter=MAX_ITER, n_threads=n_threads).centroids
    return Words(size, reduction, stride, mean, whitening, unit(words))


def read_words(path: Path) -> list[Words]:
    """The words of each scale, as learn_words.py has written them."""
    with reading(path) as file:
        return [read_fields(file[str(i)], Words) for i in range(len(file))]


def random_rows(n: int, n_drawn: int, seed: int) -> np.ndarray:
    """The numbers, in order, of so many of n images, or of all if there are fewer.

    The first ones would not do: those of a class may follow one another.
    """
    return np.sort(np.random.default_rng(seed).permutation(n)[:n_drawn])


def _some(images: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """A patch from anywhere in each image."""
    windows = sliding_window_view(images, (size, size), axis=(1, 2))
    places = rng.integers(0, windows.shape[1:3], (len(images), 2))
    return windows[np.arange(len(images)), places[:, 0], places[:, 1]].reshape(len(images), -1)


def describe(images: np.ndarray, words: list[Words], run: Callable) -> np.ndarray:
    """How much of each word is in each quarter of each image: float32 (n, d).

    A patch has of a word as much as it is more like it than it is like words in the mean (Coates' triangle);
    a quarter has the mean of its patches, of which the square root is taken.

    Parameters
    ----------
    images
        As for `learn_words`, or float32 from 0 to 1.
    run
        As `parallel.in_threads` yields it.
    """
    return np.concatenate(run(lambda rows: _describe(images[rows], words), blocks(len(images), ROWS)))


def _describe(images: np.ndarray, scales: list[Words]) -> np.ndarray:
    found = []
    for scale in scales:
        size, stride = scale.size, scale.stride
        windows = sliding_window_view(_reduced(images, scale.reduction), (size, size), axis=(1, 2))
        windows = windows[:, ::stride, ::stride]
        n, height, width = windows.shape[:3]
        patches = _even(windows.reshape(n * height * width, -1))
        likeness = unit((patches - scale.mean) @ scale.whitening) @ scale.words.T
        likeness -= likeness.mean(axis=1, keepdims=True)
        np.maximum(likeness, 0, out=likeness)
        found.append(_quarters(height, width) @ likeness.reshape(n, height * width, -1))
    return np.sqrt(np.concatenate([part.reshape(len(images), -1) for part in found], axis=1))


def _quarters(height: int, width: int) -> np.ndarray:
    """A matrix that takes the mean of each quarter of a grid: (QUARTERS ** 2, height * width)."""
    of_row, of_column = (np.arange(n) * QUARTERS // n for n in (height, width))
    quarter = (of_row[:, None] * QUARTERS + of_column).ravel()
    inside = quarter == np.arange(QUARTERS**2)[:, None]
    return (inside / inside.sum(axis=1, keepdims=True)).astype(np.float32)


def _reduced(images: np.ndarray, reduction: int) -> np.ndarray:
    """Images from 0 to 1 with three axes or four, each side divided by `reduction`."""
    if images.dtype == np.uint8:
        images = images / np.float32(255)
    if reduction == 1:
        return images
    n, height, width = images.shape[:3]
    rows, columns = height // reduction, width // reduction
    images = images[:, : rows * reduction, : columns * reduction]
    return images.reshape(n, rows, reduction, columns, reduction, *images.shape[3:]).mean(axis=(2, 4))


def _even(patches: np.ndarray) -> np.ndarray:
    """Patches of mean 0 and of even contrast."""
    patches = patches - patches.mean(axis=1, keepdims=True)
    patches /= np.sqrt(np.mean(patches**2, axis=1, keepdims=True) + np.float32(CONTRAST))
    return patches


def unit(X: np.ndarray) -> np.ndarray:
    """Rows of length 1; those that are 0 stay so."""
    lengths = np.linalg.norm(X, axis=1, keepdims=True)
    return X / np.where(lengths > 0, lengths, 1)
