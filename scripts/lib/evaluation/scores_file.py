"""The files of scores, of the partial sums behind them, and of scores of halves of the images, HDF5.

A file of scores has a group `seed{seed}` for each clustering that is scored in one space. Its attributes are the
indices; the dataset `silhouette_samples` (n,) float32 is there unless the silhouette is estimated.
"""

import logging
from collections.abc import Mapping
from pathlib import Path

import h5py
import numpy as np

from lib.base.hdf5 import groups_made_of, reading, writing
from lib.evaluation.partial_sums import PartialSums


def write_scores(path: Path, n_features: int, scores: Mapping[int, dict], made_of: Mapping[int, str]) -> None:
    """Write the scores of clusterings in one space.

    Parameters
    ----------
    n_features
        Of the space.
    scores
        By the seed of each clustering: the indices by name, and `silhouette_samples` (n,) unless estimated. A
        value of None is not written.
    made_of
        By the seed of each: a digest of what was scored, and how, as of `digest_of`.

    Raises
    ------
    InputError
        If the disk is full or refuses the file.

    Examples
    --------
    >>> scores = {"silhouette": 0.25, "silhouette_samples": np.array([0.0, 0.5])}
    >>> write_scores(Path("pixels.h5"), 1024, {7: scores}, {7: "c0ffee"})
    """
    with writing(path) as file:
        file.attrs["n_features"] = n_features
        for seed, values in scores.items():
            _write(file.create_group(f"seed{seed}"), values)
            file[f"seed{seed}"].attrs["made_of"] = made_of[seed]
            indices = (f"{name} {value:.4g}" for name, value in values.items() if isinstance(value, float))
            logging.info("seed %d: %s", seed, ", ".join(indices))


def _write(group: h5py.Group, scores: dict) -> None:
    for name, value in sorted(scores.items()):  # the bytes do not depend on their order
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
    >>> write_scores(Path("pixels.h5"), 1024, {7: scores}, {7: "c0ffee"})
    >>> found = read_scores(Path("pixels.h5"), seed=7)
    >>> float(found["silhouette"]), found["silhouette_samples"].tolist()
    (0.25, [0.0, 0.5])
    """
    with reading(path) as file:
        group = file[f"seed{seed}"]
        return dict(file.attrs) | _read(group)


def _read(group: h5py.Group) -> dict:
    attributes = {name: value for name, value in group.attrs.items() if name != "made_of"}
    return attributes | {name: dataset[:] for name, dataset in group.items()}


def read_scores_made_of(path: Path, made_of: Mapping[int, str]) -> dict[int, dict]:
    """Those scores that are there and were made of this and in this way, as `write_scores` takes them.

    Parameters
    ----------
    path
        Of a file that may be missing, damaged or older.
    made_of
        A digest for each seed.

    Examples
    --------
    >>> write_scores(Path("pixels.h5"), 1024, {seed: {"silhouette": 0.25} for seed in (1, 2)}, {1: "a", 2: "b"})
    >>> read_scores_made_of(Path("pixels.h5"), {1: "a", 2: "c", 3: "c"})
    {1: {'silhouette': np.float64(0.25)}}
    """
    seeds = {f"seed{seed}": seed for seed in made_of}
    there = groups_made_of(path, {name: made_of[seed] for name, seed in seeds.items()})
    if not there:
        return {}
    with reading(path) as file:
        return {seeds[name]: _read(file[name]) for name in there}


def write_pair_sums(path: Path, sums: Mapping[int, PartialSums]) -> None:
    """Write the partial sums of one chunk of pairs, for each clustering a group by its seed: `0`, `1`, ….

    Raises
    ------
    InputError
        If the disk is full or refuses the file.

    Examples
    --------
    >>> sums, exponents = np.zeros((2, 3), np.int64), np.zeros((2, 3), np.int16)
    >>> write_pair_sums(Path("3-of-8.h5"), {7: PartialSums(sums, exponents, (1.5, 0, 0, 2), (-2.5, 0, 1, 2))})
    """
    with writing(path) as file:
        for seed, of_clustering in sums.items():
            group = file.create_group(str(seed))
            group["sums"] = of_clustering.sums
            group["sums"].attrs["description"] = (
                "axes: cluster; image. Sum of distances, in units of 2 ** exponents"
            )
            group["exponents"] = of_clustering.exponents
            group["exponents"].attrs["description"] = "axes as of sums"
            for name in ("separation", "diameter"):
                group.attrs[name] = getattr(of_clustering, name)  # ± distance, tile, two images


def read_pair_sums(path: Path, seed: int) -> PartialSums:
    """The partial sums of one chunk of pairs for the clustering of a seed.

    Raises
    ------
    InputError
        If the file cannot be read.

    Examples
    --------
    >>> sums, exponents = np.zeros((2, 3), np.int64), np.zeros((2, 3), np.int16)
    >>> write_pair_sums(Path("3-of-8.h5"), {7: PartialSums(sums, exponents, (1.5, 0, 0, 2), (-2.5, 0, 1, 2))})
    >>> read_pair_sums(Path("3-of-8.h5"), 7).separation
    (1.5, 0, 0, 2)
    """
    with reading(path) as file:
        group = file[str(seed)]
        extremes = []
        for name in ("separation", "diameter"):
            distance, *numbers = group.attrs[name].tolist()
            extremes.append((distance, *map(int, numbers)))
        return PartialSums(group["sums"][:], group["exponents"][:], *extremes)


def write_half_scores(path: Path, silhouettes: Mapping[str, np.ndarray], made_of: Mapping[str, str]) -> None:
    """Write the scores of clusterings of halves in one space.

    Parameters
    ----------
    silhouettes
        (n_starts, n_halves) by the name of the space that they were made in.
    made_of
        By the name of each space: a digest of what was scored, and how, as of `digest_of`.

    Raises
    ------
    InputError
        If the disk is full or refuses the file.

    Examples
    --------
    >>> silhouettes = {"autoencoder/seed0": np.array([[0.25, 0.5]])}
    >>> write_half_scores(Path("k2.h5"), silhouettes, {"autoencoder/seed0": "c0ffee"})
    """
    with writing(path) as file:
        for space, values in silhouettes.items():
            file[f"{space}/silhouettes"] = values
            file[f"{space}/silhouettes"].attrs["description"] = "axes: start of k-means; half of the images"
            file[space].attrs["made_of"] = made_of[space]


def read_half_scores(path: Path, space: str) -> np.ndarray:
    """The silhouettes of clusterings of halves that were made in a space, (n_starts, n_halves).

    Raises
    ------
    InputError
        If the file cannot be read or has no such space.

    Examples
    --------
    >>> silhouettes = {"autoencoder/seed0": np.array([[0.25, 0.5]])}
    >>> write_half_scores(Path("k2.h5"), silhouettes, {"autoencoder/seed0": "c0ffee"})
    >>> read_half_scores(Path("k2.h5"), "autoencoder/seed0").tolist()
    [[0.25, 0.5]]
    """
    with reading(path) as file:
        return file[f"{space}/silhouettes"][:]


def read_half_scores_made_of(path: Path, made_of: Mapping[str, str]) -> dict[str, np.ndarray]:
    """Those scores that are there and were made of this and in this way, as `write_half_scores` takes them.

    Parameters
    ----------
    path
        Of a file that may be missing, damaged or older.
    made_of
        A digest for each space.

    Examples
    --------
    >>> write_half_scores(Path("k2.h5"), {space: np.zeros((1, 2)) for space in ("a", "b")}, {"a": "1", "b": "2"})
    >>> list(read_half_scores_made_of(Path("k2.h5"), {"a": "1", "b": "3"}))
    ['a']
    """
    return {space: read_half_scores(path, space) for space in groups_made_of(path, made_of)}
