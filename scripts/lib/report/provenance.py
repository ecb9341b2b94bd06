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
    """The commit that a folder is checked out from, if it is in a git checkout."""
    git = ["git", "-C", str(folder), "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty= and changes"]
    try:
        return subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "not known (no git checkout)"


def versions() -> dict[str, str]:
    """The versions of the packages that matter, as far as they are installed."""
    found = {}
    for package in PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[package] = importlib.metadata.version(package)
    return found


def machine() -> str:
    """The versions of Python and of the operating system."""
    return f"Python {platform.python_version()}, {platform.platform()}"


def hashes(folder: Path, paths: Iterable[Path]) -> dict[str, str]:
    """The SHA-256 of some files, by their paths below a folder."""
    found = {}
    for path in paths:
        with path.open("rb") as file:
            found[str(path.relative_to(folder))] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def times(folder: Path) -> pd.DataFrame:
    """Seconds and megabytes of the jobs of each rule, as Snakemake's benchmarks have them."""
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
