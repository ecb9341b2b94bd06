"""The validity indices of many images, shared out among jobs of Slurm: how time falls with the number of jobs.

The script brings up a Slurm of two nodes with a core each, both on this machine (as root). The images are pieces
of CIFAR-10's training images. Writes benchmarks/scale_out.csv: wall time from features and clusters to the scores,
and the seconds of the jobs. The scores have to be the same, to the byte.

Run after `make run` and `make test-slurm`:
PYTHONPATH=tests/workflow .venv/slurm/bin/python benchmarks/scale_out.py
"""

import argparse
import csv
import hashlib
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import h5py
import numpy as np
import yaml
from slurm import Slurm, why_not

HERE = Path(__file__).parent
ROOT = HERE.parent
SOURCES = ["Snakefile", "config.yaml", "rules", "scripts", "envs", "profiles"]
# Of the prediction, in seconds: what Slurm and Snakemake take to submit a job (chosen to fit) and to start it,
# reading the pair sums of one job for a million images (assumed), the executor plugin's questions, and Snakemake's
# own start.
SUBMIT, START, REDUCE, FIRST, STEP, REST = 0.3, 7, 0.1, 10, 10, 2
SCORES = Path("metrics/pixels/train/k10.h5")
TARGETS = [f"results/pieces/{SCORES}"]
ON_SLURM = ["--workflow-profile", "profiles/slurm", "--slurm-status-command", "squeue", "--latency-wait", "5"]


def pieces(images: np.ndarray, n: int, side: int) -> np.ndarray:
    """n pieces of side x side, from anywhere in the images (n, height, width)."""
    rng = np.random.default_rng(0)
    windows = np.lib.stride_tricks.sliding_window_view(images, (side, side), axis=(1, 2))
    return windows[tuple(rng.integers(0, size, n) for size in windows.shape[:3])]


def copy_workflow(folder: Path) -> None:
    for name in SOURCES:
        put = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        put(ROOT / name, folder / name)


def prepare(folder: Path, n_images: int, side: int) -> None:
    """Copy the workflow, and run it on so many images up to the clusterings."""
    copy_workflow(folder)
    with h5py.File(ROOT / "results" / "cifar10" / "images.h5") as file:
        images = pieces(file["train/images"][:], n_images, side)
    np.savez(folder / "pieces.npz", x_train=images, x_test=images[:100])
    settings = {
        "dataset": "pieces",
        "datasets": {"pieces": {"format": "npz", "source": "pieces.npz", "sha256": None}},
        "features": ["pixels"],
        "clustering": {"splits": ["train"], "n_clusters": [10], "seeds": [0]},
    }
    (folder / "settings.yaml").write_text(yaml.safe_dump(settings))
    snakemake(folder, TARGETS, "--cores", "2", "--until", "cluster")


def snakemake(folder: Path, targets: list[str], *options: str) -> None:
    """Make some files, with the settings.yaml of the folder."""
    command = [sys.executable, "-m", "snakemake", *targets, *options, "--configfile", "settings.yaml"]
    process = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if process.returncode:
        sys.exit(f"{Path(sys.argv[0]).name}: error: {process.stdout}{process.stderr}")


def scored(folder: Path, *options: str) -> dict:
    """Score the clustering: how long it took, and the digest of the scores."""
    results = folder / "results" / "pieces"
    (results / SCORES).unlink(missing_ok=True)
    shutil.rmtree(results / "benchmarks" / "pair_sums", ignore_errors=True)
    start = time.perf_counter()
    snakemake(folder, TARGETS, *options)
    row = {"seconds": time.perf_counter() - start}
    row["pair_sums_seconds"] = sum(map(seconds, (results / "benchmarks" / "pair_sums").rglob("*.tsv")))
    row["evaluate_seconds"] = seconds(
        results / "benchmarks" / "evaluate" / SCORES.relative_to("metrics").with_suffix(".tsv")
    )
    row["sha256"] = hashlib.sha256((results / SCORES).read_bytes()).hexdigest()
    return row


def predicted(work: float, n_jobs: int, n_nodes: int) -> float:
    """Seconds from the first submission to the scores, by how the executor plugin waits.

    It asks after FIRST seconds which jobs have ended. It waits STEP more before each next question, until one has.
    """
    ends = sorted(
        i // n_nodes * (START + work / n_jobs) + (i + 1) * SUBMIT + START + work / n_jobs for i in range(n_jobs)
    )
    now, wait = 0.0, FIRST
    while ends:
        now += wait
        left = [end for end in ends if end > now]
        wait = FIRST if len(left) < len(ends) else wait + STEP
        ends = left
    return now + n_jobs * REDUCE + (FIRST + STEP if n_jobs > 1 else 0) + REST


def seconds(log: Path) -> float:
    with log.open() as file:
        return sum(float(row["s"]) for row in csv.DictReader(file, delimiter="\t"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n-images", type=int, default=300_000)
    parser.add_argument("--side", type=int, default=8, help="of the images")
    parser.add_argument("--n-chunks", type=int, nargs="+", default=[1, 2, 4, 8, 16])
    parser.add_argument("--out", type=Path, default=HERE / "scale_out.csv")
    args = parser.parse_args()
    if reason := why_not():
        sys.exit(f"scale_out.py: error: {reason}")
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder, args.n_images, args.side)
        rows.append({"where": "one machine, 2 cores", "jobs": 1} | scored(folder, "--cores", "2"))
        print(rows[-1], flush=True)
        with Slurm(folder / "slurm", n_nodes=2, cpus=1):
            for n_chunks in args.n_chunks:
                # A node has no more than one core.
                row = scored(
                    folder, *ON_SLURM, "--set-threads", "evaluate=1", "--set-scatter", f"pairs={n_chunks}"
                )
                rows.append({"where": "Slurm, 2 nodes of 1 core", "jobs": n_chunks} | row)
                print(rows[-1], flush=True)
    if len({row["sha256"] for row in rows}) > 1:
        sys.exit("scale_out.py: error: the scores differ")
    with args.out.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["images", "features", *rows[0]])
        writer.writeheader()
        writer.writerows({"images": args.n_images, "features": args.side**2} | row for row in rows)
