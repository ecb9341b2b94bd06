"""Keras and TensorFlow, set up before they are first used."""

import gc
import os
import sys

from lib.base.errors import InputError

__all__ = ["keras", "tf"]

# Before the import: errors only, and convolutions by oneDNN also where TensorFlow leaves it off, as on a processor
# without AVX-512, where so few filters took three times as long.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
# Keras takes three seconds to load and one to be cleared away. Half of the first goes into packages that it also
# loads where they are installed, for parts of it that are not used here; most of the rest into collecting garbage
# where there is none.
hidden = {"matplotlib", "pandas", "PIL", "scipy", "sklearn"} - sys.modules.keys()
sys.modules.update(dict.fromkeys(hidden))
gc.disable()
try:
    import keras
    import tensorflow as tf
except ModuleNotFoundError as error:
    if error.name not in ("keras", "tensorflow"):
        raise
    mend = "run `make install`, or leave autoencoder out of `features`"
    raise InputError(f"TensorFlow is not installed; {mend}") from None
finally:
    gc.enable()
    gc.freeze()
    for name in hidden:
        del sys.modules[name]

tf.get_logger().setLevel("ERROR")
# The order of sums, and so the last digits of the weights, would follow the number of threads.
tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)
