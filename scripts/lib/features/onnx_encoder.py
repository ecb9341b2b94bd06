"""Images through an encoder in an ONNX file, by ONNX Runtime."""

from pathlib import Path

import numpy as np
import onnxruntime

from lib.base.errors import InputError, fault_of_disk, reason_of
from lib.features.image_encoder import ImageEncoder, Input, Preprocessing

CPU = "CPUExecutionProvider"


class OnnxEncoder(ImageEncoder):
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
        inputs = [Input(x.name, x.type, x.shape) for x in self.session.get_inputs()]
        super().__init__(path, preprocessing, inputs, output or outputs[0])
        self.input = inputs[0].name

    def run(self, x: np.ndarray) -> np.ndarray:
        """The output for images that are preprocessed."""
        (found,) = self.session.run([self.output], {self.input: x})
        return found
