"""The files of scores, of the partial sums behind them, and of scores of halves of the images, HDF5.

A file of scores has a group for each clustering that is scored in one space, by its path, such as
`pixels/test/k10/seed0`. Its attributes are the indices; the dataset `silhouette_samples` (n,) float32 is there
unless the silhouette is estimated.
"""

import logging
from collections.abc import Mapping
from pathlib import Path

import h5py
import numpy as np

from lib.base.hdf5 import groups_made_of, reading, writing
from lib.evaluation.partial_sums import PartialSums


def write_scores(path: Path, n_features: int, scores: Mapping[str, dict], made_of: Mapping[str, str]) -> None:
    """Write the scores of clusterings in one space.

    Parameters
    ----------
    n_features
        Of the space.
    scores
        By the path of each clustering: the indices by name, and `silhouette_samples` (n,) unless estimated. A
        value of None is not written.
    made_of
        By the path of each: a digest of what was scored, and how, as of `digest_of`.

    Raises
    ------
    InputError
        If the disk is full or refuses the file.

    Examples
    --------
    >>> scores = {"silhouette": 0.25, "silhouette_samples": np.array([0.0, 0.5])}
    >>> write_scores(Path("k9.h5"), 64, {"pca/test/k9/seed7": scores}, {"pca/test/k9/seed7": "c0ffee"})
    """
    with writing(path) as file:
        file.attrs["n_features"] = n_features
        for clustering, values in scores.items():
            _write(file.create_group(clustering), values)
            file[clustering].attrs["made_of"] = made_of[clustering]
            indices = (f"{name} {value:.4g}" for name, value in values.items() if isinstance(value, float))
            logging.info("%s: %s", clustering, ", ".join(indices))


def _write(group: h5py.Group, scores: dict) -> None:
    for name, value in sorted(scores.items()):  # the bytes do not depend on their order
        if name == "silhouette_samples":
            group[name] = value.astype(np.float32)
            group[name].attrs["description"] = "silhouette of each image, in the order of images.h5"
        elif value is not None:
            group.attrs[name] = value


def read_scores(path: Path, clustering: str) -> dict:
    """The scores of a clustering, by its path.

    Returns
    -------
    `n_features` of the space, the indices by name, and `silhouette_samples` (n,) float32 unless estimated.

    Raises
    ------
    InputError
        If the file cannot be read or has no such clustering.

    Examples
    --------
    >>> scores = {"silhouette": 0.25, "silhouette_samples": np.array([0.0, 0.5])}
    >>> write_scores(Path("k9.h5"), 64, {"pca/test/k9/seed7": scores}, {"pca/test/k9/seed7": "c0ffee"})
    >>> found = read_scores(Path("k9.h5"), "pca/test/k9/seed7")
    >>> float(found["silhouette"]), found["silhouette_samples"].tolist()
    (0.25, [0.0, 0.5])
    """
    with reading(path) as file:
        return dict(file.attrs) | _read(file[clustering])


def read_indices(path: Path) -> dict[str, dict]:
    """The scores of all clusterings of a file but the silhouettes of each image: `read_scores` of all, and faster.

    Raises
    ------
    InputError
        If the file cannot be read or has no scores.

    Examples
    --------
    >>> scores = {"silhouette": 0.25, "silhouette_samples": np.array([0.0, 0.5])}
    >>> write_scores(Path("k9.h5"), 64, {"pca/test/k9/seed7": scores}, {"pca/test/k9/seed7": "c0ffee"})
    >>> list(read_indices(Path("k9.h5"))["pca/test/k9/seed7"])
    ['n_features', 'silhouette']
    """
    found: dict[str, dict] = {}

    def read(name: str, item: h5py.Group | h5py.Dataset) -> None:
        if "made_of" in item.attrs:
            found[name] = common | _attributes(item)

    with reading(path) as file:
        common = dict(file.attrs)
        file.visititems(read)
        if not found:
            raise ValueError("it has no scores")
    return found


def _read(group: h5py.Group) -> dict:
    return _attributes(group) | {name: dataset[:] for name, dataset in group.items()}


def _attributes(group: h5py.Group) -> dict:
    return {name: value for name, value in group.attrs.items() if name != "made_of"}


def read_scores_made_of(path: Path, made_of: Mapping[str, str]) -> dict[str, dict]:
    """Those scores that are there and were made of this and in this way, as `write_scores` takes them.

    Parameters
    ----------
    path
        Of a file that may be missing, damaged or older.
    made_of
        A digest for the path of each clustering.

    Examples
    --------
    >>> write_scores(Path("k9.h5"), 64, {path: {"silhouette": 0.25} for path in ("x", "y")}, {"x": "1", "y": "2"})
    >>> read_scores_made_of(Path("k9.h5"), {"x": "1", "y": "3", "z": "3"})
    {'x': {'silhouette': np.float64(0.25)}}
    """
    there = groups_made_of(path, made_of)
    if not there:
        return {}
    with reading(path) as file:
        return {clustering: _read(file[clustering]) for clustering in there}


def write_pair_sums(path: Path, sums: Mapping[str, PartialSums]) -> None:
    """Write the partial sums of one chunk of pairs, for each clustering a group by its path.

    Raises
    ------
    InputError
        If the disk is full or refuses the file.

    Examples
    --------
    >>> sums, exponents = np.zeros((2, 3), np.int64), np.zeros((2, 3), np.int16)
    >>> partial = PartialSums(sums, exponents, (1.5, 0, 0, 2), (-2.5, 0, 1, 2))
    >>> write_pair_sums(Path("3-of-8.h5"), {"pca/test/k9/seed7": partial})
    """
    with writing(path) as file:
        for clustering, of_clustering in sums.items():
            group = file.create_group(clustering)
            group["sums"] = of_clustering.sums
            group["sums"].attrs["description"] = (
                "axes: cluster; image. Sum of distances, in units of 2 ** exponents"
            )
            group["exponents"] = of_clustering.exponents
            group["exponents"].attrs["description"] = "axes as of sums"
            for name in ("separation", "diameter"):
                group.attrs[name] = getattr(of_clustering, name)  # ± distance, tile, two images


def read_pair_sums(path: Path, clustering: str) -> PartialSums:
    """The partial sums of one chunk of pairs for a clustering, by its path.

    Raises
    ------
    InputError
        If the file cannot be read.

    Examples
    --------
    >>> sums, exponents = np.zeros((2, 3), np.int64), np.zeros((2, 3), np.int16)
    >>> partial = PartialSums(sums, exponents, (1.5, 0, 0, 2), (-2.5, 0, 1, 2))
    >>> write_pair_sums(Path("3-of-8.h5"), {"pca/test/k9/seed7": partial})
    >>> read_pair_sums(Path("3-of-8.h5"), "pca/test/k9/seed7").separation
    (1.5, 0, 0, 2)
    """
    with reading(path) as file:
        group = file[clustering]
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
