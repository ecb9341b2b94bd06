"""Encoders in files: where each is, and what is done to images before and after it."""

import shlex

from lib.workflow.params import cli_options


class Encoders:
    """The `onnx` and `keras` sections of a checked configuration.

    Parameters
    ----------
    settings
        By the name of the feature space. No two sections have the same name.

    Examples
    --------
    >>> encoders = Encoders({"resnet": {"model": "my resnet.onnx", "side": 224, "output": None}})
    >>> encoders.path_option("resnet"), encoders.options("resnet")
    ("'--model=my resnet.onnx'", '--side 224')
    """

    def __init__(self, settings: dict[str, dict]):
        self.settings = settings

    def path(self, features: str) -> str:
        """The file of an encoder."""
        return self.settings[features]["model"]

    def path_option(self, features: str) -> str:
        """Where the file is, as an option. With `=`, as a path may begin with a dash."""
        return shlex.join([f"--model={self.path(features)}"])

    def options(self, features: str) -> str:
        """All but the file, as options of the script."""
        settings = self.settings[features].items()
        return cli_options({key: value for key, value in settings if key != "model" and value is not None})
