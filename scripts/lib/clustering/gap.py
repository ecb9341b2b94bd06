"""The gap statistic, and its reference data: points without clusters.

Tibshirani, R., Walther, G. & Hastie, T. (2001). Estimating the number of clusters in a data set via the gap
statistic. J. R. Stat. Soc. B 63(2), 411-423.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lib.base.hdf5 import reading, writing
from lib.base.parallel import in_threads


def reference(X: np.ndarray, seed: int) -> np.ndarray:
    """Reference data: points spread evenly over the box that holds X along its principal axes.

    It is reference (b) of Tibshirani, Walther & Hastie 2001.

    Parameters
    ----------
    X : (n, d) float

    Returns
    -------
    (n, d) float32

    Examples
    --------
    >>> points = reference(np.array([[0, 0], [2, 2], [4, 4]], np.float32), seed=0)  # on a diagonal
    >>> points.shape, bool(np.allclose(points[:, 0], points[:, 1], atol=1e-5))
    ((3, 2), True)
    """
    mean = X.mean(axis=0, dtype=np.float64).astype(np.float32)
    centred = X - mean
    with in_threads(1):
        _, axes = np.linalg.eigh(centred.T @ centred)
        along = centred @ axes
        rng = np.random.default_rng(seed)
        box = rng.random(X.shape, np.float32) * np.ptp(along, axis=0) + along.min(axis=0)
        return box @ axes.T + mean


def n_distinct(X: np.ndarray) -> int:
    """The number of distinct points in X, (n, d).

    Examples
    --------
    >>> n_distinct(np.array([[1, 2], [1, 2], [3, 4]]))
    2
    """
    return len(np.unique(X, axis=0))


def gap(inertia: float, references: Sequence[float]) -> tuple[float, float]:
    """The gap statistic of a clustering, and its standard error.

    The gap is the mean logarithm of the references' inertias minus the logarithm of the clustering's. The standard
    error is the standard deviation of the former times sqrt(1 + 1 / number of references) (Tibshirani, Walther &
    Hastie 2001, section 3).

    Parameters
    ----------
    inertia
        Of the clustering.
    references
        The inertias of reference data in as many clusters.

    Returns
    -------
    gap, standard_error
        - The clustering's inertia is 0, as there are as many distinct points as clusters: the gap is infinite.
        - A reference's inertia is 0: the gap is minus infinity, and the error NaN.
        - Both are 0, as with a cluster for each point: there is nothing to compare, and both are NaN.

    Examples
    --------
    >>> gap(1.0, [1.0, np.e**2])
    (1.0, 1.224744871391589)
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(references)
        return float(logs.mean() - np.log(inertia)), float(logs.std() * np.sqrt(1 + 1 / len(logs)))


def write_references(path: Path, inertias: Sequence[float], made_of: str = "") -> None:
    """Write the inertias of reference data, HDF5.

    Parameters
    ----------
    made_of
        A digest of the features and of how references were made of them, as of `digest_of`.

    Raises
    ------
    InputError
        If the disk is full or refuses the file.

    Examples
    --------
    >>> write_references(Path("k10.h5"), [12.5, 13.0])
    """
    with writing(path) as file:
        file["inertia"] = np.array(inertias, np.float64)
        file["inertia"].attrs["description"] = "of the clusters of each set of reference data"
        file.attrs["made_of"] = made_of


def read_references(path: Path) -> list[float]:
    """The inertias that `write_references` has written.

    Raises
    ------
    InputError
        If the file cannot be read.

    Examples
    --------
    >>> write_references(Path("k10.h5"), [12.5, 13.0])
    >>> read_references(Path("k10.h5"))
    [12.5, 13.0]
    """
    with reading(path) as file:
        return file["inertia"][:].tolist()
