"""Photos of any size and mode as squares of colours, by Pillow."""

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
LANCZOS, BICUBIC = Image.Resampling.LANCZOS, Image.Resampling.BICUBIC
UNKNOWN = "cannot identify it as PNG, JPEG or WebP"


def read_photos(
    root: Path,
    photos: Iterable[Photo],
    side: int,
    unreadable: list[tuple[str, str]],
    resampling: Image.Resampling = LANCZOS,
) -> Iterator[Batch]:
    """All photos that can be read, a batch at a time so that memory stays bounded.

    Parameters
    ----------
    root
        The folder of the photos.
    photos
        Those of a split follow one another.
    side, resampling
        As for `read_photo`.
    unreadable
        Grows by the path and the reason of each photo that cannot be read.

    Examples
    --------
    >>> Path("empty.jpg").touch()
    >>> unreadable = []
    >>> list(read_photos(Path(), [Photo("empty.jpg", "train", None)], 32, unreadable))
    []
    >>> unreadable
    [('empty.jpg', 'cannot identify it as PNG, JPEG or WebP')]
    """
    for split, photos_of_split in itertools.groupby(photos, key=lambda photo: photo.split):
        readable = _readable(root, photos_of_split, side, unreadable, resampling)
        start = 0
        while batch := list(itertools.islice(readable, batch_images(side))):
            pixels = np.stack([square for _, square in batch])
            labels = [photo.label for photo, _ in batch]
            files = [printable(photo.path) for photo, _ in batch]
            yield Batch(split, start, pixels, None if None in labels else np.array(labels), files)
            start += len(batch)


def _readable(
    root: Path,
    photos: Iterable[Photo],
    side: int,
    unreadable: list[tuple[str, str]],
    resampling: Image.Resampling,
) -> Iterator[tuple[Photo, np.ndarray]]:
    for photo in photos:
        try:
            square = read_photo(root / photo.path, side, resampling)
        except MemoryError:
            raise
        except Exception as error:  # a decoder can raise anything at damaged bytes
            unreadable.append((printable(photo.path), printable(str(error))))
        else:
            yield photo, square


def read_photo(path: Path, side: int, resampling: Image.Resampling = LANCZOS) -> np.ndarray:
    """The middle square of a photo, upright, scaled to another side. Transparent pixels become white.

    Returns
    -------
    (3, side, side) uint8

    Raises
    ------
    Exception
        Of any kind, if the file is no whole PNG, JPEG or WebP file, or has more pixels than Pillow's limit against
        decompression bombs. Odd metadata raise nothing.

    Examples
    --------
    >>> Image.new("RGB", (60, 40), (200, 100, 50)).save("orange.png")
    >>> read_photo(Path("orange.png"), 32)[:, 0, 0].tolist()
    [200, 100, 50]
    """
    if not path.is_file():
        raise OSError("no file, or a link to nowhere")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about large photos and odd metadata
        with path.open("rb") as file:
            if not is_image(file.read(12)):
                raise OSError(UNKNOWN)
            file.seek(0)
            data, turn = without_metadata(file.read())
        try:
            image = Image.open(io.BytesIO(data), formats=FORMATS)
        except UnidentifiedImageError:  # its message names an object in memory
            raise OSError(UNKNOWN) from None
        with image:
            image.draft(None, (2 * side, 2 * side))  # a JPEG can be decoded at a fraction of its size
            square = _square(image, side, resampling)
        if turn is not None:
            square = square.transpose(turn)
        return np.asarray(square).transpose(2, 0, 1)


def resize(images: np.ndarray, side: int, resampling: Image.Resampling = LANCZOS) -> np.ndarray:
    """The middle square of each image, scaled to another side.

    Parameters
    ----------
    images : (n, height, width) or (n, height, width, 3) uint8

    Returns
    -------
    (n, side, side) or (n, side, side, 3) uint8

    Examples
    --------
    >>> resize(np.zeros((5, 40, 60), np.uint8), 32).shape
    (5, 32, 32)
    """
    return np.stack([np.asarray(_fit(Image.fromarray(image), side, resampling)) for image in images])


def _square(image: Image.Image, side: int, resampling: Image.Resampling) -> Image.Image:
    if image.mode.startswith("I;16"):  # Pillow would clip 16 bits to 8, so that nearly all becomes white
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    mode = "RGBA" if image.has_transparency_data else "RGB"
    if image.mode != mode:  # spares a copy of a large photo
        image = image.convert(mode)
    image = _fit(image, side, resampling)
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image


def _fit(image: Image.Image, side: int, resampling: Image.Resampling) -> Image.Image:
    return ImageOps.fit(image, (side, side), resampling)
