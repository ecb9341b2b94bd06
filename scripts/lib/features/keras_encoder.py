"""Images through an encoder in a Keras file, by TensorFlow."""

import re
import zipfile
from pathlib import Path

import numpy as np

from lib.base.errors import InputError, fault_of_disk, reason_of
from lib.features.image_encoder import ImageEncoder, Input, Preprocessing
from lib.features.keras_import import keras, tf


class KerasEncoder(ImageEncoder):
    """An encoder in a .keras file, loaded in Keras' safe mode: Python code in the file is refused.

    Parameters
    ----------
    path
        The file. It has one input, images as (n, side, side, 3) or (n, 3, side, side).
    preprocessing
    output
        The name of the layer whose output to take; None: the first output of the model. It has a row of numbers
        for each image.

    Raises
    ------
    InputError
        If the file cannot be read, holds code, wants something else than images of this side, or has no such
        layer.

    Examples
    --------
    >>> images = keras.Input((8, 8, 3))
    >>> keras.Model(images, keras.layers.GlobalAveragePooling2D()(images)).save("means.keras")
    >>> means = KerasEncoder(Path("means.keras"), Preprocessing(8, (0, 0, 0), (1, 1, 1)))
    >>> means.encode(np.full((2, 3, 8, 8), 255, np.uint8)).tolist()
    [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    """

    def __init__(self, path: Path, preprocessing: Preprocessing, *, output: str | None = None):
        model = _load(path)
        if not getattr(model, "inputs", None):
            raise InputError(f"{path} does not say what it wants; apply it to images once and save it again")
        inputs = [Input(x.name, x.dtype, x.shape) for x in model.inputs]
        names = [layer.name for layer in model.layers]
        if output is not None and output not in names:
            raise InputError(f"{path} has no layer {output!r}; its last ones are {', '.join(names[-5:])}")
        super().__init__(path, preprocessing, inputs, output or getattr(model, "output_names", names[-1:])[0])
        tensor = model.outputs[0] if output is None else _output(model.get_layer(output))
        submodel = keras.Model(model.inputs[0], tensor)
        # With training=False dropout and augmentation do nothing.
        self._apply = tf.function(lambda x: tf.cast(submodel(x, training=False), tf.float32))

    def run(self, x: np.ndarray) -> np.ndarray:
        """The output for images that are preprocessed."""
        return self._apply(x).numpy()


def _load(path: Path) -> keras.Model:
    """The model of a file."""
    config = b""
    try:
        with zipfile.ZipFile(path) as archive:
            config = archive.read("config.json")
        # Keras tells a .keras file by its name.
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except OSError as error:
        raise InputError(fault_of_disk(error) if error.errno else _unreadable(path, error)) from None
    except (zipfile.BadZipFile, KeyError):
        raise InputError(f"{path} is no Keras file, or damaged; save the model as .keras") from None
    except Exception as error:  # Keras and TensorFlow have many
        if b'"Lambda"' in config:
            raise InputError(
                f"{path} has a Lambda layer, which is Python code, and no code in a file is run; "
                "put a layer of Keras in its place, and save it again"
            ) from None
        missing = re.search(r"Could not locate (\w+) '([^']+)'", str(error))
        if missing:
            raise InputError(
                f"{path} needs the {missing[1]} {missing[2]!r}, which is not of Keras: its code is not in the file"
            ) from None
        raise InputError(_unreadable(path, error)) from None


def _unreadable(path: Path, error: Exception) -> str:
    return f"{path} cannot be read as a Keras model: {reason_of(error)}"


def _output(layer: keras.Layer) -> keras.KerasTensor:
    """The first output of a layer, where it is first applied.

    A model that is a layer has a graph of its own, and overrides `output` with what it is there.
    """
    return keras.tree.flatten(keras.Operation.output.fget(layer))[0]
