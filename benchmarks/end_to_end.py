"""The whole study: the workflow from nothing, against one plain script (benchmarks/study.py).

Both begin with the archive, and end with silhouette and Dunn's index of the pixels of the test images and of the
codes of the training images. They take turns. Writes benchmarks/end_to_end.csv: wall time, and the peak memory of
all processes together.
"""

import argparse
import copy
import csv
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import yaml

HERE = Path(__file__).parent
ROOT = HERE.parent
SOURCES = ["Snakefile", "config.yaml", "rules", "scripts", "envs", "profiles"]
SETTINGS = {
    "autoencoder": {"seeds": [0]},
    "clustering": {"splits": {"pixels": ["test"], "autoencoder": ["train"]}, "n_clusters": [10], "seeds": [0]},
    "evaluation": {"cross_space_scores": False},  # each in its own space, as in the study
}


def measure(command: list[str], folder: Path) -> dict:
    """Wall time in seconds and peak memory in MB of a command and all its children."""
    start = time.perf_counter()
    process = psutil.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    most = 0
    while process.poll() is None:
        total = 0
        for member in [process, *process.children(recursive=True)]:
            try:
                total += member.memory_info().rss
            except psutil.Error:  # it has ended
                continue
        most = max(most, total)
        time.sleep(0.1)
    if process.returncode:
        sys.exit(f"end_to_end.py: error: {' '.join(command)} failed in {folder}")
    return {"seconds": time.perf_counter() - start, "mb": most / 1e6}


def workflow(folder: Path, archive: Path) -> list[dict]:
    """Run the workflow from nothing, with nothing to do, and after a change of k."""
    for name in SOURCES:
        copy_to = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy_to(ROOT / name, folder / name)
    settings = copy.deepcopy(SETTINGS) | {"datasets": {"cifar10": {"source": str(archive), "sha256": None}}}
    (folder / "study.yaml").write_text(yaml.safe_dump(settings))
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--configfile", "study.yaml"]
    command += ["--", "results/cifar10/metrics.csv"]
    rows = [{"what": "workflow, cold"} | measure(command, folder)]
    for log in sorted((folder / "results" / "cifar10" / "benchmarks").rglob("*.tsv")):
        with log.open() as file:
            (row,) = csv.DictReader(file, delimiter="\t")
        name = log.relative_to(folder / "results" / "cifar10" / "benchmarks").with_suffix("")
        rows.append({"what": f"workflow, rule {name}", "seconds": float(row["s"]), "mb": float(row["max_rss"])})
    rows.append({"what": "workflow, nothing to do"} | measure(command, folder))
    settings["clustering"]["n_clusters"] = [9]
    (folder / "study.yaml").write_text(yaml.safe_dump(settings))
    return [*rows, {"what": "workflow, another k"} | measure(command, folder)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--archive", type=Path, help="default: what `make run` has fetched")
    parser.add_argument("--repeats", type=int, default=2)
    args = parser.parse_args()
    fetched = [path for path in (ROOT / "results" / "archives").glob("*") if not path.suffix]
    archive = args.archive or (fetched[0] if fetched else None)
    if archive is None:
        sys.exit("end_to_end.py: error: no archive in results/archives; name one, or `make run` first")
    rows = []
    for repeat in range(args.repeats):
        plain = [sys.executable, str(HERE / "study.py"), str(archive.resolve())]
        found = [{"what": "plain script"} | measure(plain, HERE)]
        with tempfile.TemporaryDirectory() as folder:
            found += workflow(Path(folder), archive.resolve())
        rows += [{"run": repeat} | row for row in found]
        for row in found:
            print(row, flush=True)
    with (HERE / "end_to_end.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
