"""Validity indices of clusterings that leave images out as noise: the label -1.

Noise scores a silhouette of 0, as the only point of a cluster does (Rousseeuw 1987), and is nobody's neighbouring
cluster. The mean silhouette is over all images. Dunn's index is over the images in clusters.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from lib.evaluation.partial_sums import PartialSums
from lib.evaluation.validity import Validity, combine, partial_sums


def partial_sums_without_noise(
    X: np.ndarray, labellings: Sequence[np.ndarray], chunk: int, n_chunks: int, *, n_threads: int | None = None
) -> list[PartialSums]:
    """As `partial_sums`, but each clustering by the points alone that are in its clusters.

    Clusterings with the same noise share a pass over the pairs of points.

    Parameters
    ----------
    X, chunk, n_chunks, n_threads
        As for `partial_sums`.
    labellings : sequence of (n,) int
        -1 for noise.

    Raises
    ------
    ValueError
        As `partial_sums`, or if all points of a clustering are noise.

    Examples
    --------
    >>> X, labels = np.array([[0.0], [1], [9], [10], [99]]), np.array([0, 0, 1, 1, -1])
    >>> partial_sums_without_noise(X, [labels], 0, 1)[0].sums.shape
    (2, 4)
    """
    found: dict[int, PartialSums] = {}
    for clustered, numbers in _by_noise(labellings):
        of_these = [labellings[i][clustered] for i in numbers]
        points = X if clustered.all() else X[clustered]
        sums = partial_sums(points, of_these, chunk, n_chunks, n_threads=n_threads)
        found |= dict(zip(numbers, sums, strict=True))
    return [found[i] for i in range(len(labellings))]


def _by_noise(labellings: Sequence[np.ndarray]) -> Iterator[tuple[np.ndarray, list[int]]]:
    """Which points are in clusters, and the numbers of the clusterings of which this is true."""
    groups: dict[bytes, list[int]] = {}
    for i, labels in enumerate(labellings):
        groups.setdefault((labels >= 0).tobytes(), []).append(i)
    for numbers in groups.values():
        yield labellings[numbers[0]] >= 0, numbers


def combine_without_noise(labels: np.ndarray, chunks: Sequence[PartialSums]) -> Validity:
    """The validity of a clustering from the partial sums of all chunks; the silhouette of noise is 0.

    Parameters
    ----------
    labels : (n,) int
        -1 for noise.
    chunks
        What `partial_sums_without_noise` gives for these labels, for each chunk.

    Examples
    --------
    >>> X, labels = np.array([[99.0], [0], [1], [9], [10]]), np.array([-1, 0, 0, 1, 1])
    >>> found = combine_without_noise(labels, partial_sums_without_noise(X, [labels], 0, 1))
    >>> found.dunn, found.diameter_pair, found.silhouette_samples.round(3).tolist()
    (8.0, (1, 2), [0.0, 0.895, 0.882, 0.882, 0.895])
    """
    numbers = np.flatnonzero(labels >= 0)
    found = combine(labels[numbers], chunks)
    if len(numbers) == len(labels):
        return found
    samples = np.zeros(len(labels))
    samples[numbers] = found.silhouette_samples
    near, far = (
        None if pair is None else (int(numbers[pair[0]]), int(numbers[pair[1]]))
        for pair in (found.separation_pair, found.diameter_pair)
    )
    return found._replace(
        silhouette=float(samples.mean()), silhouette_samples=samples, separation_pair=near, diameter_pair=far
    )
