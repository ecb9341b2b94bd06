"""What all figures share."""

import logging
from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
from matplotlib import pyplot as plt

from lib.base.files import atomic_write

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
WIDTH = 7  # inches, of a page's text
# Okabe & Ito's colours can be told apart in colour blindness, and markers in print.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
STYLES = list(zip(COLOURS, "osD^vP*", strict=True))
MOST_GROUPS = 20  # clusters or classes that a figure can show


def save(figure: plt.Figure, path: Path) -> None:
    """Write a figure, without the version of matplotlib in it: the same figure is the same bytes."""
    with atomic_write(path) as part:
        figure.savefig(part, metadata={"Software": None})
    plt.close(figure)


def message(text: str) -> plt.Figure:
    """A figure that says why there is none."""
    figure = plt.figure(figsize=(WIDTH, 1))
    figure.text(0.5, 0.5, text, ha="center", va="center")
    return figure


def picture_grid(width: float, height: float, note: str = "") -> tuple[plt.Figure, plt.Axes]:
    """A figure to put pictures on, with a note below. Its axes count pictures, from the top left."""
    height += 0.4 if note else 0
    figure = plt.figure(figsize=(WIDTH, WIDTH * height / width))
    axis = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    axis.axis("off")
    axis.text(width / 2, height - 0.2, note, ha="center", va="center")
    return figure, axis


def place_picture(axis: plt.Axes, picture: np.ndarray, x: float, y: float, size: float = 0.94) -> None:
    """Put a picture, (height, width) or (height, width, 3) from 0 to 1, in the middle of the square at x and y."""
    height, width = size * np.array(picture.shape[:2]) / max(picture.shape[:2])
    left, top = x + (1 - width) / 2, y + (1 - height) / 2
    extent = (left, left + width, top + height, top)
    axis.imshow(picture, extent=extent, cmap="gray", vmin=0, vmax=1, aspect="auto")


def largest(sizes: np.ndarray) -> np.ndarray:
    """Numbers of the groups to show: as many of the largest as a figure can show, in order."""
    return np.sort(np.argsort(-sizes, kind="stable")[:MOST_GROUPS])


def what_is_shown(sizes: np.ndarray, groups: str) -> str:
    """A note for where there are more groups than can be shown."""
    return f" (the {MOST_GROUPS} largest of {len(sizes)} {groups})" if len(sizes) > MOST_GROUPS else ""
