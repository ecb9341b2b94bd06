"""Work on blocks of rows in threads. The results do not depend on the number of threads."""

import contextlib
import functools
import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from threadpoolctl import ThreadpoolController

BLOCK_ROWS = 2048


def blocks(n: int, rows: int = BLOCK_ROWS) -> list[slice]:
    """Slices of at most `rows` rows that together cover `range(n)`.

    Examples
    --------
    >>> blocks(5, 2)
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    return [slice(start, min(start + rows, n)) for start in range(0, n, rows)]


@contextlib.contextmanager
def in_threads(n_threads: int | None = None) -> Iterator[Callable[[Callable, Sequence], list]]:
    """Start threads, and stop them when the block ends.

    BLAS gets one thread meanwhile. With more it would split a product by their number, which changes the last
    digits, and compete for the same cores.

    Parameters
    ----------
    n_threads
        None: one thread for each core that the process may use.

    Yields
    ------
    A function like `map` that works in the threads and returns a list, in the order of the items.

    Examples
    --------
    >>> with in_threads(2) as parallel_map:
    ...     parallel_map(abs, [-3, 1, -2])
    [3, 1, 2]
    """
    n_threads = n_threads or n_cores()
    with _libraries().limit(limits=1, user_api="blas"), ThreadPoolExecutor(n_threads) as pool:

        def parallel_map(function: Callable, items: Sequence) -> list:
            results = [None] * len(items)
            numbers = itertools.count()  # next() is atomic, so each item is taken once

            def work() -> None:
                while (i := next(numbers)) < len(items):
                    results[i] = function(items[i])

            helpers = [pool.submit(work) for _ in range(min(n_threads, len(items)) - 1)]
            try:
                work()  # this thread helps instead of waiting
            finally:
                for helper in helpers:
                    helper.result()
            return results

        yield parallel_map


def n_cores() -> int:
    """The number of cores that this process may use.

    Examples
    --------
    >>> n_cores() >= 1
    True
    """
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@functools.cache
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()  # takes milliseconds: it looks through all libraries that are loaded
