"""Programs of the user's own that make features."""

import shlex
from pathlib import Path

from lib.workflow.digest import code_digest
from lib.workflow.params import cli_options


class Programs:
    """The `script` section of a checked configuration.

    Parameters
    ----------
    settings
        By the name of the feature space.

    Examples
    --------
    >>> programs = Programs({"hog": {"path": "my hog.py", "seeds": [0, 5]}})
    >>> programs.path_option("hog/seed5"), programs.options("hog/seed5")
    ("'--program=my hog.py'", '--seed 5')
    """

    def __init__(self, settings: dict[str, dict]):
        self.settings = settings

    def _path(self, features: str) -> str:
        return self.settings[features.partition("/seed")[0]]["path"]

    def path_option(self, features: str) -> str:
        """Where the program is, as an option. With `=`, as a path may begin with a dash."""
        return shlex.join([f"--program={self._path(features)}"])

    def options(self, features: str) -> str:
        """What the program gets, as options of the script."""
        seed = features.partition("/seed")[2]
        return cli_options({"seed": int(seed)} if seed else {})

    def digest(self, features: str) -> str:
        """What a job depends on in the program; "" if it cannot be read, of which the job tells."""
        path = Path(self._path(features))
        try:
            return f"code of {path.name} ({code_digest(path)})"
        except (OSError, SyntaxError, ValueError):
            return ""
