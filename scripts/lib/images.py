"""Images from the archives that they come in, as grayscale."""

import contextlib
import lzma
import re
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np

from lib.cli import InputError

SIDE = 32
RECORD_BYTES = 1 + 3 * SIDE * SIDE
BATCH_IMAGES = 1000
NAMES_FILE = "batches.meta.txt"
TEST_FILE = "test_batch.bin"
TRAIN_FILE = re.compile(r"data_batch_([1-9][0-9]?)\.bin")
LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601


def to_gray(rgb: np.ndarray, luma: tuple[float, float, float] = LUMA) -> np.ndarray:
    """Weighted sum of the channels, rounded to uint8.

    Parameters
    ----------
    rgb : (n, 3, height, width) uint8
    luma
        Weights of red, green and blue (default: ITU-R BT.601).

    Returns
    -------
    (n, height, width) uint8
    """
    gray = np.einsum("nchw,c->nhw", rgb, np.asarray(luma, np.float32), dtype=np.float32)
    return np.clip(np.rint(gray), 0, 255).astype(np.uint8)


class Slot(NamedTuple):
    """The place of an archive's file in the dataset."""

    split: str
    start: int  # index of its first image within the split
    n_images: int


class Archive(NamedTuple):
    """The table of contents of an archive in the CIFAR-10 binary layout."""

    path: Path
    class_names: list[str]
    slots: dict[str, Slot]  # by file name

    def n_images(self, split: str) -> int:
        return sum(slot.n_images for slot in self.slots.values() if slot.split == split)


class Batch(NamedTuple):
    split: str
    start: int  # index of the first image within the split
    rgb: np.ndarray  # (n, 3, 32, 32) uint8
    labels: np.ndarray  # (n,) uint8


def open_cifar(path: Path) -> Archive:
    """Read the table of contents of an archive in the CIFAR-10 binary layout.

    Layout: https://www.cs.toronto.edu/~kriz/cifar.html, "Binary version". Nothing is
    extracted. Members that are links, or whose path leads out of the archive, do not count.

    Raises
    ------
    InputError
        If it is no tar archive, is truncated, lacks a file, or has one that is not made
        of whole records.
    """
    sizes: dict[str, int] = {}
    class_names = None
    with _tar(path) as tar:
        for name, member in _members(tar):
            if name in sizes:
                raise InputError(f"{path} holds {name} twice")
            sizes[name] = member.size
            if name == NAMES_FILE:
                class_names = tar.extractfile(member).read().decode(errors="replace").split()
        while tar.fileobj.read(2**20):  # the compressed stream's checksum comes at its very end
            pass
    if class_names is None:
        raise InputError(f"{path} holds no {NAMES_FILE}, which names the classes")
    if not 1 <= len(set(class_names)) == len(class_names) <= 256:
        raise InputError(f"{path}: {NAMES_FILE} should name 1 to 256 different classes, has {class_names}")
    last = max((int(match[1]) for match in map(TRAIN_FILE.fullmatch, sizes) if match), default=1)
    slots: dict[str, Slot] = {}
    start = 0
    for name in [f"data_batch_{i}.bin" for i in range(1, last + 1)] + [TEST_FILE]:
        if name not in sizes:
            raise InputError(f"{path} holds no {name}; its files are: {', '.join(sorted(sizes))}")
        n_images, excess = divmod(sizes[name], RECORD_BYTES)
        if excess or not n_images:
            raise InputError(
                f"{path}: {name} has {sizes[name]:,} bytes; {n_images:,} images of {RECORD_BYTES:,} bytes "
                f"leave {excess:,} over"
            )
        if name == TEST_FILE:
            slots[name] = Slot("test", 0, n_images)
        else:
            slots[name] = Slot("train", start, n_images)
            start += n_images
    return Archive(path, class_names, slots)


def read_cifar(archive: Archive) -> Iterator[Batch]:
    """All images, some at a time so that memory stays bounded, in the order of the archive.

    Raises
    ------
    InputError
        At a label for which there is no class.
    """
    with _tar(archive.path) as tar:
        for name, member in _members(tar):
            if name not in archive.slots:
                continue
            slot = archive.slots[name]
            stream = tar.extractfile(member)
            for offset in range(0, slot.n_images, BATCH_IMAGES):
                n = min(BATCH_IMAGES, slot.n_images - offset)
                records = np.frombuffer(stream.read(n * RECORD_BYTES), np.uint8).reshape(n, RECORD_BYTES)
                labels = records[:, 0]
                if (unknown := labels >= len(archive.class_names)).any():
                    raise InputError(
                        f"{archive.path}: image {offset + unknown.argmax():,} of {name} has the label "
                        f"{labels[unknown.argmax()]}; the {len(archive.class_names)} classes are numbered from 0"
                    )
                yield Batch(slot.split, slot.start + offset, records[:, 1:].reshape(n, 3, SIDE, SIDE), labels)


@contextlib.contextmanager
def _tar(path: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(path) as tar:
            yield tar
    except FileNotFoundError:
        raise InputError(f"{path} does not exist") from None
    except (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, OSError) as error:
        if getattr(error, "errno", None):  # a fault of the disk, or of writing what was read
            raise
        reason = str(error).partition("\n")[0].rstrip(":")  # the rest tells of each kind of compression
        with path.open("rb") as file:
            head = file.read(24)
        raise InputError(
            f"{path} is no tar archive, or is cut off or damaged ({reason}; it starts with {head!r}); "
            "delete it and run again, or point `source` at a good copy"
        ) from None


def _members(tar: tarfile.TarFile) -> Iterator[tuple[str, tarfile.TarInfo]]:
    for member in tar:
        path = PurePosixPath(member.name)
        known = path.name in (NAMES_FILE, TEST_FILE) or TRAIN_FILE.fullmatch(path.name)
        if known and member.isreg() and ".." not in path.parts and not path.is_absolute():
            yield path.name, member


def digits() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The 1,797 handwritten digits bundled with scikit-learn, enlarged from 8 x 8 to 32 x 32.

    Returns
    -------
    For train (the first 1,297) and test (the last 500): images uint8 (n, 32, 32), labels uint8 (n,).
    """
    from scipy.ndimage import zoom
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    images = images.reshape(-1, 8, 8) * (255 / 16)
    images = zoom(images, (1, 4, 4), order=1, mode="nearest", grid_mode=True)
    images = np.clip(np.rint(images), 0, 255).astype(np.uint8)
    labels = labels.astype(np.uint8)
    return {"train": (images[:-500], labels[:-500]), "test": (images[-500:], labels[-500:])}
