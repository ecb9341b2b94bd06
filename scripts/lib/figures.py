"""What all figures share."""

import logging
import re
import unicodedata
from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
from matplotlib import font_manager
from matplotlib import pyplot as plt

from lib.cli import replacing
from lib.storage import read_labels, reading

logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # a font of another weight will do

mpl.rcParams.update(
    {
        "text.parse_math": False,  # names come from users, and may hold a $
        "font.size": 8,
        "axes.titlesize": 8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "legend.frameon": False,
        "savefig.dpi": 200,
    }
)
FONT = "DejaVu Sans"  # comes with matplotlib
SPECIAL = re.compile("black|bold|condensed|demi|italic|light|medium|mono|oblique|serif|thin", re.IGNORECASE)
WIDTH = 7  # inches, of a page's text
# Okabe & Ito's colours can be told apart in colour blindness, and markers in print.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
STYLES = list(zip(COLOURS, "osD^vP*", strict=True))
MOST_GROUPS = 20  # clusters or classes that a figure can show


def save(figure: plt.Figure, path: Path) -> None:
    """Write a figure, without the version of matplotlib in it: the same figure is the same bytes."""
    with replacing(path) as part:
        figure.savefig(part, metadata={"Software": None})
    plt.close(figure)


def message(text: str) -> plt.Figure:
    """A figure that says why there is none."""
    figure = plt.figure(figsize=(WIDTH, 1))
    figure.text(0.5, 0.5, text, ha="center", va="center")
    return figure


def board(width: float, height: float, note: str = "") -> tuple[plt.Figure, plt.Axes]:
    """A figure to put pictures on, with a note below. Its axes count pictures, from the top left."""
    height += 0.4 if note else 0
    figure = plt.figure(figsize=(WIDTH, WIDTH * height / width))
    axis = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    axis.axis("off")
    axis.text(width / 2, height - 0.2, note, ha="center", va="center")
    return figure, axis


def put(axis: plt.Axes, picture: np.ndarray, x: float, y: float, size: float = 0.94) -> None:
    """Put a picture, (height, width) or (height, width, 3) from 0 to 1, in the middle of the square at x and y."""
    height, width = size * np.array(picture.shape[:2]) / max(picture.shape[:2])
    left, top = x + (1 - width) / 2, y + (1 - height) / 2
    extent = (left, left + width, top + height, top)
    axis.imshow(picture, extent=extent, cmap="gray", vmin=0, vmax=1, aspect="auto")


def width(text: str) -> int:
    """How many columns a text takes: two for a Chinese, Japanese or Korean character, none for a mark."""
    found = 0
    for character in text:
        if unicodedata.east_asian_width(character) in "WF":
            found += 2
        elif unicodedata.category(character) not in ("Mn", "Me", "Cf"):
            found += 1
    return found


def short(name: str, length: int = 20) -> str:
    """A name, cut off where it takes more columns than a figure has; what would end a line is escaped."""
    name = "".join(
        repr(character)[1:-1] if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") else character
        for character in name
    )
    if width(name) <= length:
        return name
    end = next(i for i in range(len(name) + 1) if width(name[:i]) >= length)
    return name[: end - 1] + "…"


def read_classes(path: Path, split: str) -> tuple[np.ndarray, list[str]] | tuple[None, None]:
    """The class of each image of a split, (n,), and names of the classes that are in it; None without classes.

    Figures from then on can show these names.
    """
    labels = read_labels(path, split)
    if labels is None:
        return None, None
    found, classes = np.unique(labels, return_inverse=True)
    with reading(path) as file:
        names = [short(str(name)) for name in file.attrs["class_names"][found]]
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


def largest(sizes: np.ndarray) -> np.ndarray:
    """Numbers of the groups to show: as many of the largest as a figure can show, in order."""
    return np.sort(np.argsort(-sizes, kind="stable")[:MOST_GROUPS])


def what_is_shown(sizes: np.ndarray, groups: str) -> str:
    """A note for where there are more groups than can be shown."""
    return f" (the {MOST_GROUPS} largest of {len(sizes)} {groups})" if len(sizes) > MOST_GROUPS else ""


def spread(centres: np.ndarray, sizes: np.ndarray, bounds: np.ndarray) -> np.ndarray:
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
