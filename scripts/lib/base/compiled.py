"""Functions over single numbers that Numba compiles.

Arithmetic is strict IEEE, so all but the products in float32 is the same on every processor, to the bit.
"""

import scipy.linalg.cython_blas  # noqa: F401 - np.dot is from there in compiled code; `in_threads` has to know of it
from numba import njit

compiled = njit(nogil=True, cache=True, error_model="numpy")
