"""What every script shares: the log, the one-line error, and output that is whole or not there."""

import argparse
import contextlib
import errno
import glob
import logging
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path


class InputError(Exception):
    """Something the user can mend. The message is one line: what is wrong, where, what to do."""


def reason_of(error: Exception) -> str:
    """What an error says, short and in one line."""
    return " ".join(str(error).split())[:200] or type(error).__name__


terminal = sys.stderr  # for progress bars; the same as stderr only without --log


def run(main: Callable[[argparse.Namespace], None], parser: argparse.ArgumentParser) -> None:
    """Run a script: parse its arguments, log to the terminal and to --log, report errors in one line."""
    parser.add_argument("--log", type=Path, help="write the log here too, and what libraries print only here")
    args = parser.parse_args()
    if args.log:
        _send_stderr_to(args.log)
    logging.raiseExceptions = False  # a full disk may refuse the log too; the terminal has it
    handlers = [logging.StreamHandler(stream) for stream in {terminal, sys.stderr}]
    logging.basicConfig(level=logging.INFO, format=f"{parser.prog}: %(message)s", handlers=handlers)
    try:
        main(args)
    except InputError as error:
        logging.error("error: %s", error)
        sys.exit(1)
    except OSError as error:
        if error.errno is None:
            logging.exception("internal error: %s", error)
            sys.exit(70)
        logging.error("error: %s", fault_of_disk(error))
        sys.exit(1)
    except KeyboardInterrupt:
        logging.error("interrupted; run again to go on")
        sys.exit(130)
    except Exception as error:
        logging.exception("internal error: %s", error)
        sys.exit(70)


def positive(text: str) -> int:
    """An argument that is a whole number of 1 or more."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not above 0")
    return number


def fault_of_disk(error: OSError, what: str = "") -> str:
    """What the operating system refused, in one line: no file is to blame, so none is to be deleted.

    Parameters
    ----------
    error
        With an errno.
    what
        What was being done, for where the error names no file.
    """
    file = f"{error.filename}: " if error.filename else ""
    return f"{what}{file}{error.strerror}; see to the disk or to its permissions, and run again"


def _send_stderr_to(log: Path) -> None:
    # TensorFlow and HDF5 print what is of no use to a user, past Python, to the descriptor itself.
    global terminal
    log.parent.mkdir(parents=True, exist_ok=True)
    terminal = os.fdopen(os.dup(sys.stderr.fileno()), "w", buffering=1)
    with log.open("w") as file:
        os.dup2(file.fileno(), sys.stderr.fileno())


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
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
