"""Files that are whole or not there, and folders that one process works in."""

import contextlib
import errno
import fcntl
import glob
import logging
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from lib.base.errors import InputError, fault_of_disk


@contextlib.contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` that takes its place when the block ends well.

    So `path` is never half-written, whatever kills the process. Leftovers of killed
    writers are removed by the next one.
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
            # mkstemp makes files private; results are as readable as any other file.
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


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other training writes to a folder: one whose Snakemake was killed may be alive for long."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            logging.info("waiting for another training to end, which writes to %s too", folder)
            fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError as error:
        # Also where asking to wait is answered with "try again", instead of waiting.
        logging.info(
            "%s has no locks (%s): that no other training writes there is not known", folder, error.strerror
        )
    try:
        yield
    finally:
        os.close(handle)
