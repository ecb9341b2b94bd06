"""What images are made of: how much of each of some typical patches is in each quarter of an image.

Coates, A., Ng, A. & Lee, H. (2011). An analysis of single-layer networks in unsupervised feature learning.
AISTATS, PMLR 15, 215-223. Coates, A. & Ng, A. (2012). Learning feature representations with k-means.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from lib.base.parallel import blocks, in_threads
from lib.clustering.kmeans import kmeans

N_SAMPLES = 100_000  # patches to learn from
CONTRAST = 10 / 255**2  # added to a patch's variance, so that flat ones are not noise made large
ZCA = 0.1  # added to the variances in whitening
MAX_ITER = 10  # of k-means: words are as good long before no patch changes its word
QUARTERS = 2  # along each side
ROWS = 16  # images at a time


class Dictionary(NamedTuple):
    """Typical patches, learnt from images at one scale."""

    size: int  # side of a patch, in pixels of the reduced image
    downsampling: int  # sides of the image are divided by it first
    stride: int  # from patch to patch
    mean: np.ndarray  # (d,) of patches of even contrast
    whitening: np.ndarray  # (d, d)
    atoms: np.ndarray  # (n_atoms, d) of length 1, whitened


def learn_dictionary(
    images: np.ndarray, *, size: int, downsampling: int, n_atoms: int, seed: int, n_threads: int | None = None
) -> Dictionary:
    """Learn typical patches: k-means of whitened patches of length 1.

    Parameters
    ----------
    images : (n, side, side) or, in colour, (n, side, side, 3) uint8
    downsampling
        What the sides of the images are divided by before.

    Raises
    ------
    ValueError
        If the images are too small, or their patches too much alike for so many words.
    """
    side = images.shape[1]
    stride = max(1, 2 // downsampling)  # few patches fit into a small image, so none is passed over
    least = (size + stride) * downsampling
    if side < least:  # there would be one patch along a side, and none in a quarter
        raise ValueError(
            f"images of {side} x {side} are too small for patches of {size} x {size} with a downsampling of "
            f"{downsampling}: these need {least} x {least}"
        )
    rng = np.random.default_rng([seed, downsampling])
    drawn = np.sort(rng.integers(0, len(images), N_SAMPLES))
    patches = np.concatenate(
        [
            _random_patches(_downsampled(images[drawn[rows]], downsampling), size, rng)
            for rows in blocks(N_SAMPLES, 4096)
        ]
    )
    patches = normalize_contrast(patches)
    mean = patches.mean(axis=0)
    with in_threads(1):
        variances, axes = np.linalg.eigh(np.cov(patches - mean, rowvar=False))
        whitening = (axes / np.sqrt(variances + ZCA) @ axes.T).astype(np.float32)
        patches = normalize_rows((patches - mean) @ whitening)
    atoms = kmeans(patches, n_atoms, seed=seed, max_iter=MAX_ITER, n_threads=n_threads).centroids
    return Dictionary(size, downsampling, stride, mean, whitening, normalize_rows(atoms))


def random_subset(n: int, n_drawn: int, seed: int) -> np.ndarray:
    """The numbers, in order, of so many of n images, or of all if there are fewer.

    The first ones would not do: those of a class may follow one another.
    """
    return np.sort(np.random.default_rng(seed).permutation(n)[:n_drawn])


def _random_patches(images: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """A patch from anywhere in each image."""
    windows = sliding_window_view(images, (size, size), axis=(1, 2))
    places = rng.integers(0, windows.shape[1:3], (len(images), 2))
    return windows[np.arange(len(images)), places[:, 0], places[:, 1]].reshape(len(images), -1)


def encode(images: np.ndarray, dictionaries: list[Dictionary], parallel_map: Callable) -> np.ndarray:
    """How much of each word is in each quarter of each image: float32 (n, d).

    A patch has of a word as much as it is more like it than it is like words in the mean (Coates' triangle);
    a quarter has the mean of its patches, of which the square root is taken.

    Parameters
    ----------
    images
        As for `learn_dictionary`, or float32 from 0 to 1.
    parallel_map
        As `parallel.in_threads` yields it.
    """
    return np.concatenate(
        parallel_map(lambda rows: _encode(images[rows], dictionaries), blocks(len(images), ROWS))
    )


def _encode(images: np.ndarray, scales: list[Dictionary]) -> np.ndarray:
    found = []
    for scale in scales:
        size, stride = scale.size, scale.stride
        windows = sliding_window_view(_downsampled(images, scale.downsampling), (size, size), axis=(1, 2))
        windows = windows[:, ::stride, ::stride]
        n, height, width = windows.shape[:3]
        patches = normalize_contrast(windows.reshape(n * height * width, -1))
        similarity = normalize_rows((patches - scale.mean) @ scale.whitening) @ scale.atoms.T
        similarity -= similarity.mean(axis=1, keepdims=True)
        np.maximum(similarity, 0, out=similarity)
        found.append(_quarters(height, width) @ similarity.reshape(n, height * width, -1))
    return np.sqrt(np.concatenate([part.reshape(len(images), -1) for part in found], axis=1))


def _quarters(height: int, width: int) -> np.ndarray:
    """A matrix that takes the mean of each quarter of a grid: (QUARTERS ** 2, height * width)."""
    of_row, of_column = (np.arange(n) * QUARTERS // n for n in (height, width))
    quarter = (of_row[:, None] * QUARTERS + of_column).ravel()
    inside = quarter == np.arange(QUARTERS**2)[:, None]
    return (inside / inside.sum(axis=1, keepdims=True)).astype(np.float32)


def _downsampled(images: np.ndarray, downsampling: int) -> np.ndarray:
    """Images from 0 to 1 with three axes or four, each side divided by `downsampling`."""
    if images.dtype == np.uint8:
        images = images / np.float32(255)
    if downsampling == 1:
        return images
    n, height, width = images.shape[:3]
    rows, columns = height // downsampling, width // downsampling
    images = images[:, : rows * downsampling, : columns * downsampling]
    return images.reshape(n, rows, downsampling, columns, downsampling, *images.shape[3:]).mean(axis=(2, 4))


def normalize_contrast(patches: np.ndarray) -> np.ndarray:
    """Patches of mean 0 and of even contrast."""
    patches = patches - patches.mean(axis=1, keepdims=True)
    patches /= np.sqrt(np.mean(patches**2, axis=1, keepdims=True) + np.float32(CONTRAST))
    return patches


def normalize_rows(X: np.ndarray) -> np.ndarray:
    """Rows of length 1; those that are 0 stay so."""
    lengths = np.linalg.norm(X, axis=1, keepdims=True)
    return X / np.where(lengths > 0, lengths, 1)
