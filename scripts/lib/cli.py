"""What every script shares: the log, the one-line error, and output that is whole or not there."""

import argparse
import contextlib
import errno
import logging
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path


class InputError(Exception):
    """Something the user can mend. The message is one line: what is wrong, where, what to do."""


def run(main: Callable[[argparse.Namespace], None], parser: argparse.ArgumentParser) -> None:
    """Run a script: parse its arguments, log to the terminal and to --log, report errors in one line."""
    parser.add_argument("--log", type=Path, help="write the log to this file too")
    args = parser.parse_args()
    handlers: list[logging.Handler] = [logging.StreamHandler()]
    if args.log:
        args.log.parent.mkdir(parents=True, exist_ok=True)
        handlers.append(logging.FileHandler(args.log, mode="w"))
    logging.basicConfig(level=logging.INFO, format=f"{parser.prog}: %(message)s", handlers=handlers)
    try:
        main(args)
    except InputError as error:
        logging.error("error: %s", error)
        sys.exit(1)
    except Exception as error:
        if not _disk_full(error):
            logging.exception("internal error")
            sys.exit(70)
        logging.error("error: no space left on the disk; nothing was kept of what was being written. %s", error)
        sys.exit(1)


def _disk_full(error: BaseException | None) -> bool:
    # h5py tells errno only in the text of an error, and a failing close hides the first one behind it.
    while error is not None:
        if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or "errno = 28" in str(error):
            return True
        error = error.__context__
    return False


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` that takes its place when the block ends well.

    So `path` is never half-written, whatever kills the process. Leftovers of killed
    writers are removed by the next one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{path.name}.part-"
    for leftover in path.parent.glob(f"{prefix}*"):
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
