"""Work on blocks of rows in threads, with results that do not depend on how many."""

import functools
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from threadpoolctl import ThreadpoolController

BLOCK_ROWS = 2048


def blocks(n: int, rows: int = BLOCK_ROWS) -> list[slice]:
    """Slices that together cover range(n)."""
    return [slice(start, min(start + rows, n)) for start in range(0, n, rows)]


def in_threads(function: Callable, items: Iterable, n_threads: int | None = None) -> list:
    """The results of `function` for all items, in their order.

    BLAS gets one thread meanwhile: its own splitting of a product changes the last digits,
    and would compete for the same cores.
    """
    with _libraries().limit(limits=1, user_api="blas"), ThreadPoolExecutor(n_threads or n_cores()) as pool:
        return list(pool.map(function, items))


def n_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@functools.cache
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()  # looks through all that the process has loaded, which takes milliseconds
