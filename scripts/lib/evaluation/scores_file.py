"""The files of scores: of the clusterings of all seeds in one space, and the partial sums behind them."""

import logging
from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np

from lib.base.hdf5 import reading, writing
from lib.evaluation.pairs import PartialSums


def write_scores(path: Path, n_features: int, scores: dict[int, dict]) -> None:
    """Write the scores of clusterings in one space.

    Parameters
    ----------
    n_features
        Of the space.
    scores
        By seed; of each clustering the indices, and `silhouette_samples` (n,) unless estimated.
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
    """The scores of the clustering of a seed: indices, and `silhouette_samples` unless estimated."""
    with reading(path) as file:
        group = file[f"seed{seed}"]
        return dict(file.attrs) | dict(group.attrs) | {name: dataset[:] for name, dataset in group.items()}


def write_pair_sums(path: Path, sums: Sequence[PartialSums]) -> None:
    """Write a part of the sums behind the indices, for each of some clusterings."""
    with writing(path) as file:
        for i, part in enumerate(sums):
            group = file.create_group(str(i))
            group["sums"] = part.sums
            group["sums"].attrs["description"] = (
                "axes: cluster; image. Sum of distances, in units of 2 ** exponents"
            )
            group["exponents"] = part.exponents
            group["exponents"].attrs["description"] = "axes as of sums"
            for name in ("separation", "diameter"):
                group.attrs[name] = getattr(part, name)  # ± distance, tile, two images


def read_pair_sums(path: Path, i: int) -> PartialSums:
    """A part of the sums behind the indices of the i-th clustering."""
    with reading(path) as file:
        group = file[str(i)]
        extremes = []
        for name in ("separation", "diameter"):
            distance, *numbers = group.attrs[name].tolist()
            extremes.append((distance, *map(int, numbers)))
        return PartialSums(group["sums"][:], group["exponents"][:], *extremes)
