"""The files of scores, of the partial sums behind them, and of scores of halves of the images, HDF5.

A file of scores has a group `seed{seed}` for each clustering that is scored in one space. Its attributes are the
indices; the dataset `silhouette_samples` (n,) float32 is there unless the silhouette is estimated.
"""

import logging
from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np

from lib.base.hdf5 import reading, writing
from lib.evaluation.partial_sums import PartialSums


def write_scores(path: Path, n_features: int, scores: dict[int, dict]) -> None:
    """Write the scores of clusterings in one space.

    Parameters
    ----------
    n_features
        Of the space.
    scores
        By the seed of each clustering: the indices by name, and `silhouette_samples` (n,) unless estimated. A
        value of None is not written.

    Raises
    ------
    InputError
        If the disk is full or refuses the file.

    Examples
    --------
    >>> scores = {"silhouette": 0.25, "silhouette_samples": np.array([0.0, 0.5])}
    >>> write_scores(Path("pixels.h5"), 1024, {7: scores})
    """
    with writing(path) as file:
        file.attrs["n_features"] = n_features
        for seed, values in scores.items():
            _write(file.create_group(f"seed{seed}"), values)
            indices = (f"{name} {value:.4g}" for name, value in values.items() if isinstance(value, float))
            logging.info("seed %d: %s", seed, ", ".join(indices))


def _write(group: h5py.Group, scores: dict) -> None:
    for name, value in scores.items():
        if name == "silhouette_samples":
            group[name] = value.astype(np.float32)
            group[name].attrs["description"] = "silhouette of each image, in the order of images.h5"
        elif value is not None:
            group.attrs[name] = value


def read_scores(path: Path, seed: int) -> dict:
    """The scores of the clustering of a seed.

    Returns
    -------
    `n_features` of the space, the indices by name, and `silhouette_samples` (n,) float32 unless estimated.

    Raises
    ------
    InputError
        If the file cannot be read or has no such seed.

    Examples
    --------
    >>> scores = {"silhouette": 0.25, "silhouette_samples": np.array([0.0, 0.5])}
    >>> write_scores(Path("pixels.h5"), 1024, {7: scores})
    >>> found = read_scores(Path("pixels.h5"), seed=7)
    >>> float(found["silhouette"]), found["silhouette_samples"].tolist()
    (0.25, [0.0, 0.5])
    """
    with reading(path) as file:
        group = file[f"seed{seed}"]
        return dict(file.attrs) | dict(group.attrs) | {name: dataset[:] for name, dataset in group.items()}


def write_pair_sums(path: Path, sums: Sequence[PartialSums]) -> None:
    """Write the partial sums of one chunk of pairs, for each clustering a group: `0`, `1`, ….

    Raises
    ------
    InputError
        If the disk is full or refuses the file.

    Examples
    --------
    >>> sums, exponents = np.zeros((2, 3), np.int64), np.zeros((2, 3), np.int16)
    >>> write_pair_sums(Path("3-of-8.h5"), [PartialSums(sums, exponents, (1.5, 0, 0, 2), (-2.5, 0, 1, 2))])
    """
    with writing(path) as file:
        for i, of_clustering in enumerate(sums):
            group = file.create_group(str(i))
            group["sums"] = of_clustering.sums
            group["sums"].attrs["description"] = (
                "axes: cluster; image. Sum of distances, in units of 2 ** exponents"
            )
            group["exponents"] = of_clustering.exponents
            group["exponents"].attrs["description"] = "axes as of sums"
            for name in ("separation", "diameter"):
                group.attrs[name] = getattr(of_clustering, name)  # ± distance, tile, two images


def read_pair_sums(path: Path, i: int) -> PartialSums:
    """The partial sums of one chunk of pairs for the i-th clustering.

    Raises
    ------
    InputError
        If the file cannot be read.

    Examples
    --------
    >>> sums, exponents = np.zeros((2, 3), np.int64), np.zeros((2, 3), np.int16)
    >>> write_pair_sums(Path("3-of-8.h5"), [PartialSums(sums, exponents, (1.5, 0, 0, 2), (-2.5, 0, 1, 2))])
    >>> read_pair_sums(Path("3-of-8.h5"), 0).separation
    (1.5, 0, 0, 2)
    """
    with reading(path) as file:
        group = file[str(i)]
        extremes = []
        for name in ("separation", "diameter"):
            distance, *numbers = group.attrs[name].tolist()
            extremes.append((distance, *map(int, numbers)))
        return PartialSums(group["sums"][:], group["exponents"][:], *extremes)


def write_half_scores(path: Path, silhouettes: dict[str, np.ndarray]) -> None:
    """Write the scores of clusterings of halves in one space.

    Parameters
    ----------
    silhouettes
        (n_starts, n_halves) by the name of the space that they were made in.

    Raises
    ------
    InputError
        If the disk is full or refuses the file.

    Examples
    --------
    >>> write_half_scores(Path("k2.h5"), {"autoencoder/seed0": np.array([[0.25, 0.5]])})
    """
    with writing(path) as file:
        for space, values in silhouettes.items():
            file[f"{space}/silhouettes"] = values
            file[f"{space}/silhouettes"].attrs["description"] = "axes: start of k-means; half of the images"


def read_half_scores(path: Path, space: str) -> np.ndarray:
    """The silhouettes of clusterings of halves that were made in a space, (n_starts, n_halves).

    Raises
    ------
    InputError
        If the file cannot be read or has no such space.

    Examples
    --------
    >>> write_half_scores(Path("k2.h5"), {"autoencoder/seed0": np.array([[0.25, 0.5]])})
    >>> read_half_scores(Path("k2.h5"), "autoencoder/seed0").tolist()
    [[0.25, 0.5]]
    """
    with reading(path) as file:
        return file[f"{space}/silhouettes"][:]
