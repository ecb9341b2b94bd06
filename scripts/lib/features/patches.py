"""Patch features: how much of each typical patch is in each quarter of an image.

The method is that of Coates, A., Ng, A. & Lee, H. (2011). An analysis of single-layer networks in unsupervised
feature learning. AISTATS, PMLR 15, 215-223. Whitening and k-means are described further in Coates, A. & Ng, A.
(2012). Learning feature representations with k-means.
"""

import itertools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from lib.base.parallel import blocks, in_threads
from lib.clustering.kmeans import kmeans
from lib.features.pooling import add_similarities

N_SAMPLES = 100_000  # patches that a dictionary is learned from
CONTRAST = 10 / 255**2  # added to a patch's variance, so that the noise of flat patches is not amplified
ZCA = 0.1  # added to the variances in whitening
KEPT = 0.95  # share of the variance of whitened patches that is kept: half of the axes, and of the time
MAX_ITER = 10  # of k-means: the atoms are as good long before no patch changes its cluster
QUARTERS = 2  # along each side
ROWS = 16  # images at a time


class Dictionary(NamedTuple):
    """Typical patches at one scale, the *atoms*, and how patches are prepared to be compared with them.

    d is the number of values of a patch: size * size * channels. m is that of the principal axes that are kept.
    """

    size: int  # side of a patch, in pixels of the downsampled image
    downsampling: int  # what the sides of the image are divided by first
    stride: int  # pixels from one patch to the next
    mean: np.ndarray  # (d,) of patches of normalised contrast
    whitening: np.ndarray  # (d, m)
    atoms: np.ndarray  # (n_atoms, m) whitened patches of length 1


def learn_dictionary(
    images: np.ndarray, *, size: int, downsampling: int, n_atoms: int, seed: int, n_threads: int | None = None
) -> Dictionary:
    """Learn a dictionary: the atoms are the centroids that k-means finds of whitened patches of length 1.

    Parameters
    ----------
    images : (n, side, side) or (n, side, side, 3) uint8
    size
        Side of a patch in pixels.
    downsampling
        What the sides of the images are divided by before patches are taken.
    n_atoms
        Number of atoms.
    seed
        Of the sample of patches and of k-means.
    n_threads
        The result does not depend on it. None: one for each core.

    Raises
    ------
    ValueError
        If the images are too small, or have fewer distinct patches than there should be atoms.

    Examples
    --------
    >>> images = np.random.default_rng(0).integers(0, 256, (10, 8, 8), np.uint8)
    >>> learn_dictionary(images, size=2, downsampling=1, n_atoms=3, seed=0).atoms.shape
    (3, 3)
    """
    side = images.shape[1]
    stride = 2 if side // downsampling >= 24 else 1  # small images have few patches, so none is left out
    min_side = (size + stride) * downsampling
    if side < min_side:  # only one patch would fit along a side, and some quarters would have none
        raise ValueError(
            f"images of {side} x {side} are too small for patches of {size} x {size} with a downsampling of "
            f"{downsampling}: these need {min_side} x {min_side}"
        )
    rng = np.random.default_rng([seed, downsampling])
    sampled = np.sort(rng.integers(0, len(images), N_SAMPLES))
    patches = np.concatenate(
        [_random_patches(images, sampled[rows], size, downsampling, rng) for rows in blocks(N_SAMPLES, 4096)]
    )  # (N_SAMPLES, d)
    patches = normalize_contrast(patches)
    mean = patches.mean(axis=0)
    with in_threads(1):
        whitening = _whitening(np.cov(patches - mean, rowvar=False)).astype(np.float32)
        patches = normalize_rows((patches - mean) @ whitening)
    atoms = kmeans(patches, n_atoms, seed=seed, max_iter=MAX_ITER, n_threads=n_threads).centroids
    return Dictionary(size, downsampling, stride, mean, whitening, normalize_rows(atoms))


def _whitening(covariance: np.ndarray) -> np.ndarray:
    """The principal axes, scaled so that none has much more variance than another: (d, m).

    Those of the least variance are left out. Distances are those of ZCA, which turns the axes back.
    """
    variances, axes = (found[..., ::-1] for found in np.linalg.eigh(covariance))
    whitened = np.cumsum(variances / (variances + ZCA))
    m = 1 + np.searchsorted(whitened, KEPT * whitened[-1])
    return axes[:, :m] / np.sqrt(variances[:m] + ZCA)


def scales_of(side: int) -> list[int]:
    """What to divide the sides of images by, for two scales: the first leaves 32 to 63 pixels, or what there is.

    Examples
    --------
    >>> scales_of(28), scales_of(96)
    ([1, 2], [3, 6])
    """
    first = max(1, side // 32)
    return [first, 2 * first]


def random_subset(n: int, max_size: int, seed: int) -> np.ndarray:
    """The indices, in ascending order, of a random subset of n images: int64 (min(n, max_size),).

    The first images would not do instead: a dataset may be sorted by class.

    Examples
    --------
    >>> random_subset(3, 10, seed=0)
    array([0, 1, 2])
    >>> len(random_subset(1000, 10, seed=0))
    10
    """
    return np.sort(np.random.default_rng(seed).permutation(n)[:max_size])


def _random_patches(
    images: np.ndarray, sampled: np.ndarray, size: int, downsampling: int, rng: np.random.Generator
) -> np.ndarray:
    """A patch at a random place of each image that is sampled, (n,): (n, d)."""
    n_places = images.shape[1] // downsampling - size + 1
    places = rng.integers(0, n_places, (len(sampled), 2))
    rows, columns = places.T[..., None] * downsampling + np.arange(size * downsampling)
    windows = images[sampled[:, None, None], rows[:, :, None], columns[:, None, :]]
    return _downsample(windows, downsampling).reshape(len(sampled), -1)


def encode(images: np.ndarray, dictionaries: list[Dictionary], parallel_map: Callable) -> np.ndarray:
    """How much of each atom is in each quarter of each image: float32 (n, 4 * n_atoms of all dictionaries).

    Triangle encoding (Coates et al. 2011): a patch's similarity to an atom minus its mean similarity to all atoms
    of the dictionary, clipped at 0. A quarter has the mean of its patches, of which the square root is taken.

    Parameters
    ----------
    images : (n, side, side) or (n, side, side, 3)
        uint8, or float32 from 0 to 1.
    dictionaries
        One for each scale.
    parallel_map
        As `parallel.in_threads` yields it. The result does not depend on the number of threads.

    Examples
    --------
    >>> images = np.random.default_rng(0).integers(0, 256, (10, 8, 8), np.uint8)
    >>> dictionary = learn_dictionary(images, size=2, downsampling=1, n_atoms=3, seed=0)
    >>> with in_threads() as parallel_map:
    ...     encode(images, [dictionary], parallel_map).shape
    (10, 12)
    """

    def encode_rows(rows: slice) -> np.ndarray:
        pooled = [pool(images[rows], dictionary, QUARTERS, QUARTERS) for dictionary in dictionaries]
        return np.sqrt(np.concatenate([means.reshape(len(means), -1) for means in pooled], axis=1))

    return np.concatenate(parallel_map(encode_rows, blocks(len(images), ROWS)))


def pool(images: np.ndarray, dictionary: Dictionary, n_rows: int, n_columns: int) -> np.ndarray:
    """How much of each atom is in each part of each image: float32 (n, n_rows * n_columns, n_atoms).

    Parameters
    ----------
    images : (n, side, side) or (n, side, side, 3)
        uint8, or float32 from 0 to 1.
    n_rows, n_columns
        Parts of an image, one below and one beside the other; no more than it has patches in a row.

    Examples
    --------
    >>> dictionary = Dictionary(2, 1, 1, np.zeros(4), np.eye(4), np.eye(4)[:3])
    >>> pool(np.zeros((5, 3, 3), np.uint8), dictionary, 3, 2).shape
    (5, 4, 3)
    """
    size, stride = dictionary.size, dictionary.stride
    images = _downsample(images, dictionary.downsampling)
    images = np.ascontiguousarray(images.reshape(*images.shape[:3], -1), np.float32)
    n_patches = (images.shape[1] - size) // stride + 1  # along each side
    # The similarity to an atom minus the mean of all is that to the atom minus the mean atom.
    centred = dictionary.atoms - dictionary.atoms.mean(axis=0)
    row_of, column_of = (
        np.arange(n_patches) * min(n_parts, n_patches) // n_patches for n_parts in (n_rows, n_columns)
    )
    counts = np.outer(np.bincount(row_of), np.bincount(column_of))
    sums = np.zeros((len(images), *counts.shape, len(centred)), np.float32)
    add_similarities(
        images,
        size,
        stride,
        dictionary.whitening.astype(np.float32),
        (dictionary.mean @ dictionary.whitening).astype(np.float32),
        CONTRAST,
        np.ascontiguousarray(centred.T, np.float32),
        row_of,
        column_of,
        sums,
    )
    return (sums / counts[..., None].astype(np.float32)).reshape(len(images), counts.size, -1)


def _downsample(images: np.ndarray, factor: int) -> np.ndarray:
    """Images from 0 to 1 with sides divided by `factor`: (n, height // factor, width // factor[, 3])."""
    if images.dtype == np.uint8:
        images = images / np.float32(255)
    if factor == 1:
        return images
    height, width = images.shape[1:3]
    rows, columns = height // factor, width // factor
    of_block = [
        images[:, y : rows * factor : factor, x : columns * factor : factor]
        for y, x in itertools.product(range(factor), repeat=2)
    ]
    return sum(of_block[1:], of_block[0]) / np.float32(factor**2)


def normalize_contrast(patches: np.ndarray) -> np.ndarray:
    """Patches (n, d) with mean 0 and, but for flat ones, variance 1.

    Examples
    --------
    >>> normalize_contrast(np.array([[0.0, 1.0], [0.3, 0.3]])).round(3)
    array([[-1.,  1.],
           [ 0.,  0.]])
    """
    patches = patches - patches.mean(axis=1, keepdims=True)
    patches /= np.sqrt(np.mean(patches**2, axis=1, keepdims=True) + np.float32(CONTRAST))
    return patches


def normalize_rows(X: np.ndarray) -> np.ndarray:
    """Rows of X, (..., d), scaled to length 1; a row of zeros stays as it is.

    Examples
    --------
    >>> normalize_rows(np.array([[3.0, 4.0], [0.0, 0.0]]))
    array([[0.6, 0.8],
           [0. , 0. ]])
    """
    lengths = np.linalg.norm(X, axis=-1, keepdims=True)
    return X / np.where(lengths > 0, lengths, 1)
