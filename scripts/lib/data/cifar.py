"""Images from archives in CIFAR's binary layouts."""

import contextlib
import errno
import tarfile
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

import numpy as np

from lib.base.errors import InputError
from lib.data.dataset import SIDE, Batch, batch_images
from lib.data.names import listed, printable

MOST_CLASSES = 256  # that a byte can number
MOST_NAMES_BYTES = 2**20  # to read of the file of class names


class Layout(NamedTuple):
    """The files of an archive, and the record of each image: bytes of labels, then 3 x 1,024 bytes of pixels.

    Examples
    --------
    >>> CIFAR10.record_bytes
    3073
    """

    train_files: tuple[str, ...]  # an archive has the first one or more of these
    test_file: str
    names_file: str  # a class name in each line
    label_bytes: int
    class_byte: int  # which of the label bytes is the class, from 0

    @property
    def record_bytes(self) -> int:
        """The size of an image's record."""
        return self.label_bytes + 3 * SIDE * SIDE


CIFAR10 = Layout(tuple(f"data_batch_{i}.bin" for i in range(1, 100)), "test_batch.bin", "batches.meta.txt", 1, 0)
CIFAR100 = {
    "fine": Layout(("train.bin",), "test.bin", "fine_label_names.txt", 2, 1),
    "coarse": Layout(("train.bin",), "test.bin", "coarse_label_names.txt", 2, 0),
}


class Slot(NamedTuple):
    """Where the images of an archive's file belong in the dataset."""

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
    unused: list[str]  # the names of all other members

    def n_images(self, split: str) -> int:
        """How many images a split has."""
        return sum(slot.n_images for slot in self.slots.values() if slot.split == split)


def open_cifar(path: Path, layout: Layout = CIFAR10) -> Archive:
    """Read the table of contents of an archive in one of CIFAR's binary layouts.

    The layouts are those of https://www.cs.toronto.edu/~kriz/cifar.html, "Binary version". The archive is
    decompressed into a temporary file without a name, and no member is extracted. Members that are links, or whose
    path leads out of the archive, do not count.

    Raises
    ------
    InputError
        If the file is no tar archive or is truncated. If a file of the layout is missing, or is not made of whole
        records. If the class names are not as `names_in_lines` wants them.

    Examples
    --------
    >>> open_cifar(Path("missing.tar.gz"))
    Traceback (most recent call last):
    lib.base.errors.InputError: missing.tar.gz does not exist
    """
    sizes: dict[str, int] = {}
    unused = []
    names = None
    with _one_line_errors(path):
        tar = _decompressed(path)
        for name, member in _members(tar, layout):
            if name is None:
                unused.append(member.name)
                continue
            if name in sizes:
                raise InputError(f"{path} holds {name} twice")
            sizes[name] = member.size
            if name == layout.names_file:
                names = _stream(tar, member).read(MOST_NAMES_BYTES)
    if names is None:
        raise InputError(f"{path} holds no {layout.names_file}, which names the classes")
    class_names = names_in_lines(names, f"{path}: {layout.names_file}")
    n_files = max((i for i, name in enumerate(layout.train_files, start=1) if name in sizes), default=1)
    slots: dict[str, Slot] = {}
    start = 0
    for name in (*layout.train_files[:n_files], layout.test_file):
        if name not in sizes:
            raise InputError(
                f"{path} holds no {name}; its files are: {listed([*map(printable, sorted(sizes) + unused)])}"
            )
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
    return Archive(path, tar, layout, class_names, slots, unused)


def names_in_lines(content: bytes, origin: str) -> list[str]:
    """The class names in the content of a text file: a line each, in UTF-8. Blank lines at the end do not count.

    Parameters
    ----------
    content
        Of the file.
    origin
        Its name, for errors.

    Raises
    ------
    InputError
        If the content is not UTF-8, a line before the last name is blank, or there are not 1 to 256 different
        names.

    Examples
    --------
    >>> names_in_lines(b"polar bear\\r\\nfox\\r\\n", "names.txt")
    ['polar bear', 'fox']
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = content[: error.start].count(b"\n") + 1
        raise InputError(f"{origin} is no UTF-8 text, see line {number}; save it as UTF-8") from None
    names = [line.strip() for line in text.replace("\r\n", "\n").replace("\r", "\n").rstrip().split("\n")]
    if "" in names:
        raise InputError(
            f"{origin}: line {names.index('') + 1} is blank; each line, up to the last name, should name a class"
        )
    name, times = Counter(names).most_common(1)[0]
    if times > 1 or len(names) > MOST_CLASSES:
        raise InputError(
            f"{origin} should name 1 to {MOST_CLASSES} different classes, a line each, has {len(names):,}"
            + (f", {name!r} more than once" if times > 1 else "")
        )
    return names


def read_cifar(archive: Archive) -> Iterator[Batch]:
    """All images, in the order of the archive, and a batch at a time so that memory stays bounded.

    Raises
    ------
    InputError
        At a label for which there is no class.

    Examples
    --------
    >>> files = {"batches.meta.txt": b"cat", "data_batch_1.bin": bytes(2 * 3073), "test_batch.bin": bytes(3073)}
    >>> with tarfile.open("a.tar", "w") as tar:
    ...     for name, content in files.items():
    ...         _ = Path(name).write_bytes(content)
    ...         tar.add(name)
    >>> [(batch.split, batch.pixels.shape) for batch in read_cifar(open_cifar(Path("a.tar")))]
    [('train', (2, 3, 32, 32)), ('test', (1, 3, 32, 32))]
    """
    layout, n_batch = archive.layout, batch_images(SIDE)
    with _one_line_errors(archive.path):
        for name, member in _members(archive.tar, layout):
            if name not in archive.slots:
                continue
            slot = archive.slots[name]
            stream = _stream(archive.tar, member)
            for offset in range(0, slot.n_images, n_batch):
                n = min(n_batch, slot.n_images - offset)
                records = np.frombuffer(stream.read(n * layout.record_bytes), np.uint8).reshape(n, -1)
                labels = records[:, layout.class_byte]
                if (unknown := labels >= len(archive.class_names)).any():
                    raise InputError(
                        f"{archive.path}: image {offset + unknown.argmax():,} of {name} has the label "
                        f"{labels[unknown.argmax()]}; the {len(archive.class_names)} classes are numbered from 0, "
                        f"a line each in {layout.names_file}"
                    )
                pixels = records[:, layout.label_bytes :].reshape(n, 3, SIDE, SIDE)
                yield Batch(slot.split, slot.start + offset, pixels, labels)


def _decompressed(path: Path) -> tarfile.TarFile:
    """An archive that can be read more than once. It is whole: the checksum at its very end was verified."""
    with tarfile.open(path) as tar:
        tar.fileobj.seek(0)
        stream = tempfile.TemporaryFile()  # noqa: SIM115 - the archive that is returned keeps it open
        while chunk := tar.fileobj.read(2**20):
            stream.write(chunk)
    stream.seek(0)
    return tarfile.open(fileobj=stream)


@contextlib.contextmanager
def _one_line_errors(path: Path) -> Iterator[None]:
    """Turn what goes wrong in reading an archive into the user's one-line error."""
    try:
        yield
    except InputError:
        raise
    except FileNotFoundError:
        raise InputError(f"{path} does not exist") from None
    except MemoryError:
        raise InputError(f"{path} cannot be read: there is not enough memory") from None
    except Exception as error:  # tarfile can raise anything at damaged bytes
        if getattr(error, "errno", None) not in (None, errno.EINVAL):  # a fault of the disk
            raise
        reason = str(error).partition("\n")[0].rstrip(":")[:200]  # further lines are on other kinds of compression
        with path.open("rb") as file:
            head = file.read(24)
        raise InputError(
            f"{path} is no tar archive, or is cut off or damaged ({reason}; it starts with {head!r}); "
            "delete it and run again, or point `source` at a good copy"
        ) from None


def _members(tar: tarfile.TarFile, layout: Layout) -> Iterator[tuple[str | None, tarfile.TarInfo]]:
    """All members but folders, each with its name in the layout; None: the layout has no such file."""
    for member in tar:
        path = PurePosixPath(member.name)
        known = path.name in (layout.names_file, layout.test_file, *layout.train_files)
        known = known and member.isreg() and ".." not in path.parts and not path.is_absolute()
        if not member.isdir():
            yield path.name if known else None, member


def _stream(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    """The content of a regular file."""
    stream = tar.extractfile(member)
    assert stream is not None
    return stream
