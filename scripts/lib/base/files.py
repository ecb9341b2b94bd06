"""Files that are written whole or not at all, and folders that one process at a time works in."""

import contextlib
import errno
import fcntl
import glob
import hashlib
import logging
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from lib.base.errors import InputError, fault_of_disk


@contextlib.contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Write a file whole or not at all, whatever kills the process.

    The block writes to a temporary file in the folder of `path`. When the block ends without an error, the
    temporary file replaces `path`. Otherwise it is removed: by the next writer, if this one is killed.

    Yields
    ------
    The path of the temporary file.

    Raises
    ------
    InputError
        If the disk is full, or the operating system refuses to write.

    Examples
    --------
    >>> with atomic_write(Path("a.txt")) as part:
    ...     _ = part.write_text("whole")
    >>> Path("a.txt").read_text()
    'whole'
    """
    prefix = f".{path.name}.part-"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for leftover in path.parent.glob(f"{glob.escape(prefix)}*"):
            leftover.unlink(missing_ok=True)
        # Keras refuses to write a model whose name does not end in .keras.
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=prefix, suffix=path.suffix)
        os.close(handle)
        part = Path(name)
        try:
            yield part
            # mkstemp makes a private file. Give it the permissions of any new file.
            umask = os.umask(0)
            os.umask(umask)
            part.chmod(0o666 & ~umask)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        if error.errno is None:
            raise
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise InputError(f"no space left on the disk to write {path}; make room and run again") from None
        raise InputError(fault_of_disk(error, f"while {path} was written: ")) from None


def digest_of(path: Path, *settings: object) -> str:
    """A digest of the bytes of a file and of settings: the same for the same.

    Raises
    ------
    InputError
        If the file cannot be read.

    Examples
    --------
    >>> _ = Path("a.txt").write_text("whole")
    >>> digest_of(Path("a.txt"), 10, "random")
    'f5510fc619516003ee43b93407e63833'
    """
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "blake2b")
    except OSError as error:
        raise InputError(fault_of_disk(error)) from None
    digest.update(repr(settings).encode())
    return digest.hexdigest()[:32]


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold a folder's lock while the block runs. Wait for another training that holds it.

    A training outlives its Snakemake, if that is killed, and may go on for hours. On a file system without locks
    the log says so, and the block runs.

    Examples
    --------
    >>> with alone_in(Path("model")):
    ...     _ = Path("model", "checkpoint.npz").write_bytes(b"mine")
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            logging.info("waiting for another training to end, which writes to %s too", folder)
            fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError as error:
        # Some file systems answer a request to wait with EAGAIN.
        logging.info(
            "%s has no locks (%s): that no other training writes there is not known", folder, error.strerror
        )
    try:
        yield
    finally:
        os.close(handle)
