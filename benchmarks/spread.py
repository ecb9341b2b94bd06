"""A sweep of short clusterings on Slurm: how time falls with the number of nodes.

The clusterings are of the digits, ten in each job. The script brings up a Slurm of one and of two nodes with a
core each, all on this machine (as root). Writes benchmarks/spread.csv: wall time from features to clusters.

Run after `make test-slurm`:
PYTHONPATH=tests/workflow .venv/slurm/bin/python benchmarks/spread.py
"""

import argparse
import csv
import shutil
import sys
import tempfile
import time
from pathlib import Path

import yaml
from scale_out import ON_SLURM, copy_workflow, snakemake
from slurm import Slurm, why_not

OUT = Path(__file__).parent / "spread.csv"
N_CLUSTERS, SEEDS, PER_JOB, REPEATS = range(2, 10), range(5), 10, 2
CLUSTERS = Path("results/digits/clusters")
TARGETS = [f"{CLUSTERS}/pixels/test/k{k}/seed{seed}.h5" for k in N_CLUSTERS for seed in SEEDS]
OPTIONS = ["--cores", "1"]  # a node has no more than one core


def main() -> None:
    if reason := why_not():
        sys.exit(f"spread.py: error: {reason}")
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copy_workflow(folder)
        clustering = {"n_clusters": [*N_CLUSTERS], "seeds": [*SEEDS], "clusterings_per_job": PER_JOB}
        settings = {"dataset": "digits", "clustering": clustering}
        (folder / "settings.yaml").write_text(yaml.safe_dump(settings))
        snakemake(folder, TARGETS, "--cores", "2", "--until", "encode_pixels")
        for repeat in range(REPEATS):
            for n_nodes in (1, 2):
                shutil.rmtree(folder / CLUSTERS, ignore_errors=True)
                with Slurm(folder / f"slurm{repeat}{n_nodes}", n_nodes=n_nodes, cpus=1):
                    start = time.perf_counter()
                    snakemake(folder, TARGETS, *ON_SLURM, *OPTIONS)
                    seconds = time.perf_counter() - start
                    rows.append({"nodes": n_nodes, "jobs": len(TARGETS) // PER_JOB, "seconds": seconds})
                print(rows[-1], flush=True)
    with OUT.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    main()
