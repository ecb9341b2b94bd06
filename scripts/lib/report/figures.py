"""What all figures share: sizes, colours, the grid of pictures, and how a figure is written."""

import logging
from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
from matplotlib import pyplot as plt

from lib.base.files import atomic_write

# Matplotlib warns where a font has no bold or light variant. Another weight will do.
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)

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
# Ten for clusters and classes: Tol's muted colours (2021), for colour blindness too, and black.
GROUP_COLOURS = ["#332288", "#CC6677", "#117733", "#88CCEE", "#DDCC77", "#882255", "#44AA99", "#AA4499", "#999933"]
GROUP_COLOURS += ["#000000"]
GRAY = "#BBBBBB"
MAX_SHOWN = 20  # clusters or classes in one figure


def save(figure: plt.Figure, path: Path) -> None:
    """Write a figure as .png, and close it. The same figure gives the same bytes.

    Raises
    ------
    InputError
        If the file cannot be written.

    Examples
    --------
    >>> save(message("nothing to show"), Path("figure.png"))
    >>> Path("figure.png").exists()
    True
    """
    with atomic_write(path) as part:
        figure.savefig(part, metadata={"Software": None})  # which would be Matplotlib's version
    plt.close(figure)


def message(text: str) -> plt.Figure:
    """A figure that holds a sentence: why there is nothing to show.

    Examples
    --------
    >>> message("nothing to show").texts[0].get_text()
    'nothing to show'
    """
    figure = plt.figure(figsize=(WIDTH, 1))
    figure.text(0.5, 0.5, text, ha="center", va="center")
    return figure


def picture_grid(width: float, height: float, note: str = "") -> tuple[plt.Figure, plt.Axes]:
    """An empty grid for pictures, with a note below.

    Parameters
    ----------
    width, height
        Of the grid, in pictures.
    note
        A line of text, or "" for none.

    Returns
    -------
    The figure, and its axes: one unit is one picture, (0, 0) is the upper left corner, and y grows downwards.

    Examples
    --------
    >>> figure, axis = picture_grid(10, 3)
    >>> axis.get_xlim()[1], axis.get_ylim()[0]
    (np.float64(10.0), np.float64(3.0))
    """
    height += 0.4 if note else 0
    figure = plt.figure(figsize=(WIDTH, WIDTH * height / width))
    axis = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    axis.axis("off")
    axis.text(width / 2, height - 0.2, note, ha="center", va="center")
    return figure, axis


def place_picture(axis: plt.Axes, picture: np.ndarray, x: float, y: float, size: float = 0.94) -> None:
    """Put a picture in the middle of a cell of a grid.

    Parameters
    ----------
    axis
        As `picture_grid` returns it.
    picture : (height, width) or (height, width, 3) float
        From 0 (black) to 1 (white). It keeps its proportions.
    x, y
        Upper left corner of the cell, in units of the grid.
    size
        Of the picture's longer side, in units of the grid.

    Examples
    --------
    >>> _, axis = picture_grid(2, 1)
    >>> place_picture(axis, np.zeros((8, 8)), x=1, y=0)
    >>> len(axis.images)
    1
    """
    height, width = size * np.array(picture.shape[:2]) / max(picture.shape[:2])
    left, top = x + (1 - width) / 2, y + (1 - height) / 2
    extent = (left, left + width, top + height, top)
    axis.imshow(picture, extent=extent, cmap="gray", vmin=0, vmax=1, aspect="auto")


def largest(sizes: np.ndarray) -> np.ndarray:
    """The largest clusters or classes, as many as one figure can show.

    Parameters
    ----------
    sizes : (n,) int
        Images in each.

    Returns
    -------
    (min(n, MAX_SHOWN),) int, their numbers in increasing order. Of equal sizes the smaller number is taken.

    Examples
    --------
    >>> largest(np.array([3, 1, 2]))
    array([0, 1, 2])
    >>> len(largest(np.arange(100)))
    20
    """
    return np.sort(np.argsort(-sizes, kind="stable")[:MAX_SHOWN])


def colours_of(sizes: np.ndarray) -> np.ndarray:
    """The colours of the points of clusters or classes: gray of all but the largest, and of those in none.

    Parameters
    ----------
    sizes : (n,) int
        Points of each.

    Returns
    -------
    (n + 1,) str, the last that of points in none

    Examples
    --------
    >>> colours_of(np.array([3, 1])).tolist()
    ['#332288', '#CC6677', '#BBBBBB']
    """
    coloured = largest(sizes)
    colours = np.full(len(sizes) + 1, GRAY, dtype=object)
    colours[coloured] = np.resize(GROUP_COLOURS, len(coloured))
    return colours


def omission_note(sizes: np.ndarray, name: str) -> str:
    """What to add to a label where only the largest clusters or classes are shown; "" where all are.

    Parameters
    ----------
    sizes : (n,) int
        Images in each.
    name
        "clusters" or "classes".

    Examples
    --------
    >>> omission_note(np.arange(100), "clusters")
    ' (the 20 largest of 100 clusters)'
    """
    return f" (the {MAX_SHOWN} largest of {len(sizes)} {name})" if len(sizes) > MAX_SHOWN else ""
