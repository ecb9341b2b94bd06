"""Images from archives in CIFAR's binary layouts."""

import contextlib
import lzma
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np

from lib.cli import InputError
from lib.images import SIDE, Batch, batch_images


class Layout(NamedTuple):
    """Which files an archive has, and of what each image in them is: bytes of labels, and 3 x 1,024 of pixels."""

    train_files: tuple[str, ...]  # as many of them as there are, from the first on
    test_file: str
    names_file: str  # the classes, a name in each line
    label_bytes: int
    label: int  # which of these bytes is the class

    @property
    def record_bytes(self) -> int:
        return self.label_bytes + 3 * SIDE * SIDE


CIFAR10 = Layout(tuple(f"data_batch_{i}.bin" for i in range(1, 100)), "test_batch.bin", "batches.meta.txt", 1, 0)
CIFAR100 = {
    "fine": Layout(("train.bin",), "test.bin", "fine_label_names.txt", 2, 1),
    "coarse": Layout(("train.bin",), "test.bin", "coarse_label_names.txt", 2, 0),
}


class Slot(NamedTuple):
    """The place of an archive's file in the dataset."""

    split: str
    start: int  # index of its first image within the split
    n_images: int


class Archive(NamedTuple):
    """The table of contents of an archive."""

    path: Path
    tar: tarfile.TarFile
    layout: Layout
    class_names: list[str]
    slots: dict[str, Slot]  # by file name

    def n_images(self, split: str) -> int:
        return sum(slot.n_images for slot in self.slots.values() if slot.split == split)


def open_cifar(path: Path, layout: Layout = CIFAR10) -> Archive:
    """Read the table of contents of an archive in one of CIFAR's binary layouts.

    Layout: https://www.cs.toronto.edu/~kriz/cifar.html, "Binary version". It is decompressed into
    a temporary file without a name; no member is extracted. Members that are links, or whose path
    leads out of the archive, do not count.

    Raises
    ------
    InputError
        If it is no tar archive, is truncated, lacks a file, or has one that is not made
        of whole records.
    """
    sizes: dict[str, int] = {}
    class_names = None
    with _faults(path):
        tar = _decompressed(path)
        for name, member in _members(tar, layout):
            if name in sizes:
                raise InputError(f"{path} holds {name} twice")
            sizes[name] = member.size
            if name == layout.names_file:
                class_names = tar.extractfile(member).read().decode(errors="replace").split()
    if class_names is None:
        raise InputError(f"{path} holds no {layout.names_file}, which names the classes")
    if not 1 <= len(set(class_names)) == len(class_names) <= 256:
        raise InputError(f"{path}: {layout.names_file} should name 1 to 256 different classes, has {class_names}")
    n_files = max((i for i, name in enumerate(layout.train_files, start=1) if name in sizes), default=1)
    slots: dict[str, Slot] = {}
    start = 0
    for name in (*layout.train_files[:n_files], layout.test_file):
        if name not in sizes:
            raise InputError(f"{path} holds no {name}; its files are: {', '.join(sorted(sizes))}")
        n_images, excess = divmod(sizes[name], layout.record_bytes)
        if excess or not n_images:
            raise InputError(
                f"{path}: {name} has {sizes[name]:,} bytes; {n_images:,} images of {layout.record_bytes:,} bytes "
                f"leave {excess:,} over"
            )
        if name == layout.test_file:
            slots[name] = Slot("test", 0, n_images)
        else:
            slots[name] = Slot("train", start, n_images)
            start += n_images
    return Archive(path, tar, layout, class_names, slots)


def read_cifar(archive: Archive) -> Iterator[Batch]:
    """All images, some at a time so that memory stays bounded, in the order of the archive.

    Raises
    ------
    InputError
        At a label for which there is no class.
    """
    layout, n_batch = archive.layout, batch_images(SIDE)
    with _faults(archive.path):
        for name, member in _members(archive.tar, layout):
            if name not in archive.slots:
                continue
            slot = archive.slots[name]
            stream = archive.tar.extractfile(member)
            for offset in range(0, slot.n_images, n_batch):
                n = min(n_batch, slot.n_images - offset)
                records = np.frombuffer(stream.read(n * layout.record_bytes), np.uint8).reshape(n, -1)
                labels = records[:, layout.label]
                if (unknown := labels >= len(archive.class_names)).any():
                    raise InputError(
                        f"{archive.path}: image {offset + unknown.argmax():,} of {name} has the label "
                        f"{labels[unknown.argmax()]}; the {len(archive.class_names)} classes are numbered from 0"
                    )
                pixels = records[:, layout.label_bytes :].reshape(n, 3, SIDE, SIDE)
                yield Batch(slot.split, slot.start + offset, pixels, labels)


def _decompressed(path: Path) -> tarfile.TarFile:
    """An archive to be read more than once, whose stream is whole: its checksum comes at the very end."""
    with tarfile.open(path) as tar:
        tar.fileobj.seek(0)
        stream = tempfile.TemporaryFile()  # noqa: SIM115 - goes with the last who reads it
        shutil.copyfileobj(tar.fileobj, stream, 2**20)
    stream.seek(0)
    return tarfile.open(fileobj=stream)


@contextlib.contextmanager
def _faults(path: Path) -> Iterator[None]:
    """What is wrong with an archive as the user's one-line error."""
    try:
        yield
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


def _members(tar: tarfile.TarFile, layout: Layout) -> Iterator[tuple[str, tarfile.TarInfo]]:
    for member in tar:
        path = PurePosixPath(member.name)
        known = path.name in (layout.names_file, layout.test_file, *layout.train_files)
        if known and member.isreg() and ".." not in path.parts and not path.is_absolute():
            yield path.name, member
