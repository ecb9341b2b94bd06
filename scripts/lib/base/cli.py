"""The command line of every script: its log, its one-line errors and its progress bar."""

import argparse
import contextlib
import logging
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from lib.base.errors import InputError, fault_of_disk

_terminal = sys.stderr  # the same as stderr only without --log
_bars: list = []  # progress bars that are shown now


def run_script(main: Callable[[argparse.Namespace], None], parser: argparse.ArgumentParser) -> None:
    """Run a script: parse its arguments, log to the terminal and to --log, report errors in one line.

    Parameters
    ----------
    main
        Called with the arguments. An `InputError` or an error of the disk that it raises is one line of the log,
        and the exit status 1. Any other is a fault of the program: a traceback, and the exit status 70.
    parser
        Gets `--log` in addition.
    """
    parser.add_argument("--log", type=Path, help="write the log here too, and what libraries print only here")
    args = parser.parse_args()
    if args.log:
        _send_stderr_to(args.log)
    logging.raiseExceptions = False  # a full disk may refuse the log too; the terminal has it
    handlers = [_HandlerAboveBars(stream) for stream in {_terminal, sys.stderr}]
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


def positive_int(text: str) -> int:
    """An argument that is a whole number of 1 or more.

    Raises
    ------
    ValueError
        If it is no whole number.
    argparse.ArgumentTypeError
        If it is 0 or less.

    Examples
    --------
    >>> positive_int("12")
    12
    """
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not above 0")
    return number


@contextlib.contextmanager
def progress_bar(*args, **options) -> Iterator:
    """Show a progress bar of tqdm on the terminal, if it is one; lines of the log go above it.

    Parameters
    ----------
    *args, **options
        As for `tqdm.tqdm`.
    """
    from tqdm import tqdm

    with tqdm(*args, file=_terminal, disable=None, leave=False, **options) as bar:
        _bars.append(bar)
        try:
            yield bar
        finally:
            _bars.remove(bar)


class _HandlerAboveBars(logging.StreamHandler):
    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.ExitStack() as stack:
            for bar in _bars:
                stack.enter_context(bar.external_write_mode(file=_terminal))
            super().emit(record)


def _send_stderr_to(log: Path) -> None:
    # TensorFlow and HDF5 print what is of no use to a user, past Python, to the descriptor itself.
    global _terminal
    log.parent.mkdir(parents=True, exist_ok=True)
    _terminal = os.fdopen(os.dup(sys.stderr.fileno()), "w", buffering=1)
    with log.open("w") as file:
        os.dup2(file.fileno(), sys.stderr.fileno())
