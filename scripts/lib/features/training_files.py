"""The files of a training beside the model: losses, examples, and a checkpoint to go on from."""

import csv
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lib.base.files import atomic_write
from lib.base.hdf5 import reading, writing


class Epoch(NamedTuple):
    """A row of history.csv."""

    epoch: int
    loss: float  # mean squared error on the training images, gray levels from 0 to 1
    val_loss: float  # the same on the validation images, after the epoch
    seconds: float


class State(NamedTuple):
    """What training needs to go on after an epoch."""

    attempt: int
    variables: list[np.ndarray]  # the weights, and all that the optimizer remembers
    history: list[Epoch]


class Examples(NamedTuple):
    """Some images with their codes and reconstructions."""

    images: np.ndarray  # (n, side, side) or (n, side, side, 3) uint8
    codes: np.ndarray  # (n, height, width, channels) float32
    reconstructions: np.ndarray  # (n, side, side, channels) float32, 0 to 1
    mean_image_loss: float  # of all test images, if each is answered with the mean of the others


def write_history(path: Path, history: Iterable[Epoch]) -> None:
    """Write the loss of each epoch, a row each."""
    with atomic_write(path) as part, part.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(Epoch._fields)
        writer.writerows(history)


def write_examples(path: Path, examples: Examples) -> None:
    """Write examples."""
    with writing(path) as file:
        file.attrs["mean_image_loss"] = examples.mean_image_loss
        file["images"] = examples.images
        file["codes"], file["reconstructions"] = examples.codes, examples.reconstructions


def read_examples(path: Path) -> Examples:
    """The examples that `write_examples` has written."""
    with reading(path) as file:
        arrays = (file[name][:] for name in ("images", "codes", "reconstructions"))
        return Examples(*arrays, float(file.attrs["mean_image_loss"]))


def write_checkpoint(path: Path, state: State, key: str) -> None:
    """Write where training is.

    Parameters
    ----------
    key
        Of the images, the settings and the code.
    """
    with atomic_write(path) as part:
        variables = {f"variable{i}": variable for i, variable in enumerate(state.variables)}
        np.savez(part, key=key, attempt=state.attempt, history=state.history, **variables)


def read_checkpoint(path: Path, key: str) -> State | None:
    """The state that a training with the same key has left; None if there is none, or it is damaged.

    Raises
    ------
    OSError
        If the disk does not give it: the training that it holds is not to be lost.
    """
    try:
        with np.load(path) as file:
            if file["key"] != key:
                return None
            variables = [file[name] for name in file.files if name.startswith("variable")]
            history = [Epoch(int(epoch), *values) for epoch, *values in file["history"].tolist()]
            return State(int(file["attempt"]), variables, history)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        if getattr(error, "errno", None):
            raise
        return None
