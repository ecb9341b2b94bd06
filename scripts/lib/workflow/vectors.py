"""Datasets of vectors without images: where the number of rows, their names and their classes are from."""

from lib.workflow.external import External
from lib.workflow.params import cli_options


class Vectors:
    """The datasets of vectors of a checked configuration.

    Parameters
    ----------
    config
        All settings.

    Examples
    --------
    >>> external = {"bert": {"source": "bert.npy"}}
    >>> datasets = {"labelled": {"format": "vectors", "classes": "labels.csv"}, "bare": {"format": "vectors"}}
    >>> vectors = Vectors({"datasets": datasets, "features": ["bert"], "external": external})
    >>> vectors.paths("labelled"), vectors.paths("bare")
    ({'classes': 'labels.csv'}, {'rows-of': 'bert.npy'})
    """

    def __init__(self, config: dict):
        self.datasets = config["datasets"]
        self.external = config["external"]
        self.first = config["features"][0]

    def paths(self, dataset: str) -> dict[str, str]:
        """The files that say it, by the option of the script: of classes, or else the first of the features."""
        settings = self.datasets[dataset]
        if "classes" in settings:
            return {"classes": settings["classes"]}
        found = External(self.external).paths(f"{self.first}/seed0", "all")
        return {"rows-of": found["source"]} | {key: found[key] for key in ("files",) if key in found}

    def options(self, dataset: str) -> str:
        """How they are read, as options of the script."""
        settings = self.datasets[dataset]
        if "classes" in settings:
            return cli_options({key: settings[key] for key in ("class_columns", "name_column") if key in settings})
        options = self.external[self.first]
        return cli_options({key: options[key] for key in ("key", "file_column") if key in options})
