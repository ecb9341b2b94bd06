"""What was made elsewhere: which files the rows are in, and how these are read."""

from lib.workflow.params import cli_options


class External:
    """The section `external` or `clusterings` of a checked configuration.

    Parameters
    ----------
    settings
        By the name of the feature space or clustering. The runs of a clustering are called as models are: a space
        `{name}/seed{run}`.

    Examples
    --------
    >>> external = External({"clip": {"source": ["a.npy", "b.npy"], "normalize": "l2"}})
    >>> external.files("clip/seed1", "test"), external.options("clip/seed1", "test")
    (['b.npy'], '--all-splits --normalize l2')
    """

    def __init__(self, settings: dict[str, dict]):
        self.settings = settings

    def _of(self, features: str) -> tuple[dict, str | dict[str, str]]:
        """The settings of a feature space, and the source of its model."""
        name, _, model = features.partition("/seed")
        settings = self.settings[name]
        source = settings["source"]
        return settings, source[int(model)] if isinstance(source, list) else source

    def paths(self, features: str, split: str) -> dict[str, str]:
        """The files of a feature space and split, by the option of the script that names them."""
        settings, source = self._of(features)
        found = {"source": source if isinstance(source, str) else source[split]}
        if not isinstance(source, str) and settings.get("normalize") == "standardize" and "train" in source:
            found["train-source"] = source["train"]
        if "files" in settings:
            files = settings["files"]
            found["files"] = files if isinstance(files, str) else files[split]
        return found

    def files(self, features: str, split: str) -> list[str]:
        """The files of a feature space and split."""
        return list(self.paths(features, split).values())

    def options(self, features: str, split: str) -> str:
        """How the files are read, as options of the script."""
        settings, source = self._of(features)
        options = {key: settings[key] for key in ("key", "file_column", "normalize") if key in settings}
        flag = "--all-splits " if isinstance(source, str) else ""
        return flag + cli_options(options)
