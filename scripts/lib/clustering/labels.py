"""Labels that were made elsewhere, as numbers of clusters. -1 is noise: an image in no cluster."""

import re
from typing import NamedTuple

import numpy as np

NOISE = -1
WANTED = "whole numbers from 0 or texts are wanted, and -1 for noise"
NO_VALUE = ("", "none", "nan", "<na>", "nat")  # as tables hold a value that is missing


class Labels(NamedTuple):
    """The clusters that images are in.

    Examples
    --------
    >>> Labels(np.array([1, 0, -1]), ["blue", "red"]).n_clusters
    2
    """

    labels: np.ndarray  # (n,) int32, from 0 to n_clusters - 1, or NOISE
    names: list[str]  # of the clusters, as they were called elsewhere

    @property
    def n_clusters(self) -> int:
        return len(self.names)


def numbered(values: np.ndarray) -> Labels:
    """Number clusters from 0, in the order of their labels.

    Parameters
    ----------
    values : (n,)
        Whole numbers of any type from 0, and -1 for noise; or texts, and "-1" for noise. Texts that are all whole
        numbers are read as such.

    Raises
    ------
    ValueError
        If a value is anything else, with the first such row.

    Examples
    --------
    >>> numbered(np.array([7, 3, -1, 7]))
    Labels(labels=array([ 1,  0, -1,  1], dtype=int32), names=['3', '7'])
    >>> numbered(np.array(["red", "blue", "-1"])).labels.tolist()
    [1, 0, -1]
    >>> numbered(np.array([0, 1.5]))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: row 1 (the first is 0) has the label 1.5; whole numbers from 0 or texts are wanted, ...
    """
    if values.dtype.kind not in "iuf":
        texts = [value.decode() if isinstance(value, bytes) else str(value) for value in values.tolist()]
        whole = [re.fullmatch(r"-?[0-9]{1,18}(\.0+)?", text) is not None for text in texts]
        if not all(whole):
            return _of_texts(texts)
        values = np.array([int(text.partition(".")[0]) for text in texts])
    refuse = ~(np.isfinite(values) & (values == np.floor(values)) & (values >= NOISE))
    if refuse.any():
        row = int(refuse.argmax())
        raise ValueError(f"row {row} (the first is 0) has the label {values[row]}; {WANTED}")
    found, labels = np.unique(values, return_inverse=True)
    n_noise = int(found[0] == NOISE)
    return Labels((labels - n_noise).astype(np.int32), [str(int(value)) for value in found[n_noise:]])


def _of_texts(texts: list[str]) -> Labels:
    refuse = [row for row, text in enumerate(texts) if text.strip().lower() in NO_VALUE]
    refuse += [row for row, text in enumerate(texts) if text != str(NOISE) and _is_number(text)]
    if refuse:
        raise ValueError(f"row {refuse[0]} (the first is 0) has the label {texts[refuse[0]]!r}; {WANTED}")
    names = sorted(set(texts) - {str(NOISE)})
    number = {name: i for i, name in enumerate(names)} | {str(NOISE): NOISE}
    return Labels(np.array([number[text] for text in texts], np.int32), names)


def _is_number(text: str) -> bool:
    """Numbers among texts are a mistake."""
    try:
        float(text)
    except ValueError:
        return False
    return True
