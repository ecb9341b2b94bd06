"""Encoders in files: where each is, and what is done to images before and after it."""

import shlex
import sys
from pathlib import Path

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

    def files(self, features: str, made: str) -> list[str]:
        """The file of an encoder, for Snakemake to see its bytes change.

        Parameters
        ----------
        features
            The feature space.
        made
            The path of the features that the workflow makes with it.

        Raises
        ------
        SystemExit
            If there is no such file, and `made` is there: it may be of another file, and is kept.
        """
        file = self.settings[features]["model"]
        if Path(file).exists():
            return [file]
        # Where it is missing from the start, the script says so.
        if Path(made).exists():
            sys.exit(f"config: {features}: {file} does not exist; the features that are there stay as they are")
        return []

    def path_option(self, features: str) -> str:
        """Where the file is, as an option. With `=`, as a path may begin with a dash."""
        return shlex.join([f"--model={self.settings[features]['model']}"])

    def options(self, features: str) -> str:
        """All but the file, as options of the script."""
        settings = self.settings[features].items()
        return cli_options({key: value for key, value in settings if key != "model" and value is not None})
