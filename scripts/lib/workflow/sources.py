"""Where the images of the datasets come from: an archive, a folder of photos, or neither."""

import hashlib
import re
import sys
import zipfile
from pathlib import Path

from lib.base.errors import InputError
from lib.data.folder import folder_digest, own_splits
from lib.data.source import local_path

ARCHIVE_FORMATS = ("cifar-binary", "cifar100-binary", "npz")


class Sources:
    """The sources of the datasets of a checked configuration.

    Parameters
    ----------
    datasets
        The settings of each dataset, by its name.

    Examples
    --------
    >>> sources = Sources({"mine": {"format": "npz", "source": "mine.npz", "sha256": "c0ffee" * 10 + "c0de"}})
    >>> sources.archives("mine")
    ['results/archives/c0ffeec0ffeec0ff']
    """

    def __init__(self, datasets: dict[str, dict]):
        self.datasets = datasets

    def pattern(self, *, vectors: bool) -> str:
        """A regular expression for the datasets of vectors, or for all others."""
        names = [name for name, x in self.datasets.items() if (x["format"] == "vectors") == vectors]
        return "|".join(map(re.escape, names)) or "(?!)"

    def reading_settings(self, dataset: str) -> dict:
        """The settings of a dataset that say how to read its images: not what to make of them.

        Examples
        --------
        >>> Sources({"mine": {"format": "folder", "source": "photos", "side": 32}}).reading_settings("mine")
        {'format': 'folder'}
        """
        keys = ("format", "test_fraction", "unreadable")
        return {key: value for key, value in self.datasets[dataset].items() if key in keys}

    def making_settings(self, dataset: str) -> dict:
        """The settings of a dataset that say what its images are. The classes of a folder do not change them.

        Examples
        --------
        >>> mine = {"format": "folder", "source": "photos", "side": 32, "classes": "none"}
        >>> Sources({"mine": mine}).making_settings("mine")
        {'format': 'folder', 'side': 32}
        """
        settings = self.datasets[dataset]
        others = ("source", "sha256") + (("classes",) if settings["format"] == "folder" else ())
        return {key: value for key, value in settings.items() if key not in others}

    def archives(self, dataset: str) -> list[str]:
        """The archive of a dataset, named by its content, so that datasets may share it; none if it has none."""
        settings = self.datasets[dataset]
        if settings["format"] not in ARCHIVE_FORMATS:
            return []
        source = settings["source"] + _state_in_braces(settings["source"])
        key = settings.get("sha256") or hashlib.sha256(source.encode()).hexdigest()
        return [f"results/archives/{key[:16]}"]

    def splits(self, dataset: str, made: str = "") -> list[str] | None:
        """The splits of a dataset: train and test, or all where it is one whole.

        Parameters
        ----------
        dataset
            Its name. A folder is one whole if it has no folders of splits, and a NumPy file if it has no arrays of
            splits, unless its settings name `test_fraction`.
        made
            The path of the archive that the workflow makes, to look into if the source cannot be reached.

        Returns
        -------
        None: not known yet, as it is still to be downloaded.

        Examples
        --------
        >>> Sources({"digits": {"format": "digits"}}).splits("digits")
        ['train', 'test']
        """
        settings = self.datasets[dataset]
        if settings["format"] == "vectors":
            return ["all"]
        if "n_images" in settings:
            return list(settings["n_images"])
        if settings["format"] not in ("folder", "npz") or "test_fraction" in settings:
            return ["train", "test"]
        try:
            if settings["format"] == "folder":
                is_whole = not own_splits(Path(settings["source"]))
            else:
                source = local_path(settings["source"])
                with zipfile.ZipFile(source if source and _exists(source) else made) as file:
                    is_whole = "x.npy" in file.namelist()
        except (OSError, ValueError, zipfile.BadZipFile):  # of which the job tells
            return None
        return ["all"] if is_whole else ["train", "test"]

    def unverified_archives(self, dataset: str) -> list[str]:
        """The archive of a dataset, if no checksum says that what was made of it is still right."""
        return [] if self.datasets[dataset].get("sha256") else self.archives(dataset)

    def of_archive(self, archive: str) -> dict:
        """The settings of the first dataset that comes from an archive."""
        path = f"results/archives/{archive}"
        return next(settings for name, settings in self.datasets.items() if path in self.archives(name))

    def local_files(self, archive: str, made: str) -> list[str]:
        """The file that `source` names, for Snakemake to see its bytes change, if no checksum vouches for them.

        Parameters
        ----------
        archive
            The name of the archive below results/archives.
        made
            The path of the archive that the workflow makes of it.
        """
        settings = self.of_archive(archive)
        path = local_path(settings["source"])
        if settings.get("sha256") or path is None or "{" in str(path):
            return []
        # Where it is missing from the start, the script says so better than Snakemake would.
        return [str(path)] if _exists(path) or _exists(Path(made)) else []

    def photos_digest(self, dataset: str, made: str) -> str:
        """What the images of a folder depend on in it: the name, size and time of each photo.

        Parameters
        ----------
        dataset
            The name of a dataset. Where its images are in no folder, the digest is empty.
        made
            The path of the images that the workflow makes of it.

        Raises
        ------
        SystemExit
            If the folder is gone and `made` is there: what cannot be made again is kept.
        """
        settings = self.datasets[dataset]
        if settings["format"] != "folder":
            return ""
        try:
            return f"photos of the folder ({folder_digest(Path(settings['source']))})"
        except (InputError, OSError) as error:
            # Where it is missing from the start, the script says so. Once it was there, it may only be unplugged.
            if _exists(Path(made)):
                sys.exit(f"config: datasets.{dataset}: {error}; what was made of it stays as it is")
            return ""

    def options(self, dataset: str, archives: list[str]) -> list[str]:
        """Where the bytes come from, and whether folders are classes, as options of a script.

        With `=`, as a path may begin with a dash.
        """
        settings = self.datasets[dataset]
        options = [f"--archive={file}" for file in archives]
        if settings["format"] == "folder" and "classes" in settings:
            options.append(f"--classes={settings['classes']}")
        return options + ([f"--source={settings['source']}"] if "source" in settings else [])

    def photos_options(self, dataset: str) -> list[str]:
        """The folder of the photos of a dataset, as an option of a script; none if its images are in none."""
        settings = self.datasets[dataset]
        return [f"--photos={settings['source']}"] if settings["format"] == "folder" else []


def _exists(path: Path) -> bool:
    """Whether a path can be looked at. Path.exists fails where a folder is forbidden or a name too long."""
    try:
        path.stat()
    except (OSError, ValueError):
        return False
    return True


def _state_in_braces(source: str) -> str:
    """Size and time of a local file that Snakemake cannot watch: it takes braces in an input for wildcards."""
    path = local_path(source)
    if path is None or "{" not in str(path) or not _exists(path):
        return ""
    return f" {path.stat().st_size} {path.stat().st_mtime_ns}"
