"""Work on blocks of rows in threads, with results that do not depend on how many."""

import contextlib
import functools
import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from threadpoolctl import ThreadpoolController

BLOCK_ROWS = 2048


def blocks(n: int, rows: int = BLOCK_ROWS) -> list[slice]:
    """Slices that together cover range(n)."""
    return [slice(start, min(start + rows, n)) for start in range(0, n, rows)]


@contextlib.contextmanager
def in_threads(n_threads: int | None = None) -> Iterator[Callable[[Callable, Sequence], list]]:
    """Yield a function like `map` that works in threads and returns a list in order.

    By default one thread for each core that the process may use. BLAS gets one thread
    meanwhile: its own splitting of a product changes the last digits, and would compete
    for the same cores.
    """
    n_threads = n_threads or n_cores()
    with _libraries().limit(limits=1, user_api="blas"), ThreadPoolExecutor(n_threads) as pool:

        def parallel_map(function: Callable, items: Sequence) -> list:
            results = [None] * len(items)
            numbers = itertools.count()  # whose next() is one step for all threads

            def work() -> None:
                while (i := next(numbers)) < len(items):
                    results[i] = function(items[i])

            helpers = [pool.submit(work) for _ in range(min(n_threads, len(items)) - 1)]
            try:
                work()  # for this thread would only wait otherwise
            finally:
                for helper in helpers:
                    helper.result()
            return results

        yield parallel_map


def n_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@functools.cache
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()  # looks through all that the process has loaded, which takes milliseconds
