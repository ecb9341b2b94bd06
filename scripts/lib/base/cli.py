"""The command line of every script: its log, its one-line errors and its progress bar."""

import argparse
import contextlib
import logging
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from lib.base.errors import InputError, fault_of_disk

_terminal = sys.stderr  # with --log, a copy of what stderr was before it went to the file
_bars: list[Any] = []  # the progress bars on the terminal now


def run_script(main: Callable[[argparse.Namespace], None], parser: argparse.ArgumentParser) -> None:
    """Run a script: parse its arguments, log to the terminal and to --log, report errors in one line.

    Parameters
    ----------
    main
        Takes the arguments.
    parser
        Gets the argument `--log` in addition.

    Raises
    ------
    SystemExit
        With status 1 after an `InputError` or an error of the disk, which is one line of the log. With status 70
        after any other error: that is a fault of the program, so the log has the traceback. With status 130 after
        an interrupt.

    Examples
    --------
    >>> import sys
    >>> sys.argv = ["count", "--up-to", "3"]
    >>> parser = argparse.ArgumentParser(prog="count")
    >>> _ = parser.add_argument("--up-to", type=positive_int)
    >>> run_script(lambda args: print(*range(args.up_to)), parser)
    0 1 2
    """
    parser.add_argument("--log", type=Path, help="write the log here too; what libraries print goes only here")
    args = parser.parse_args()
    handlers: list[logging.Handler] = []
    if args.log:
        _send_stderr_to(args.log)
        handlers.append(logging.StreamHandler(sys.stderr))
    handlers.append(_TerminalHandler(_terminal))
    logging.raiseExceptions = False  # a full disk may refuse the log file, and the terminal still has the line
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


def chunk_of(text: str) -> tuple[int, int]:
    """The type of an argument that says which chunk of how many, from 1, such as 3-of-8.

    Raises
    ------
    ValueError
        If the text is not such.
    argparse.ArgumentTypeError
        If there is no such chunk.

    Examples
    --------
    >>> chunk_of("3-of-8")
    (3, 8)
    """
    chunk, n_chunks = map(int, text.split("-of-"))
    if not 1 <= chunk <= n_chunks:
        raise argparse.ArgumentTypeError(f"{text} is no chunk: the first number is 1 to the second")
    return chunk, n_chunks


def positive_int(text: str) -> int:
    """The type of an argument that is a whole number of 1 or more.

    Raises
    ------
    ValueError
        If the text is not a whole number.
    argparse.ArgumentTypeError
        If the number is 0 or less.

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
def progress_bar(items: Iterable | None = None, **options: Any) -> Iterator[Any]:
    """Show a progress bar of tqdm while the block runs, if stderr is a terminal. Log lines go above the bar.

    Parameters
    ----------
    items
        What the block iterates over by way of the bar; None: the block calls `update`.
    **options
        Further arguments of `tqdm.tqdm`.

    Yields
    ------
    The `tqdm.tqdm` object.

    Examples
    --------
    >>> with progress_bar("abc", unit="letters") as letters:
    ...     print(*letters)
    a b c
    """
    from tqdm import tqdm

    with tqdm(items, file=_terminal, disable=None, leave=False, dynamic_ncols=True, **options) as bar:
        _bars.append(bar)
        try:
            yield bar
        finally:
            _bars.remove(bar)


class _TerminalHandler(logging.StreamHandler):
    """Write log lines to the terminal, above the progress bars on it."""

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.ExitStack() as stack:
            for bar in _bars:
                stack.enter_context(bar.external_write_mode(file=_terminal))
            super().emit(record)


def _send_stderr_to(log: Path) -> None:
    """Send to the log file what TensorFlow and HDF5 print past Python, to the descriptor of stderr itself."""
    global _terminal
    log.parent.mkdir(parents=True, exist_ok=True)
    _terminal = os.fdopen(os.dup(sys.stderr.fileno()), "w", buffering=1)
    with log.open("w") as file:
        os.dup2(file.fileno(), sys.stderr.fileno())
