"""The file of a clustering."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from lib.base.errors import InputError
from lib.base.hdf5 import reading, writing
from lib.clustering.result import KMeansResult


class Fit(NamedTuple):
    """How a clustering was found."""

    inertia: float
    n_iter: int
    converged: bool


def write_clusters(path: Path, result: KMeansResult, seed: int) -> None:
    """Write a clustering and the seed that it began from."""
    with writing(path) as file:
        file["labels"] = result.labels
        file["labels"].attrs["description"] = "cluster of each image, in the order of images.h5"
        file["centroids"] = result.centroids
        file["centroids"].attrs["description"] = "mean of the features of each cluster"
        file.attrs["seed"] = seed
        for name in ("inertia", "n_iter", "converged"):
            file.attrs[name] = getattr(result, name)


def read_clusters(path: Path, n: int | None = None) -> np.ndarray:
    """The cluster of each point, int32 (n,).

    Parameters
    ----------
    n
        How many points there should be; None: any number.

    Raises
    ------
    InputError
        If the file cannot be read, or has another number of points.
    """
    with reading(path) as file:
        labels = file["labels"][:]
    if n is not None and len(labels) != n:
        raise InputError(
            f"{path} has {len(labels)} labels for {n} rows of features; it is of other images: "
            "move it away and run again"
        )
    return labels


def read_centroids(path: Path) -> np.ndarray:
    """The centroid of each cluster, float32 (k, d)."""
    with reading(path) as file:
        return file["centroids"][:]


def read_seed(path: Path) -> int:
    """The seed that a clustering began from."""
    with reading(path) as file:
        return int(file.attrs["seed"])


def read_fit(path: Path) -> Fit:
    """How a clustering was found."""
    with reading(path) as file:
        attrs = file.attrs
        return Fit(float(attrs["inertia"]), int(attrs["n_iter"]), bool(attrs["converged"]))
