"""Photos of any size and kind as squares of colours, by Pillow."""

import io
import itertools
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from lib.data.dataset import Batch, batch_images
from lib.data.folder import Photo
from lib.data.metadata import is_image, without_metadata
from lib.data.names import printable

FORMATS = ("PNG", "JPEG", "WEBP")
UNKNOWN = "cannot identify it as PNG, JPEG or WebP"


def read_photos(
    root: Path, photos: Iterable[Photo], side: int, unreadable: list[tuple[str, str]]
) -> Iterator[Batch]:
    """All photos that can be read, some at a time so that memory stays bounded.

    Parameters
    ----------
    root
        The folder that they are in.
    photos
        Those of a split follow one another.
    side
        As for `read_photo`.
    unreadable
        Those that cannot be read are added here: path and reason.
    """
    for split, group in itertools.groupby(photos, key=lambda photo: photo.split):
        readable = _readable(root, group, side, unreadable)
        start = 0
        while some := list(itertools.islice(readable, batch_images(side))):
            pixels = np.stack([square for _, square in some])
            labels = [photo.label for photo, _ in some]
            files = [printable(photo.path) for photo, _ in some]
            yield Batch(split, start, pixels, None if None in labels else np.array(labels), files)
            start += len(some)


def _readable(root, photos, side, unreadable) -> Iterator[tuple[Photo, np.ndarray]]:
    for photo in photos:
        try:
            square = read_photo(root / photo.path, side)
        except MemoryError:
            raise
        except Exception as error:  # damaged bytes can make a decoder raise anything
            unreadable.append((printable(photo.path), printable(str(error))))
        else:
            yield photo, square


def read_photo(path: Path, side: int) -> np.ndarray:
    """The middle of a photo, upright, as uint8 (3, side, side). What is transparent becomes white.

    Raises
    ------
    Exception
        Any, if it is no whole PNG, JPEG or WebP file, or has more pixels than Pillow thinks harmless. Metadata
        are no reason, whatever they are.
    """
    if not path.is_file():
        raise OSError("no file, or a link to nowhere")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of large photos, odd metadata
        with path.open("rb") as file:
            if not is_image(file.read(12)):
                raise OSError(UNKNOWN)
            file.seek(0)
            data, turn = without_metadata(file.read())
        try:
            image = Image.open(io.BytesIO(data), formats=FORMATS)
        except UnidentifiedImageError:  # its message would name no file
            raise OSError(UNKNOWN) from None
        with image:
            image.draft(None, (2 * side, 2 * side))  # a JPEG can be decoded at a fraction of its size
            square = _square(image, side)
        if turn is not None:
            square = square.transpose(turn)
        return np.asarray(square).transpose(2, 0, 1)


def resize(images: np.ndarray, side: int) -> np.ndarray:
    """The middle of each image, (n, height, width) or (n, height, width, 3) uint8, with another side."""
    return np.stack([_fit(Image.fromarray(image), side) for image in images])


def _square(image: Image.Image, side: int) -> Image.Image:
    if image.mode.startswith("I;16"):  # Pillow's own conversion makes white of all but the darkest
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    mode = "RGBA" if image.has_transparency_data else "RGB"
    if image.mode != mode:  # a copy of a large photo is as large
        image = image.convert(mode)
    image = _fit(image, side)
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image


def _fit(image: Image.Image, side: int) -> Image.Image:
    return ImageOps.fit(image, (side, side), Image.Resampling.LANCZOS)
