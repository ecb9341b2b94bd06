"""A tiny dataset, a copy of the workflow, and the real Snakemake on both."""

import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
import yaml

ROOT = Path(__file__).parents[2]
SOURCES = ["Snakefile", "config.yaml", "rules", "scripts", "envs", "profiles", "examples"]
CLASSES = ["bright", "dark", "left", "right", "top", "bottom", "centre", "rim", "stripes", "noise"]


def records(n_images: int, seed: int) -> bytes:
    """Images in the CIFAR-10 binary layout, with something in them to find."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, len(CLASSES), n_images, dtype=np.uint8)
    patterns = np.random.default_rng(0).integers(0, 200, (len(CLASSES), 3, 8, 8))
    images = patterns[labels].repeat(4, axis=2).repeat(4, axis=3) + rng.integers(0, 56, (n_images, 3, 32, 32))
    rows = np.concatenate([labels[:, None], images.reshape(n_images, -1).astype(np.uint8)], axis=1)
    return rows.tobytes()


def archive_files() -> dict[str, bytes]:
    files = {f"data_batch_{i}.bin": records(40, i) for i in range(1, 6)}
    return files | {"test_batch.bin": records(60, 6), "batches.meta.txt": "\n".join([*CLASSES, ""]).encode()}


def write_archive(path: Path, files: dict[str, bytes], links: dict[str, str] | None = None) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            info.type, info.linkname = tarfile.SYMTYPE, target
            tar.addfile(info)
    return path


class Project:
    """A copy of the workflow with a dataset of its own, called tiny."""

    def __init__(self, path: Path):
        self.path = path
        self.results = path / "results" / "tiny"
        self.metrics = self.results / "metrics.csv"
        self.settings_file = path / "tiny.yaml"
        self.targets = ["tables"]  # figures and report take longer than all the numbers

    @classmethod
    def create(cls, path: Path) -> "Project":
        for name in SOURCES:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
            copy(ROOT / name, path / name)
        project = cls(path)
        archive = write_archive(path / "tiny.tar.gz", archive_files())
        project.configure(
            dataset="tiny",
            datasets={
                "tiny": {
                    "format": "cifar-binary",
                    "source": archive.name,
                    "sha256": hashlib.sha256(archive.read_bytes()).hexdigest(),
                    "n_images": {"train": 200, "test": 60},
                }
            },
            autoencoder={"epochs": 2, "batch_size": 8, "learning_rate": 0.01, "seeds": [0]},
            clustering={"n_clusters": [3], "seeds": [0, 1]},
        )
        return project

    @property
    def model(self) -> Path:
        """The folder of the autoencoder."""
        return self.results / "autoencoder" / "seed0"

    @property
    def settings(self) -> dict:
        return yaml.safe_load(self.settings_file.read_text())

    @property
    def tiny(self) -> dict:
        return self.settings["datasets"]["tiny"]

    def configure(self, **settings) -> None:
        """Change settings; a mapping changes the keys that it has."""
        old = self.settings if self.settings_file.exists() else {}
        self.settings_file.write_text(yaml.safe_dump(merged(old, settings)))

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.path / file
        text = path.read_text()
        assert old in text, f"{file} no longer has {old!r}"
        path.write_text(text.replace(old, new))

    def command(self, *options: str, cores: int | None = 2) -> list[str]:
        # Targets come first: --configfile takes all words that follow it.
        command = [sys.executable, "-m", "snakemake", *self.targets, *options]
        command += ["--cores", str(cores)] if cores else []
        return [*command, "--configfile", "tiny.yaml"]

    def snakemake(self, *options: str, cores: int = 2) -> subprocess.CompletedProcess:
        return subprocess.run(
            self.command(*options, cores=cores), cwd=self.path, capture_output=True, text=True, check=False
        )

    def run(self, *options: str, cores: int = 2) -> str:
        """Run to the end; the text of the terminal."""
        run = self.snakemake(*options, cores=cores)
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout + run.stderr

    def make(self, *words: str, check: bool = True) -> str:
        """Run a target of the Makefile in a folder that has no .venv; the text of the terminal."""
        shutil.copy2(ROOT / "Makefile", self.path)
        command = ["make", "--assume-old=install", *words, f"CONFIG={self.settings_file.name}"]
        command += [f"SNAKEMAKE={sys.executable} -m snakemake"]
        # Under `make test-slow` these would make it a part of that make.
        environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL")}
        done = subprocess.run(command, cwd=self.path, env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode == 0) == check, done.stdout + done.stderr
        return done.stdout + done.stderr

    def jobs(self, *options: str) -> set[str]:
        """What Snakemake would run: for each job its rule, and the feature space where it has one."""
        text = self.run("--dry-run", *options)
        if "Nothing to be done" in text:
            return set()
        found = re.findall(r"^(?:local)?rule (\w+):\n((?:    .*\n)*)", text, re.MULTILINE)
        assert found, text
        return {job_name(rule, details) for rule, details in found} - {"all", "tables"}

    def without_training(self) -> None:
        """Leave the autoencoder out: TensorFlow takes seconds to start."""
        self.configure(features=["pixels"])

    def metrics_of(self, finished: "Project") -> str:
        """The metrics.csv that the present feature spaces should give, from that of all of them."""
        features = merged(yaml.safe_load((self.path / "config.yaml").read_text()), self.settings)["features"]
        head, *rows = [line.split(",") for line in finished.metrics.read_text().splitlines()]
        kept = [i for i, name in enumerate(head) if "_in_" not in name or name.split("_in_")[1] in features]
        lines = [head, *(row for row in rows if row[1] in features)]
        return "".join(",".join(line[i] for i in kept) + "\n" for line in lines)

    def snapshot(self) -> dict[str, bytes]:
        """All results but logs and benchmarks."""
        files = [path for path in (self.path / "results").rglob("*") if path.is_file()]
        kept = [path for path in files if not {"logs", "benchmarks"} & set(path.parts)]
        return {
            str(path.relative_to(self.path)): path.read_bytes()
            for path in kept
            if path.suffix not in (".log", ".tsv")
        }

    def copy(self, path: Path) -> "Project":
        """The same project elsewhere, with the times of the files as they are."""
        shutil.copytree(self.path, path, symlinks=True, dirs_exist_ok=True)
        return Project(path)


def merged(old: dict, new: dict) -> dict:
    result = dict(old)
    for key, value in new.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both else value
    return result


def job_name(rule: str, details: str) -> str:
    wildcards = dict(re.findall(r"(\w+)=([^,\s]+)", details.partition("wildcards: ")[2].split("\n")[0]))
    parts = [wildcards[name] for name in ("features", "split") if name in wildcards]
    parts += [f"{name}{wildcards[name]}" for name in ("k", "seed", "run") if name in wildcards]
    parts += [wildcards["group"]] if "group" in wildcards else []
    parts += [f"in {wildcards['space']}"] if "space" in wildcards else []
    return " ".join([rule, *parts])


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Project:
    """A project that has run to the end. Tests copy it."""
    project = Project.create(tmp_path_factory.mktemp("finished"))
    project.run()
    return project


@pytest.fixture
def project(finished, tmp_path) -> Project:
    """A copy of the finished project, to change."""
    return finished.copy(tmp_path / "project")


@pytest.fixture
def fresh(tmp_path) -> Project:
    """A project that never ran."""
    (tmp_path / "fresh").mkdir()
    return Project.create(tmp_path / "fresh")


def touch(path: Path, time: float) -> None:
    os.utime(path, (time, time))
