"""A sweep of short clusterings on Slurm: how time falls with nodes.

Clusterings of digits, so many of them in one job, on a Slurm of one and of two nodes with a core each, both this
machine, that the script brings up (as root). Writes benchmarks/spread.csv: wall time from features to clusters.

Run after `make test-slurm`:
PYTHONPATH=tests/workflow .venv/slurm/bin/python benchmarks/spread.py
"""

import csv
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml
from scale_out import ON_SLURM, copy_workflow
from slurm import Slurm, why_not

OUT = Path(__file__).parent / "spread.csv"
N_CLUSTERS, SEEDS, PER_JOB, REPEATS = range(2, 10), range(5), 10, 2
N_JOBS = len(N_CLUSTERS) * len(SEEDS) // PER_JOB
CLUSTERS = Path("results/digits/clusters")


def snakemake(folder: Path, *options: str) -> None:
    targets = [f"{CLUSTERS}/pixels/test/k{k}/seed{seed}.h5" for k in N_CLUSTERS for seed in SEEDS]
    command = [sys.executable, "-m", "snakemake", *targets, *options, "--configfile", "sweep.yaml"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if run.returncode:
        sys.exit(f"spread.py: error: {run.stdout}{run.stderr}")


def main() -> None:
    if reason := why_not():
        sys.exit(f"spread.py: error: {reason}")
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copy_workflow(folder)
        settings = {"dataset": "digits", "clustering": {"n_clusters": [*N_CLUSTERS], "seeds": [*SEEDS]}}
        (folder / "sweep.yaml").write_text(yaml.safe_dump(settings))
        snakemake(folder, "--cores", "2", "--until", "pixels")
        for repeat in range(REPEATS):
            for n_nodes in (1, 2):
                shutil.rmtree(folder / CLUSTERS, ignore_errors=True)
                with Slurm(folder / f"slurm{repeat}{n_nodes}", n_nodes=n_nodes, cpus=1):
                    start = time.perf_counter()
                    # A node has no more than one core.
                    snakemake(folder, *ON_SLURM, "--cores", "1", "--group-components", f"clusterings={PER_JOB}")
                    rows.append({"nodes": n_nodes, "jobs": N_JOBS, "seconds": time.perf_counter() - start})
                print(rows[-1], flush=True)
    with OUT.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
