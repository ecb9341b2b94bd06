"""The file of a clustering, HDF5: `labels` (n,) and `centroids` (k, d), and how they were found as attributes.

A clustering that was made elsewhere has `names` (k,) of its clusters in place of centroids, and the label -1 for
noise. Its number among several runs is in the place of the seed.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from lib.base.errors import InputError
from lib.base.hdf5 import reading, writing
from lib.clustering.labels import Labels
from lib.clustering.result import KMeansResult


class Fit(NamedTuple):
    """How a clustering was found; the fields mean what they mean in `KMeansResult`.

    Examples
    --------
    >>> Fit(inertia=2.5, n_iter=3, converged=True)._asdict()
    {'inertia': 2.5, 'n_iter': 3, 'converged': True}
    """

    inertia: float
    n_iter: int
    converged: bool


def write_clusters(path: Path, result: KMeansResult, seed: int, made_of: str = "") -> None:
    """Write a clustering.

    Parameters
    ----------
    seed
        Of its initial centroids.
    made_of
        A digest of the features and of how they were clustered, as of `digest_of`.

    Raises
    ------
    InputError
        If the disk is full or refuses the file.

    Examples
    --------
    >>> result = KMeansResult(np.array([0, 1, 0]), np.array([[0.5], [9.0]]), 0.5, 2, True)
    >>> write_clusters(Path("seed7.h5"), result, seed=7)
    """
    with writing(path) as file:
        file["labels"] = result.labels
        file["labels"].attrs["description"] = "cluster of each image, in the order of images.h5"
        file["centroids"] = result.centroids
        file["centroids"].attrs["description"] = "mean of the features of each cluster"
        file.attrs["seed"] = seed
        file.attrs["made_of"] = made_of
        for name in ("inertia", "n_iter", "converged"):
            file.attrs[name] = getattr(result, name)


def write_labels(path: Path, labels: Labels, run: int) -> None:
    """Write a clustering that was made elsewhere.

    Parameters
    ----------
    run
        Its number, if there are several of one name; else 0.

    Raises
    ------
    InputError
        If the disk is full or refuses the file.

    Examples
    --------
    >>> write_labels(Path("run0.h5"), Labels(np.array([1, -1, 0]), ["blue", "red"]), run=0)
    >>> read_clusters(Path("run0.h5")).tolist()
    [1, -1, 0]
    """
    with writing(path) as file:
        file["labels"] = labels.labels
        file["labels"].attrs["description"] = "cluster of each image, in the order of images.h5; -1: in none"
        file["names"] = labels.names
        file["names"].attrs["description"] = "what each cluster was called elsewhere"
        file.attrs["seed"] = run


def read_cluster_names(path: Path) -> list[str]:
    """What each cluster is called: its number, or its name elsewhere.

    Raises
    ------
    InputError
        If the file cannot be read.

    Examples
    --------
    >>> write_labels(Path("run0.h5"), Labels(np.array([1, -1, 0]), ["blue", "red"]), run=0)
    >>> read_cluster_names(Path("run0.h5"))
    ['blue', 'red']
    """
    with reading(path) as file:
        if "names" in file:
            return file["names"].asstr()[:].tolist()
        return list(map(str, range(len(file["centroids"]))))


def read_clusters(path: Path, n: int | None = None) -> np.ndarray:
    """The cluster of each point, (n,) int32.

    Parameters
    ----------
    n
        How many points there should be; None: any number.

    Raises
    ------
    InputError
        If the file cannot be read, or has another number of points.

    Examples
    --------
    >>> result = KMeansResult(np.array([0, 1, 0]), np.array([[0.5], [9.0]]), 0.5, 2, True)
    >>> write_clusters(Path("seed7.h5"), result, seed=7)
    >>> read_clusters(Path("seed7.h5"), 3).tolist()
    [0, 1, 0]
    """
    with reading(path) as file:
        labels = file["labels"][:]
    if n is not None and len(labels) != n:
        raise InputError(
            f"{path} has {len(labels)} labels for {n} rows of features; it is of other images: "
            "move it away and run again"
        )
    return labels


def has_centroids(path: Path) -> bool:
    """Whether a clustering was made here, by k-means. One that was made elsewhere has no centroids.

    Raises
    ------
    InputError
        If the file cannot be read.

    Examples
    --------
    >>> write_labels(Path("run0.h5"), Labels(np.array([1, -1, 0]), ["blue", "red"]), run=0)
    >>> has_centroids(Path("run0.h5"))
    False
    """
    with reading(path) as file:
        return "centroids" in file


def read_centroids(path: Path) -> np.ndarray:
    """The centroid of each cluster, (k, d) float32.

    Raises
    ------
    InputError
        If the file cannot be read.

    Examples
    --------
    >>> result = KMeansResult(np.array([0, 1, 0]), np.array([[0.5], [9.0]]), 0.5, 2, True)
    >>> write_clusters(Path("seed7.h5"), result, seed=7)
    >>> read_centroids(Path("seed7.h5")).tolist()
    [[0.5], [9.0]]
    """
    with reading(path) as file:
        return file["centroids"][:]


def read_fit(path: Path) -> Fit:
    """How a clustering was found.

    Raises
    ------
    InputError
        If the file cannot be read.

    Examples
    --------
    >>> result = KMeansResult(np.array([0, 1, 0]), np.array([[0.5], [9.0]]), 0.5, 2, True)
    >>> write_clusters(Path("seed7.h5"), result, seed=7)
    >>> read_fit(Path("seed7.h5"))
    Fit(inertia=0.5, n_iter=2, converged=True)
    """
    with reading(path) as file:
        attrs = file.attrs
        return Fit(float(attrs["inertia"]), int(attrs["n_iter"]), bool(attrs["converged"]))
