"""How large files will be that are not there yet, for a dry run to show what the jobs on them ask for."""

import re
from pathlib import Path

from lib.base.errors import InputError
from lib.data.folder import count_photos
from lib.workflow.sources import Sources

# Of datasets whose numbers are not in the settings: as many images as CIFAR-10, of as many pixels.
N_IMAGES = {"train": 50000, "test": 10000, "all": 60000}
N_DIGITS = {"train": 1297, "test": 500}
SIDE = 32
N_FEATURES = 1024  # of features that are made elsewhere, or by an encoder or a program


class Sizes:
    """The sizes of images.h5 and of features.

    Parameters
    ----------
    config
        All settings.

    Examples
    --------
    >>> sizes = Sizes({"datasets": {"mine": {"format": "npz", "n_images": {"train": 60000, "test": 10000}}}})
    >>> sizes.megabytes("results/mine/images.h5"), sizes.megabytes("results/mine/features/pixels/test.h5")
    (71.68, 40.96)
    """

    def __init__(self, config: dict):
        self.config = config
        self.sources = Sources(config["datasets"])
        self.counted: dict[str, dict[str, int] | None] = {}  # one look at a folder is enough

    def n_images(self, dataset: str) -> dict[str, int] | None:
        """How many images each split of a dataset has; None: neither its settings nor its folder say."""
        if dataset not in self.counted:
            self.counted[dataset] = self._count(dataset)
        return self.counted[dataset]

    def _count(self, dataset: str) -> dict[str, int] | None:
        settings = self.config["datasets"][dataset]
        if settings["format"] == "digits":
            return N_DIGITS
        if settings["format"] == "folder" and self.sources.splits(dataset) == ["all"]:
            try:
                return {"all": count_photos(Path(settings["source"]))}
            except (InputError, OSError):  # of which the job tells
                return None
        return settings.get("n_images")

    def megabytes(self, path: str) -> float:
        """The size of a file, estimated if it is not there; 0 if it is neither images.h5 nor of features."""
        if Path(path).exists():
            return Path(path).stat().st_size / 1e6
        found = re.search(r"results/([^/]+)/(?:images|features/(.+)/(train|test|all))\.h5$", path)
        if not found:
            return 0
        dataset, space, split = found.groups()
        n_images = self.n_images(dataset)
        if space:
            n = (n_images or N_IMAGES).get(split, N_IMAGES[split])
            return n * 4 * self._n_features(dataset, space.partition("/")[0]) / 1e6
        return sum((n_images or {"all": N_IMAGES["all"]}).values()) * self._n_pixels(dataset) / 1e6

    def _n_pixels(self, dataset: str) -> int:
        settings = self.config["datasets"][dataset]
        return settings.get("side", SIDE) ** 2 * (3 if settings.get("channels") == "rgb" else 1)

    def _n_features(self, dataset: str, kind: str) -> int:
        if kind == "pixels":
            return self._n_pixels(dataset)
        if kind == "autoencoder":
            filters = self.config[kind]["filters"]
            return (self.config["datasets"][dataset].get("side", SIDE) // 2 ** len(filters)) ** 2 * filters[-1]
        return self.config.get(kind, {}).get("n_components", N_FEATURES)
