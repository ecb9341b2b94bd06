"""What the report needs for maps that can be pointed at: their points, clusters, classes, and small pictures."""

import base64
import io
import math
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from PIL import Image

from lib.base.parallel import blocks
from lib.data.images_file import read_class_names, read_description, read_files, read_images, read_labels
from lib.report import figures
from lib.report.labels import name_clusters, truncate

MAX_NAME = 60  # characters of a name
SIDES = (96, 64, 48, 32, 24, 16, 8)  # of a picture, in pixels: the largest that there is room for
MAX_PIXELS = 12_000_000  # of all pictures
BLOCK_ROWS = 128  # images that are read together: they may be large


class Drawn(NamedTuple):
    """A clustering of which there is a map."""

    split: str
    labels: np.ndarray  # (n,) int: the cluster of each image of the split, -1 for none
    names: list[str]  # (k,): of the clusters
    points: Path  # map.csv, beside the map


def map_data(images: Path, drawn: Iterable[Drawn], picture_bytes: int, *, with_classes: bool = True) -> dict:
    """All that a page needs for maps that can be pointed at, to be written as JSON.

    Arrays are encoded as `encoded` does. The points of a split are the same images in all its maps.

    Parameters
    ----------
    images
        images.h5
    drawn
        The clusterings, those of one split with maps of the same images.
    picture_bytes
        How much room there is for the pictures of all splits.
    with_classes
        Show the classes, if there are any.

    Returns
    -------
    thing
        What a point is, "image" or "row".
    gray
        The colour of points without one of their own.
    splits
        By name: `numbers` (m,) of the images; `names` of their files or None; `classes`, as `grouping` returns
        them, or None; `pictures`, as `picture_sheet` returns them, or None.
    clusterings
        Each with its `split`; `x` and `y` (m,) from 0 to 65,535, y upwards; `order` (m,) of the points, by their
        distances to the centroids of their clusters; and `clusters`, as `grouping` returns them.

    Raises
    ------
    InputError
        If a file cannot be read.
    """
    has_images = read_description(images)["shape"] is not None
    splits: dict[str, dict] = {}
    clusterings = []
    tables = [(run, pd.read_csv(run.points)) for run in drawn]
    numbers = {run.split: points["number"].to_numpy() for run, points in tables}
    for split, chosen in numbers.items():
        files = read_files(images, split)
        splits[split] = {
            "numbers": encoded(chosen, np.uint32),
            "names": [short_name(files[number]) for number in chosen] if files else None,
            "classes": class_grouping(images, split, chosen) if with_classes else None,
            "pictures": (
                picture_sheet(images, split, chosen, picture_bytes // len(numbers)) if has_images else None
            ),
        }
    for run, points in tables:
        names = name_clusters(run.names, MAX_NAME)
        x, y = quantised(points[["x", "y"]].to_numpy()).T
        clusterings.append(
            {
                "split": run.split,
                "x": encoded(x, np.uint16),
                "y": encoded(y, np.uint16),
                "order": encoded(np.argsort(points["distance"].to_numpy(), kind="stable"), np.uint32),
                "clusters": grouping(run.labels, names, points["number"].to_numpy()),
            }
        )
    thing = "image" if has_images else "row"
    return {"thing": thing, "gray": figures.GRAY, "splits": splits, "clusterings": clusterings}


def class_grouping(images: Path, split: str, chosen: np.ndarray) -> dict | None:
    """The classes of a split that have images in it, as `grouping` returns them, or None where it has none."""
    labels, names = read_labels(images, split), read_class_names(images)
    if labels is None or names is None:
        return None
    present, labels = np.unique(labels, return_inverse=True)
    return grouping(labels, [truncate(names[number], MAX_NAME) for number in present], chosen)


def grouping(labels: np.ndarray, names: list[str], chosen: np.ndarray) -> dict:
    """Clusters or classes: their names, how many images each has, and the colours and labels of the points.

    `noise` is the place of what is in no cluster among the names, or None.

    Parameters
    ----------
    labels : (n,) int
        Of all images. -1: in no cluster, which is one more group here, and the last.
    names : (k,)
    chosen : (m,) int
        The numbers of the images that are points of the map.

    Examples
    --------
    >>> found = grouping(np.array([0, -1, 0]), ["red"], np.array([1, 2]))
    >>> found["names"], found["sizes"], found["colours"]
    (['red', 'in no cluster'], [2, 1], ['#332288', '#BBBBBB'])
    """
    points = labels[chosen]
    colours = figures.colours_of(np.bincount(points[points >= 0], minlength=len(names)))
    noise = None
    if labels.min() < 0:
        noise = len(names)
        labels, points = (np.where(some < 0, noise, some) for some in (labels, points))
        names = [*names, "in no cluster"]
    return {
        "names": names,
        "noise": noise,
        "sizes": np.bincount(labels, minlength=len(names)).tolist(),
        "colours": colours[: len(names)].tolist(),
        "labels": encoded(points, np.uint16),
    }


def picture_sheet(images: Path, split: str, chosen: np.ndarray, n_bytes: int) -> dict | None:
    """Small pictures of some images on one sheet, row by row, as large as there is room for.

    Parameters
    ----------
    images
        images.h5, of a dataset that has images.
    split
    chosen : (m,) int
        The numbers of the images.
    n_bytes
        How much room there is.

    Returns
    -------
    `source`, a data URL; the `width` and `height` of each picture in pixels; and how many `columns` there are.
    None: there is no room for the smallest pictures.

    Raises
    ------
    InputError
        If the file cannot be read.

    Examples
    --------
    >>> from lib.data.formats import Source, open_digits
    >>> from lib.data.images_file import write_images
    >>> write_images(Path("images.h5"), open_digits(Source(Path())), origin="digits", source="scikit-learn")
    >>> sheet = picture_sheet(Path("images.h5"), "test", np.arange(10), 100_000)
    >>> sheet["width"], sheet["columns"], picture_sheet(Path("images.h5"), "test", np.arange(10), 10)
    (32, 4, None)
    """
    shape = read_images(images, split, slice(1)).shape[1:]
    columns = math.ceil(math.sqrt(len(chosen)))
    for longest in dict.fromkeys(min(side, max(shape[:2])) for side in SIDES):
        height, width = (max(1, round(side * longest / max(shape[:2]))) for side in shape[:2])
        if len(chosen) * height * width > MAX_PIXELS:
            continue
        size = (columns * width, math.ceil(len(chosen) / columns) * height)
        sheet = Image.new("L" if len(shape) == 2 else "RGB", size)
        for rows in blocks(len(chosen), BLOCK_ROWS):
            for place, pixels in enumerate(read_images(images, split, chosen[rows]), rows.start):
                picture = Image.fromarray(pixels).resize((width, height), Image.Resampling.LANCZOS)
                sheet.paste(picture, (place % columns * width, place // columns * height))
        source = image_url(sheet, quality=70)
        if len(source) <= n_bytes:
            return {"source": source, "width": width, "height": height, "columns": columns}
    return None


def image_url(image: Image.Image, quality: int) -> str:
    """An image as a data URL. WebP takes a quarter of the space of PNG, and a report has many images.

    Examples
    --------
    >>> image_url(Image.new("RGB", (8, 8)), quality=70).partition(",")[0]
    'data:image/webp;base64'
    """
    data = io.BytesIO()
    image.save(data, "WEBP", quality=quality)
    return f"data:image/webp;base64,{base64.b64encode(data.getvalue()).decode()}"


def short_name(name: str) -> str:
    """A name of a file, without its beginning where it is long.

    Examples
    --------
    >>> short_name("photos/cat.png")
    'photos/cat.png'
    >>> len(short_name("photos/" * 20 + "cat.png"))
    60
    """
    return name if len(name) <= MAX_NAME else "…" + name[1 - MAX_NAME :]


def quantised(points: np.ndarray) -> np.ndarray:
    """Points (m, 2) as integers from 0 to 65,535, the same scale in both directions.

    Examples
    --------
    >>> quantised(np.array([[-1.0, 5.0], [1.0, 6.0]])).tolist()
    [[0, 0], [65535, 32768]]
    """
    points = points - points.min(axis=0)
    return np.rint(points * (65535 / (points.max() or 1))).astype(int)


def encoded(values: np.ndarray, dtype: type[np.unsignedinteger]) -> str:
    """Whole numbers as Base64 of their little-endian bytes.

    Examples
    --------
    >>> encoded(np.array([1, 256]), np.uint16)
    'AQAAAQ=='
    """
    return base64.b64encode(values.astype(np.dtype(dtype).newbyteorder("<")).tobytes()).decode()
