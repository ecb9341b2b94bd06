"""Names in figures: cut to fit, in fonts that have their characters, at places where they do not overlap."""

import logging
import re
import unicodedata
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib import font_manager

from lib.data.images_file import read_class_names, read_labels

FONT = "DejaVu Sans"  # comes with matplotlib
SPECIAL = re.compile("black|bold|condensed|demi|italic|light|medium|mono|oblique|serif|thin", re.IGNORECASE)


def text_width(text: str) -> int:
    """How many columns a text takes: two for a Chinese, Japanese or Korean character, none for a mark."""
    found = 0
    for character in text:
        if unicodedata.east_asian_width(character) in "WF":
            found += 2
        elif unicodedata.category(character) not in ("Mn", "Me", "Cf"):
            found += 1
    return found


def truncate(name: str, length: int = 20) -> str:
    """A name, cut off where it takes more columns than a figure has; what would end a line is escaped."""
    name = "".join(
        repr(character)[1:-1] if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") else character
        for character in name
    )
    if text_width(name) <= length:
        return name
    end = next(i for i in range(len(name) + 1) if text_width(name[:i]) >= length)
    return name[: end - 1] + "…"


def read_classes(path: Path, split: str) -> tuple[np.ndarray, list[str]] | tuple[None, None]:
    """The class of each image of a split, (n,), and names of the classes that are in it; None without classes.

    Figures from then on can show these names.
    """
    labels = read_labels(path, split)
    if labels is None:
        return None, None
    found, classes = np.unique(labels, return_inverse=True)
    names = read_class_names(path)
    names = [truncate(names[number]) for number in found]
    use_fonts_for("".join(names))
    return classes, names


def use_fonts_for(text: str) -> None:
    """Use fonts of the system for characters that matplotlib's own does not have; log those that none has."""
    characters = {character for character in text if unicodedata.category(character)[0] not in "CZ"}
    missing = characters - characters_of(font_manager.findfont(FONT))
    # Not those that matplotlib remembers: one may have been installed since.
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
    # As few as possible: what is written as one, a letter and its marks, should be of one font.
    while any(found[file] & missing for file in found):
        file = max(found, key=lambda file: len(found[file] & missing))
        font_manager.fontManager.addfont(file)
        families.append(font_manager.get_font(file).family_name)
        missing -= found.pop(file)
    mpl.rcParams["font.family"] = families
    if missing:
        logging.warning(
            "no font here has %s of the names of classes: boxes in the figures; install one that has, "
            "like fonts-noto-cjk (Chinese, Japanese, Korean) or fonts-noto-core (others) of Debian, and run again",
            " ".join(sorted(missing)),
        )


def characters_of(file: str) -> set[str]:
    """The characters that a font can draw; none if it cannot be read, or is of bitmaps."""
    try:
        font = font_manager.get_font(file)
        return set(map(chr, font.get_charmap())) if font.scalable else set()
    except (OSError, RuntimeError):
        return set()


def place_labels(centres: np.ndarray, sizes: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """Places for labels where none overlap: one by one, each as near to its own as the former leave room.

    Parameters
    ----------
    centres, sizes : (n, 2) float
        Of the labels.
    bounds : (2, 2) float
        Lower left and upper right corner of the space for them. A label for which no room is left stays.

    Returns
    -------
    (n, 2) float, the new centres
    """
    grid = np.stack(np.meshgrid(*np.linspace(*bounds, 50).T), axis=-1).reshape(-1, 2)
    placed = np.empty((0, 2))
    for i, (centre, size) in enumerate(zip(centres, sizes, strict=True)):
        candidates = np.clip([centre, *grid], bounds[0] + size / 2, bounds[1] - size / 2)
        free = (np.abs(candidates[:, None] - placed) >= (size + sizes[:i]) / 2).any(axis=2).all(axis=1)
        distances = np.where(free, np.linalg.norm(candidates - centre, axis=1), np.inf)
        placed = np.append(placed, [candidates[distances.argmin()]], axis=0)
    return placed
