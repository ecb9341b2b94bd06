"""The loops of patch features over single numbers, compiled.

In NumPy, threads that work on one image at a time wait for each other between many short steps.
"""

import numpy as np

from lib.base.compiled import compiled


@compiled
def _normalize_contrast(patch: np.ndarray, contrast: float) -> None:
    """Make the mean of a patch 0, and its variance 1 unless it is flat, in place."""
    d = np.float32(len(patch))
    mean = np.float32(0)
    for x in range(len(patch)):
        mean += patch[x]
    mean /= d
    for x in range(len(patch)):
        patch[x] -= mean
    deviation = np.sqrt(np.dot(patch, patch) / d + np.float32(contrast))
    for x in range(len(patch)):
        patch[x] /= deviation


@compiled
def _normalize(row: np.ndarray) -> None:
    """Scale a row to length 1, in place; one of zeros stays as it is."""
    length = np.sqrt(np.dot(row, row))
    if length > 0:
        for x in range(len(row)):
            row[x] /= length


@compiled
def add_similarities(
    images: np.ndarray,
    size: int,
    stride: int,
    whitening: np.ndarray,
    mean: np.ndarray,
    contrast: float,
    atoms: np.ndarray,
    row_of: np.ndarray,
    column_of: np.ndarray,
    sums: np.ndarray,
) -> None:
    """Add the positive similarities of each image's patches to atoms to the sums of the part that a patch is in.

    Parameters
    ----------
    images : (n, height, width, channels) float32
    size, stride
        Side of a patch, and from one to the next, in pixels.
    whitening : (size * size * channels, m) float32
        What whitens patches of normalised contrast.
    mean : (m,) float32
        What is subtracted from whitened patches.
    contrast
        Added to the variance of a patch.
    atoms : (m, n_atoms) float32
    row_of, column_of : int
        The row and the column of parts that each row and each column of patches is in.
    sums : (n, rows of parts, columns of parts, n_atoms) float32
        Changed in place.

    Examples
    --------
    >>> image = np.array([[[[1, 0], [0, 1]]]], np.float32)  # two pixels with two channels
    >>> whitening, mean, atoms = np.eye(2, dtype=np.float32), np.zeros(2, np.float32), np.eye(2, dtype=np.float32)
    >>> sums = np.zeros((1, 1, 2, 2), np.float32)
    >>> add_similarities(
    ...     image, 1, 1, whitening, mean, 0.0, atoms, np.zeros(1, int), np.arange(2), sums
    ... )
    >>> sums.round(2)
    array([[[[0.71, 0.  ],
             [0.  , 0.71]]]], dtype=float32)
    """
    channels = images.shape[3]
    d, m = whitening.shape
    n_rows, n_columns, length = len(row_of), len(column_of), size * channels
    patches = np.empty((n_rows * n_columns, d), np.float32)
    whitened = np.empty((n_rows * n_columns, m), np.float32)
    similarity = np.empty((n_rows * n_columns, atoms.shape[1]), np.float32)
    for i in range(len(images)):
        flat = images[i].reshape(images.shape[1], images.shape[2] * channels)
        for row in range(n_rows):
            for column in range(n_columns):
                patch = patches[row * n_columns + column]
                left = column * stride * channels
                for y in range(size):
                    for x in range(length):
                        patch[y * length + x] = flat[row * stride + y, left + x]
                _normalize_contrast(patch, contrast)
        np.dot(patches, whitening, whitened)
        for p in range(len(whitened)):
            for x in range(m):
                whitened[p, x] -= mean[x]
            _normalize(whitened[p])
        np.dot(whitened, atoms, similarity)
        for row in range(n_rows):
            for column in range(n_columns):
                part = sums[i, row_of[row], column_of[column]]
                found = similarity[row * n_columns + column]
                for a in range(len(part)):
                    part[a] += max(found[a], np.float32(0))
