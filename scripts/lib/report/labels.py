"""Names in figures: cut to fit, in fonts that have their characters, at places where they do not overlap."""

import logging
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib import font_manager

from lib.data.images_file import read_class_names, read_labels

FONT = "DejaVu Sans"  # comes with Matplotlib
SPECIAL = re.compile("black|bold|condensed|demi|italic|light|medium|mono|oblique|serif|thin", re.IGNORECASE)


class Classes(NamedTuple):
    """The classes of the images of a split, without those that have no image in it."""

    labels: np.ndarray  # (n,) int: the class of each image, as a place in `names`
    names: list[str]  # cut to fit


def text_width(text: str) -> int:
    """The width of a text in columns: 2 for a Chinese, Japanese or Korean character, 0 for a combining mark.

    Examples
    --------
    >>> text_width("cat"), text_width("猫")
    (3, 2)
    """
    n_columns = 0
    for character in text:
        if unicodedata.east_asian_width(character) in "WF":
            n_columns += 2
        elif unicodedata.category(character) not in ("Mn", "Me", "Cf"):
            n_columns += 1
    return n_columns


def truncate(name: str, length: int = 20) -> str:
    r"""A name that fits into a line of a figure: cut off with "…" where it is wider than `length` columns.

    Line breaks and other control characters are escaped first.

    Examples
    --------
    >>> truncate("hippopotamus", 8)
    'hippopo…'
    >>> truncate("two\nlines")
    'two\\nlines'
    """
    name = "".join(
        repr(character)[1:-1] if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") else character
        for character in name
    )
    if text_width(name) <= length:
        return name
    end = next(i for i in range(len(name) + 1) if text_width(name[:i]) >= length)
    return name[: end - 1] + "…"


def read_classes(path: Path, split: str) -> Classes | None:
    """The classes of a split, or None where the dataset has none. Figures can show their names from then on.

    Parameters
    ----------
    path
        images.h5 of the dataset.
    split
        "train" or "test".

    Raises
    ------
    InputError
        If the file cannot be read.

    Examples
    --------
    >>> import h5py
    >>> with h5py.File("images.h5", "w") as file:
    ...     file["test/labels"] = [7, 2, 7]
    ...     file.attrs["class_names"] = list("abcdefgh")
    >>> read_classes(Path("images.h5"), "test")
    Classes(labels=array([1, 0, 1]), names=['c', 'h'])
    """
    labels, all_names = read_labels(path, split), read_class_names(path)
    if labels is None or all_names is None:
        return None
    numbers, places = np.unique(labels, return_inverse=True)
    names = [truncate(all_names[number]) for number in numbers]
    use_fonts_for("".join(names))
    return Classes(places, names)


def name_clusters(names: Sequence[str], length: int = 12) -> list[str]:
    """What clusters are called in figures: by number, or by a name that was given elsewhere, cut to a length.

    Examples
    --------
    >>> name_clusters(["3", "hippopotamuses"])
    ['cluster 3', 'hippopotamu…']
    """
    return [truncate(f"cluster {name}" if name.isdigit() else name, length) for name in names]


def use_fonts_for(text: str) -> None:
    """Let Matplotlib use fonts of the system for characters that its own font lacks.

    As few fonts as possible are added, so that a letter and its marks come from one font. Characters that no font
    has are logged; figures show boxes for them.

    Examples
    --------
    >>> use_fonts_for("cat")
    >>> mpl.rcParams["font.family"]
    ['DejaVu Sans']
    """
    characters = {character for character in text if unicodedata.category(character)[0] not in "CZ"}
    missing = characters - characters_of(font_manager.findfont(FONT))
    # Matplotlib's list of fonts is a cache, which a font that was installed since is not in.
    files = sorted(
        font_manager.findSystemFonts() if missing else [],
        key=lambda file: (bool(SPECIAL.search(Path(file).stem)), file),
    )
    found = {}
    for file in files:
        found[file] = missing & characters_of(file)
        if found[file] == missing:
            break
    families = [FONT]
    while any(found[file] & missing for file in found):
        file = max(found, key=lambda file: len(found[file] & missing))
        font_manager.fontManager.addfont(file)
        families.append(font_manager.get_font(file).family_name)
        missing -= found.pop(file)
    mpl.rcParams["font.family"] = families
    if missing:
        logging.warning(
            "no installed font has these characters of class names, and figures show boxes for them: %s; "
            "install a font that has them and run again (Debian: fonts-noto-cjk for Chinese, Japanese and Korean, "
            "fonts-noto-core for others)",
            " ".join(sorted(missing)),
        )


def characters_of(file: str) -> set[str]:
    """The characters that a font has; none if it is a bitmap font, or cannot be read.

    Parameters
    ----------
    file
        Path of the font.

    Examples
    --------
    >>> "é" in characters_of(font_manager.findfont(FONT))
    True
    """
    try:
        font = font_manager.get_font(file)
        return set(map(chr, font.get_charmap())) if font.scalable else set()
    except (OSError, RuntimeError):
        return set()


def place_labels(centres: np.ndarray, sizes: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """Move labels so that none overlap.

    Labels are placed one by one, each as near to its own centre as those before it leave room.

    Parameters
    ----------
    centres, sizes : (n, 2) float
        Of the labels: x and y, width and height, in one unit.
    bounds : (2, 2) float
        Lower left and upper right corner of the space for them. A label for which no room is left stays.

    Returns
    -------
    (n, 2) float, the new centres

    Examples
    --------
    >>> centres, sizes = np.full((2, 2), 1.0), np.ones((2, 2))
    >>> first, second = place_labels(centres, sizes, np.array([[0.0, 0.0], [10.0, 10.0]]))
    >>> np.abs(first - second).max() >= 1
    np.True_
    """
    (left, bottom), (right, top) = bounds
    xs, ys = np.meshgrid(np.linspace(left, right, 50), np.linspace(bottom, top, 50))
    grid = np.stack([xs, ys], axis=-1).reshape(-1, 2)
    placed = np.empty((0, 2))
    for i, (centre, size) in enumerate(zip(centres, sizes, strict=True)):
        candidates = np.clip([centre, *grid], bounds[0] + size / 2, bounds[1] - size / 2)
        free = (np.abs(candidates[:, None] - placed) >= (size + sizes[:i]) / 2).any(axis=2).all(axis=1)
        distances = np.where(free, np.linalg.norm(candidates - centre, axis=1), np.inf)
        placed = np.append(placed, [candidates[distances.argmin()]], axis=0)
    return placed
