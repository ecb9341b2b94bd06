"""Where results come from: commit, versions, checksums, and what the jobs took."""

import contextlib
import csv
import hashlib
import importlib.metadata
import platform
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

PACKAGES = (
    "snakemake",
    "numpy",
    "h5py",
    "tensorflow",
    "tensorflow-cpu",
    "keras",
    "scipy",
    "scikit-learn",
    "pandas",
    "matplotlib",
)


def commit(folder: Path) -> str:
    """The commit that a folder is checked out from.

    Returns
    -------
    40 hexadecimal digits, and " and changes" if tracked files differ from the commit. Where there is no git
    checkout: that it is not known.

    Examples
    --------
    >>> commit(Path("no-such-folder"))
    'not known (no git checkout)'
    """
    git = ["git", "-C", str(folder), "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty= and changes"]
    try:
        return subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "not known (no git checkout)"


def versions() -> dict[str, str]:
    """The version of each package that results depend on, without those that are not installed.

    Examples
    --------
    >>> versions()["pandas"] == pd.__version__
    True
    """
    found = {}
    for package in PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[package] = importlib.metadata.version(package)
    return found


def machine() -> str:
    """The versions of Python and of the operating system.

    Examples
    --------
    >>> machine().startswith("Python 3.")
    True
    """
    return f"Python {platform.python_version()}, {platform.platform()}"


def file_hashes(folder: Path, paths: Iterable[Path]) -> dict[str, str]:
    """The SHA-256 of files, by their paths below a folder.

    Raises
    ------
    ValueError
        If a path is not below the folder.
    OSError
        If a file cannot be read.

    Examples
    --------
    >>> _ = Path("empty.csv").write_text("")
    >>> file_hashes(Path(), [Path("empty.csv")])["empty.csv"][:8]
    'e3b0c442'
    """
    found = {}
    for path in paths:
        with path.open("rb") as file:
            found[str(path.relative_to(folder))] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def job_times(folder: Path) -> pd.DataFrame:
    """Time and memory of the jobs of each rule.

    Parameters
    ----------
    folder
        With the benchmark files that Snakemake writes, `{rule}.tsv` or `{rule}/….tsv`.

    Returns
    -------
    A row for each rule: `jobs`, their number; `total` and `longest`, seconds; `megabytes`, the most memory of a
    job, or NaN if none ran long enough to be measured.

    Examples
    --------
    >>> _ = Path("cluster.tsv").write_text("s\\tmax_rss\\n1.5\\t200\\n")
    >>> job_times(Path()).loc["cluster"].tolist()
    [1.0, 1.5, 1.5, 200.0]
    """
    rows = []
    for path in sorted(folder.rglob("*.tsv")):
        with path.open() as file:
            job = next(csv.DictReader(file, delimiter="\t"), None)
        if job:
            rule = path.relative_to(folder).with_suffix("").parts[0]
            rows.append((rule, float(job["s"]), pd.to_numeric(job["max_rss"], errors="coerce")))
    table = pd.DataFrame(rows, columns=["rule", "seconds", "megabytes"])
    return table.groupby("rule", sort=False).agg(
        jobs=("seconds", "size"),
        total=("seconds", "sum"),
        longest=("seconds", "max"),
        megabytes=("megabytes", "max"),
    )
