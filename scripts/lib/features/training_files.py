"""The files of a training beside the model: losses, examples, and a checkpoint to continue from."""

import csv
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lib.base.files import atomic_write
from lib.base.hdf5 import reading, writing


class Epoch(NamedTuple):
    """The losses of an epoch, a row of history.csv."""

    epoch: int  # counted from 1
    loss: float  # mean squared error on the training images in the course of the epoch, gray levels from 0 to 1
    val_loss: float  # the same on the validation images, after the epoch
    seconds: float


class State(NamedTuple):
    """What training needs to continue after an epoch."""

    attempt: int  # counted from 0
    variables: list[np.ndarray]  # the weights, and all that the optimizer remembers
    history: list[Epoch]


class Examples(NamedTuple):
    """A few test images with their codes and reconstructions."""

    images: np.ndarray  # (n, side, side) or (n, side, side, 3) uint8
    codes: np.ndarray  # (n, height, width, channels) float32
    reconstructions: np.ndarray  # (n, side, side, channels) float32, from 0 to 1
    mean_image_loss: float  # mean squared error of the mean training image as reconstruction of all test images


def write_history(path: Path, history: Iterable[Epoch]) -> None:
    """Write the losses as a CSV file with a row for each epoch.

    Raises
    ------
    InputError
        If the disk does not take the file.

    Examples
    --------
    >>> write_history(Path("history.csv"), [Epoch(1, 0.25, 0.5, 2.0)])
    >>> print(Path("history.csv").read_text().splitlines()[1])
    1,0.25,0.5,2.0
    """
    with atomic_write(path) as part, part.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(Epoch._fields)
        writer.writerows(history)


def write_examples(path: Path, examples: Examples) -> None:
    """Write examples as an HDF5 file.

    Raises
    ------
    InputError
        If the disk does not take the file.

    Examples
    --------
    >>> examples = Examples(np.zeros((2, 8, 8)), np.zeros((2, 2, 2, 1)), np.zeros((2, 8, 8, 1)), 0.06)
    >>> write_examples(Path("examples.h5"), examples)
    """
    with writing(path) as file:
        file.attrs["mean_image_loss"] = examples.mean_image_loss
        file["images"] = examples.images
        file["codes"], file["reconstructions"] = examples.codes, examples.reconstructions


def read_examples(path: Path) -> Examples:
    """The examples that `write_examples` wrote.

    Raises
    ------
    InputError
        If the file cannot be read, or is not one of examples.

    Examples
    --------
    >>> examples = Examples(np.zeros((2, 8, 8)), np.zeros((2, 2, 2, 1)), np.zeros((2, 8, 8, 1)), 0.06)
    >>> write_examples(Path("examples.h5"), examples)
    >>> read_examples(Path("examples.h5")).mean_image_loss
    0.06
    """
    with reading(path) as file:
        return Examples(
            images=file["images"][:],
            codes=file["codes"][:],
            reconstructions=file["reconstructions"][:],
            mean_image_loss=float(file.attrs["mean_image_loss"]),
        )


def write_checkpoint(path: Path, state: State, key: str) -> None:
    """Write the state of a training as an .npz file.

    Parameters
    ----------
    path
        Of the .npz file.
    state
        To continue from.
    key
        A digest of the images, the settings and the code, which tells trainings apart.

    Raises
    ------
    InputError
        If the disk does not take the file.

    Examples
    --------
    >>> write_checkpoint(Path("checkpoint.npz"), State(0, [np.zeros(3)], [Epoch(1, 0.25, 0.5, 2.0)]), "key")
    """
    with atomic_write(path) as part:
        variables: dict[str, Any] = {f"variable{i}": variable for i, variable in enumerate(state.variables)}
        np.savez(part, key=key, attempt=state.attempt, history=state.history, **variables)


def read_checkpoint(path: Path, key: str) -> State | None:
    """The state that a training with the same key wrote; None if there is none, or it is damaged.

    Raises
    ------
    OSError
        If the disk refuses to read it. Training does not start again then: the checkpoint may be whole, and hold
        hours of work.

    Examples
    --------
    >>> write_checkpoint(Path("checkpoint.npz"), State(0, [np.zeros(3)], [Epoch(1, 0.25, 0.5, 2.0)]), "key")
    >>> read_checkpoint(Path("checkpoint.npz"), "key").history
    [Epoch(epoch=1, loss=0.25, val_loss=0.5, seconds=2.0)]
    >>> read_checkpoint(Path("checkpoint.npz"), "other key") is None
    True
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
