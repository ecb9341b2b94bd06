"""The gap statistic, and the points without clusters that it compares with.

Tibshirani, R., Walther, G. & Hastie, T. (2001). Estimating the number of clusters in a data set via the gap
statistic. J. R. Stat. Soc. B 63(2), 411-423.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lib.base.files import atomic_write
from lib.base.hdf5 import reading_errors
from lib.base.parallel import in_threads


def reference(X: np.ndarray, seed: int) -> np.ndarray:
    """Points spread evenly over the box that holds X along its principal axes.

    Tibshirani, Walther & Hastie 2001, reference (b).

    Parameters
    ----------
    X : (n, d) float

    Returns
    -------
    (n, d) float32
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
    """How many of the points (n, d) differ from each other."""
    return len(np.unique(X, axis=0))


def gap(inertia: float, references: Sequence[float]) -> tuple[float, float]:
    """The gap statistic of a clustering, and its standard error.

    The gap is how much smaller the logarithm of the inertia is than those of the references in the mean. The
    error is the standard deviation of the latter, times sqrt(1 + 1 / references).

    Parameters
    ----------
    inertia
        Of the clustering.
    references
        The inertia of each set of points without clusters, in as many clusters.

    Returns
    -------
    Where the inertia is 0, as the points have as many places as there are clusters, the gap is infinite. Where
    an inertia of the references is 0, the gap is minus infinity and the error NaN. Where both are 0, as with a
    cluster for each point, there is nothing to compare, and both are NaN.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(references)
        return float(logs.mean() - np.log(inertia)), float(logs.std() * np.sqrt(1 + 1 / len(logs)))


def write_references(path: Path, inertias: Sequence[float]) -> None:
    """Write the inertia of each set of points without clusters."""
    with atomic_write(path) as part:
        part.write_text(json.dumps({"inertia": list(inertias)}) + "\n")


def read_references(path: Path) -> list[float]:
    """The inertias that `write_references` has written."""
    with reading_errors(path):
        return json.loads(path.read_text())["inertia"]
