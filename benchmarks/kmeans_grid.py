"""k-means on data of many kinds and shapes, against the libraries that one would use instead.

All begin from the same initial centroids, and stop when no assignment changes or after MAX_ITER iterations; but
faiss, which cannot be told to stop, gets as many iterations as ours took. Each row of the grid has a process of
its own, in which the sides take turns. Writes benchmarks/kmeans_grid.csv, every measurement, and prints the time
of each side over ours, the worst row first. Three rows are features of `make run`, and of examples/features.yaml.
PYTHONPATH=scripts .venv/bin/python benchmarks/kmeans_grid.py
"""

import argparse
import csv
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from lib.clustering.kmeans import kmeans
from lib.features.features_file import read_features

HERE = Path(__file__).parent
RESULTS = HERE.parent / "results"
MAX_ITER = 300
TURNS = 3


def blobs(n: int, d: int, n_blobs: int, apart: float) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.normal(size=(n_blobs, d))[rng.integers(0, n_blobs, n)] * apart + rng.normal(size=(n, d))


def normal(n: int, d: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(n, d))


def uniform(n: int, d: int) -> np.ndarray:
    return np.random.default_rng(0).random((n, d))


def embeddings(n: int, d: int) -> np.ndarray:
    """Correlated columns with long tails, each row of length 1."""
    rng = np.random.default_rng(0)
    topics = rng.standard_t(3, size=(60, 40))
    found = (topics[rng.integers(0, 60, n)] + rng.standard_t(4, size=(n, 40))) @ rng.normal(size=(40, d))
    found = found * np.arange(1, d + 1) ** -0.3 + 0.5 * rng.normal(size=(n, d))
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def sparse(n: int, d: int) -> np.ndarray:
    """Counts, nearly all of them 0."""
    rng = np.random.default_rng(0)
    return rng.poisson(rng.gamma(0.1, 1, (50, d))[rng.integers(0, 50, n)] * rng.gamma(2, 0.5, (n, 1)))


def duplicates(n: int, d: int, n_distinct: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.normal(size=(n_distinct, d))[rng.integers(0, n_distinct, n)]


def line(n: int, d: int) -> np.ndarray:
    """Points along a curve, in order."""
    at = np.linspace(0, 20, n)[:, None]
    return np.sin(at * np.arange(1, d + 1) / d) + 0.05 * normal(n, d)


def far_from_0(n: int, d: int) -> np.ndarray:
    return blobs(n, d, 20, 1.0) + 1000


def features(path: str) -> np.ndarray:
    return read_features(RESULTS / path)


# What is clustered, and into how many clusters.
GRID: dict[str, tuple[Callable[[], np.ndarray], int]] = {
    "blobs 10k x 1024, k 10": (partial(blobs, 10_000, 1024, 10, 0.1), 10),
    "blobs 50k x 64, k 10": (partial(blobs, 50_000, 64, 10, 0.4), 10),
    "blobs 50k x 64, k 100": (partial(blobs, 50_000, 64, 100, 0.5), 100),
    "uniform 50k x 128, k 50": (partial(uniform, 50_000, 128), 50),
    "blobs 50k x 768, k 20": (partial(blobs, 50_000, 768, 20, 0.15), 20),
    "embeddings 20k x 768, k 25": (partial(embeddings, 20_000, 768), 25),
    "embeddings 20k x 768, k 100": (partial(embeddings, 20_000, 768), 100),
    "embeddings 20k x 384, k 25": (partial(embeddings, 20_000, 384), 25),
    "embeddings 20k x 384, k 100": (partial(embeddings, 20_000, 384), 100),
    "uniform 5k x 16, k 10": (partial(uniform, 5_000, 16), 10),
    "plane 200k x 2, k 30": (partial(normal, 200_000, 2), 30),
    "pixels 10k x 1024, k 10": (partial(features, "cifar10/features/pixels/test.h5"), 10),
    "codes 10k x 64, k 10": (partial(features, "cifar10/features/autoencoder/seed0/test.h5"), 10),
    "uniform 2k x 2, k 2": (partial(uniform, 2_000, 2), 2),
    "normal 2k x 10, k 5": (partial(normal, 2_000, 10), 5),
    "blobs 2k x 512, k 50": (partial(blobs, 2_000, 512, 50, 0.3), 50),
    "plane 1M x 2, k 10": (partial(uniform, 1_000_000, 2), 10),
    "blobs 1M x 16, k 20": (partial(blobs, 1_000_000, 16, 20, 1.0), 20),
    "blobs 200k x 32, k 200": (partial(blobs, 200_000, 32, 200, 0.7), 200),
    "normal 20k x 8, k 1000": (partial(normal, 20_000, 8), 1000),
    "blobs 30k x 128, k 500": (partial(blobs, 30_000, 128, 500, 0.5), 500),
    "normal 30k x 256, k 2": (partial(normal, 30_000, 256), 2),
    "uniform 20k x 512, k 5": (partial(uniform, 20_000, 512), 5),
    "sparse 20k x 500, k 20": (partial(sparse, 20_000, 500), 20),
    "sparse 10k x 1000, k 50": (partial(sparse, 10_000, 1000), 50),
    "duplicates 50k x 20, k 30": (partial(duplicates, 50_000, 20, 500), 30),
    "duplicates 20k x 300, k 10": (partial(duplicates, 20_000, 300, 200), 10),
    "line 100k x 3, k 50": (partial(line, 100_000, 3), 50),
    "line 20k x 100, k 20": (partial(line, 20_000, 100), 20),
    "far from 0 50k x 30, k 20": (partial(far_from_0, 50_000, 30), 20),
    "normal 100k x 4, k 8": (partial(normal, 100_000, 4), 8),
    "uniform 10k x 1000, k 100": (partial(uniform, 10_000, 1000), 100),
    "blobs 100k x 96, k 64": (partial(blobs, 100_000, 96, 64, 0.4), 64),
    "invariant 10k x 64, k 10": (partial(features, "cifar10-rgb/features/invariant/seed0/test.h5"), 10),
}


def ours(X: np.ndarray, init: np.ndarray, n_iter: int) -> tuple[int, float]:
    found = kmeans(X, len(init), init=init, max_iter=MAX_ITER)
    return found.n_iter, found.inertia


def scikit_learn(X: np.ndarray, init: np.ndarray, n_iter: int, algorithm: str) -> tuple[int, float]:
    from sklearn.cluster import KMeans

    model = KMeans(len(init), init=init, n_init=1, tol=0, max_iter=MAX_ITER, algorithm=algorithm).fit(X)
    return model.n_iter_, model.inertia_


def intel(X: np.ndarray, init: np.ndarray, n_iter: int) -> tuple[int, float]:
    from sklearnex.cluster import KMeans

    model = KMeans(len(init), init=init, n_init=1, tol=0, max_iter=MAX_ITER, algorithm="lloyd").fit(X)
    return model.n_iter_, model.inertia_


def faiss(X: np.ndarray, init: np.ndarray, n_iter: int) -> tuple[int, float]:
    from faiss import Kmeans

    model = Kmeans(X.shape[1], len(init), niter=n_iter, min_points_per_centroid=1, max_points_per_centroid=len(X))
    model.train(X, init_centroids=init)
    return len(model.obj), float(model.obj[-1])


SIDES = {
    "ours": ours,
    "lloyd": partial(scikit_learn, algorithm="lloyd"),
    "elkan": partial(scikit_learn, algorithm="elkan"),
    "intel": intel,
    "faiss": faiss,
}


def measure(name: str) -> None:
    """Print the measurements of a row as CSV: side, turn, seconds, iterations, inertia."""
    warnings.simplefilter("ignore")
    make, k = GRID[name]
    X = np.ascontiguousarray(make(), np.float32)
    init = X[np.random.default_rng(1).choice(len(X), k, replace=False)]
    n_iter = MAX_ITER
    for side in SIDES.values():
        side(X[:1000], X[:2] + np.float32([[0], [1]]), 2)  # warm
    for turn in range(TURNS):
        for side, run in SIDES.items():
            time.sleep(0.2)
            start = time.perf_counter()
            found, inertia = run(X, init, n_iter)
            print(side, turn, f"{time.perf_counter() - start:.5f}", found, f"{inertia:.6g}", sep=",")
            if side == "ours":
                n_iter = found


def report(table: pd.DataFrame) -> None:
    """Print the time of each side over ours, the worst row first, and the worst and the mean of all."""
    seconds = table.groupby(["data", "side"])["seconds"].median().unstack()
    ratios = seconds.div(seconds["ours"], axis=0).drop(columns="ours")
    ratios["best"] = ratios.min(axis=1)
    ratios.insert(0, "ours, s", seconds["ours"])
    print(ratios.sort_values("lloyd").round(2).to_string())
    for side in ("lloyd", "best"):
        values = ratios[side]
        mean = np.exp(np.log(values).mean())
        print(f"{side}: worst {values.min():.2f}, median {values.median():.2f}, geometric mean {mean:.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default="", help="only those whose names have this in them")
    parser.add_argument("--measure", help="a row, in this process")
    parser.add_argument("--out", type=Path, default=HERE / "kmeans_grid.csv")
    args = parser.parse_args()
    if args.measure:
        measure(args.measure)
        sys.exit()
    rows = []
    for name in GRID:
        if args.rows in name:
            command = [sys.executable, __file__, "--measure", name]
            output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            rows += [[name, *line.split(",")] for line in output.splitlines() if line.count(",") == 4]
            print(name, flush=True)
            with args.out.open("w", newline="") as file:
                writer = csv.writer(file)
                writer.writerows([["data", "side", "turn", "seconds", "iterations", "inertia"], *rows])
    report(pd.read_csv(args.out))
