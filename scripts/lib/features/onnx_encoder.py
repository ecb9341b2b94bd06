"""Images through an encoder in an ONNX file, by ONNX Runtime."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnxruntime

from lib.base.errors import InputError, fault_of_disk, reason_of

CPU = "CPUExecutionProvider"


class Preprocessing(NamedTuple):
    """What is done to an image before the encoder sees it."""

    side: int  # pixels
    mean: tuple[float, float, float]  # of red, green and blue, of levels from 0 to 1
    std: tuple[float, float, float]


class OnnxEncoder:
    """An encoder in an ONNX file. Nothing in the file is executed but its operators.

    Parameters
    ----------
    path
        The file. It has one input, images as (n, 3, side, side) or (n, side, side, 3).
    preprocessing
    output
        The name of the output to take; None: the first. It has a row of numbers for each image.
    provider
        Of ONNX Runtime.

    Raises
    ------
    InputError
        If the file cannot be read, wants something else than images of this side, or has no such output. If there
        is no such provider here.
    """

    def __init__(
        self, path: Path, preprocessing: Preprocessing, *, output: str | None = None, provider: str = CPU
    ):
        self.path, self.preprocessing = path, preprocessing
        if provider not in onnxruntime.get_available_providers():
            available = ", ".join(onnxruntime.get_available_providers())
            raise InputError(f"{path}: ONNX Runtime has no {provider} here, but {available}")
        options = onnxruntime.SessionOptions()
        # Batches run side by side instead: so the result does not depend on the number of threads.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            path.open("rb").close()
            self.session = onnxruntime.InferenceSession(str(path), options, providers=[provider])
        except OSError as error:
            raise InputError(fault_of_disk(error)) from None
        except Exception as error:  # ONNX Runtime has errors of its own for each kind of damage
            raise InputError(f"{path} cannot be read as an ONNX model: {reason_of(error)}") from None
        outputs = [x.name for x in self.session.get_outputs()]
        if output is not None and output not in outputs:
            raise InputError(f"{path} has no output {output!r}, but {', '.join(outputs)}")
        self.output = output or outputs[0]
        self._check_input()

    def _check_input(self) -> None:
        inputs = self.session.get_inputs()
        shape = inputs[0].shape if len(inputs) == 1 else []
        is_image = len(shape) == 4 and inputs[0].type in ("tensor(float)", "tensor(float16)")
        if not is_image or (isinstance(shape[1], int) and 3 not in (shape[1], shape[3])):
            described = "; ".join(f"{x.name}: {x.type} {x.shape}" for x in inputs)
            raise InputError(f"{self.path} wants {described}; images alone, (n, 3, height, width), can be given")
        self.input = inputs[0].name
        self.dtype = np.float16 if inputs[0].type == "tensor(float16)" else np.float32
        n, *shape = shape
        self.channels_last = shape[-1] == 3 and shape[0] != 3
        self.fixed_batch_size = n if isinstance(n, int) and n > 0 else None
        sides = shape[:2] if self.channels_last else shape[1:]
        wanted = [side for side in sides if isinstance(side, int) and side != self.preprocessing.side]
        if wanted:
            raise InputError(
                f"{self.path} wants images of side {wanted[0]}, not {self.preprocessing.side}; set `side`"
            )

    def encode(self, images: np.ndarray) -> np.ndarray:
        """The features of images.

        Parameters
        ----------
        images : (n, 3, side, side) uint8

        Returns
        -------
        (n, d) float32

        Raises
        ------
        InputError
            If the encoder fails, or has no row of numbers for each image.
        """
        mean, std = (np.reshape(x, (3, 1, 1)).astype(np.float32) for x in self.preprocessing[1:])
        x = (images.astype(np.float32) / 255 - mean) / std
        n = len(x)
        if self.fixed_batch_size:
            x = np.concatenate([x, np.repeat(x[-1:], self.fixed_batch_size - n, axis=0)])
        if self.channels_last:
            x = x.transpose(0, 2, 3, 1)
        try:
            (found,) = self.session.run([self.output], {self.input: np.ascontiguousarray(x, self.dtype)})
        except Exception as error:
            raise InputError(f"{self.path} fails: {reason_of(error)}") from None
        shape = [size for size in found.shape[1:] if size != 1] or [1]
        if len(found) != len(x) or len(shape) != 1:
            raise InputError(
                f"{self.path}: the output {self.output!r} has the shape {found.shape} for {len(x)} images; name "
                "one as `output` that has a row of numbers for each"
            )
        return found.reshape(len(found), -1)[:n].astype(np.float32)

    def encode_all(self, batches: Iterator[np.ndarray], n_threads: int | None = None) -> Iterator[np.ndarray]:
        """The features of all batches, in their order. Some batches are encoded at the same time."""
        n_threads = n_threads or os.cpu_count() or 1
        with ThreadPoolExecutor(n_threads) as pool:
            while some := list(islice(batches, n_threads)):
                yield from pool.map(self.encode, some)
