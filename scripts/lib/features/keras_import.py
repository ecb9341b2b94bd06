"""Keras and TensorFlow, set up before they are first used: other modules import both from here.

Two context managers make the import faster. Their figures are medians of ten paired runs of the whole process
`python -c "from lib.features import keras_import"`, with and without each, on two busy cores.
"""

import contextlib
import gc
import os
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from lib.base.errors import InputError

__all__ = ["hidden_modules", "keras", "paused_garbage_collection", "tf"]

# Keras imports them where they are installed, for what is not used here.
UNUSED = ("matplotlib", "pandas", "PIL", "scipy", "sklearn")


@contextlib.contextmanager
def hidden_modules(names: Iterable[str]) -> Iterator[None]:
    """Within the block, importing these modules fails as if they were not installed.

    Modules that are loaded already stay so. After the block, also after an error in it, all can be imported.

    Reason: if `UNUSED` is hidden while Keras is imported, the process ends 2.3 s earlier, and takes 1.1 s less of
    processor time.

    Parameters
    ----------
    names
        Of top-level modules.

    Examples
    --------
    >>> with hidden_modules(["pandas"]):
    ...     import pandas
    Traceback (most recent call last):
    ModuleNotFoundError: import of pandas halted; None in sys.modules
    """
    modules: dict[str, Any] = sys.modules
    hidden = set(names) - modules.keys()
    modules.update(dict.fromkeys(hidden))  # where Python finds None, it raises ModuleNotFoundError
    try:
        yield
    finally:
        for name in hidden:
            del modules[name]


@contextlib.contextmanager
def paused_garbage_collection() -> Iterator[None]:
    """Within the block, no garbage is collected. Objects from before its end are never searched for garbage again.

    Reason: importing Keras creates 400,000 objects and hardly any garbage. Python would look through them again
    and again, for the last time when the process ends. Without that, it ends 2.2 s earlier, and takes 1.0 s less
    of processor time.

    Examples
    --------
    >>> with paused_garbage_collection():
    ...     gc.isenabled()
    False
    >>> gc.isenabled()
    True
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()


# Errors only. oneDNN also computes convolutions where TensorFlow leaves it off, as on a processor without AVX-512:
# there so few filters took three times as long.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

with hidden_modules(UNUSED), paused_garbage_collection():
    try:
        import keras
        import tensorflow as tf
    except ModuleNotFoundError as error:
        if error.name not in ("keras", "tensorflow"):
            raise
        remedy = "run `make install`, or leave autoencoder and encoders in Keras files out of `features`"
        raise InputError(f"TensorFlow is not installed; {remedy}") from None

tf.get_logger().setLevel("ERROR")
# The order of sums, and so the last digits of the weights, would depend on the number of threads.
tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)
