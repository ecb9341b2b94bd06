"""Measure k-means and the validity indices against what people would use instead.

Each measurement is a process of its own, which loads the data, warms up and does the work once. The sides take
turns. Writes benchmarks/results.csv (every measurement) and benchmarks/results.png, and prints the time of each
side as a multiple of ours.
"""

import argparse
import json
import os
import subprocess
import sys
import time
import warnings
from functools import partial
from pathlib import Path

import numpy as np

from lib.base.parallel import blocks, in_threads, n_cores
from lib.clustering.kmeans import kmeans
from lib.evaluation.validity import validity
from lib.features.features_file import read_features

HERE = Path(__file__).parent
FEATURES = HERE.parent / "results" / "cifar10" / "features"
N_ITER = 5  # of the limits, which are measured for so many iterations and scaled to all


def load(data: str) -> np.ndarray:
    """Features (n, d): pixels-test, codes-train … are CIFAR-10's; blobs-1000000 are made up, of 64 dimensions."""
    name, which = data.split("-")
    if name != "blobs":
        return read_features(FEATURES / {"pixels": "pixels", "codes": "autoencoder/seed0"}[name] / f"{which}.h5")
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(100, 64)).astype(np.float32)
    X = rng.normal(size=(int(which), 64)).astype(np.float32)
    X += centres[rng.integers(0, 100, len(X))]
    return X


def ours(X, init, n_iter):
    result = kmeans(X, len(init), init=init)
    return {"n_iter": result.n_iter, "value": result.inertia}


def scikit_learn(algorithm, X, init, n_iter):
    from sklearn.cluster import KMeans

    model = KMeans(len(init), init=init, n_init=1, tol=0, max_iter=100_000, algorithm=algorithm).fit(X)
    return {"n_iter": model.n_iter_, "value": model.inertia_}


def faiss(X, init, n_iter):
    from faiss import Kmeans

    # It cannot be told to go on until it converges. It gets as many iterations as ours needs, at most.
    model = Kmeans(X.shape[1], len(init), niter=n_iter, max_points_per_centroid=len(X))
    model.train(X, init_centroids=init)
    return {"n_iter": len(model.obj), "value": float(model.obj[-1])}


def products(X, init, n_iter):
    """The products of all points and centroids by BLAS alone, for as many iterations as ours needs."""
    start = time.perf_counter()
    for _ in range(N_ITER):
        X @ init.T
    return {"n_iter": n_iter, "seconds": (time.perf_counter() - start) * n_iter / N_ITER}


def reading(X, init, n_iter):
    """One look at X in each iteration."""
    with in_threads() as parallel_map:
        start = time.perf_counter()
        for _ in range(N_ITER):
            parallel_map(lambda rows: X[rows].max(), blocks(len(X)))
    return {"n_iter": n_iter, "seconds": (time.perf_counter() - start) * n_iter / N_ITER}


def our_validity(X, labels):
    result = validity(X, labels)
    return {"value": result.silhouette, "dunn": result.dunn}


def scikit_learn_silhouette(X, labels):
    from sklearn.metrics import silhouette_score

    return {"value": float(silhouette_score(X, labels))}


def validclust_dunn(X, labels):
    from sklearn.metrics import pairwise_distances
    from validclust import dunn

    return {"dunn": float(dunn(pairwise_distances(X), labels))}


def genieclust_silhouette(X, labels):
    from genieclust.cluster_validity import silhouette_index

    return {"value": silhouette_index(X, labels)}


def genieclust_dunn(X, labels):
    from genieclust.cluster_validity import generalised_dunn_index

    return {"dunn": generalised_dunn_index(X, labels, lowercase_d=1, uppercase_d=1)}


def distance_products(X, labels):
    """The products of all pairs of points by BLAS alone, each pair once."""
    start = time.perf_counter()
    for rows in blocks(len(X), 1024):
        X[rows] @ X[rows.start :].T
    return {"seconds": time.perf_counter() - start}


CLUSTERING = {
    "ours": ours,
    "scikit-learn lloyd": partial(scikit_learn, "lloyd"),
    "scikit-learn elkan": partial(scikit_learn, "elkan"),
    "faiss": faiss,
    "limit: products": products,
    "limit: reading": reading,
}
VALIDITY = {
    "ours": our_validity,
    "scikit-learn silhouette": scikit_learn_silhouette,
    "genieclust silhouette": genieclust_silhouette,
    "genieclust Dunn": genieclust_dunn,
    "validclust Dunn": validclust_dunn,
    "limit: products": distance_products,
}
SLOW_VALIDITY = ["ours", "genieclust silhouette", "genieclust Dunn", "validclust Dunn"]
FAST_VALIDITY = ["ours", "scikit-learn silhouette", "limit: products"]
ALL = None
# (kind, data, k, turns, sides)
WORKS = [
    ("k-means", "pixels-test", 10, 5, ALL),
    ("k-means", "pixels-train", 10, 3, ALL),
    ("k-means", "codes-train", 10, 5, ALL),
    ("k-means", "codes-train", 100, 3, ALL),
    ("k-means", "blobs-250000", 100, 2, ALL),
    ("k-means", "blobs-1000000", 100, 1, [side for side in CLUSTERING if side != "scikit-learn elkan"]),
    ("validity", "pixels-test", 10, 5, FAST_VALIDITY),
    ("validity", "pixels-test", 10, 1, SLOW_VALIDITY),
    ("validity", "codes-train", 10, 3, FAST_VALIDITY),
    ("validity", "blobs-100000", 10, 1, ["ours", "limit: products"]),
    ("validity", "blobs-1000000", 10, 1, ["ours"]),
]


def memory(name: str) -> float:
    """Memory of this process in MB, now (VmRSS) or at its peak (VmHWM); Linux only."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


def measure(kind: str, data: str, k: int, side: str, n_iter: int) -> dict:
    """Measure a work once in this process: seconds, and peak memory in MB beside the data."""
    warnings.simplefilter("ignore")  # scikit-learn's advice to choose another algorithm
    X = load(data)
    init = X[np.random.default_rng(0).choice(len(X), k, replace=False)]
    if kind == "k-means":
        work = partial(CLUSTERING[side], n_iter=n_iter)
        work(X[:5000], init)
    else:
        labels = kmeans(X, k, init=init, max_iter=20).labels
        work = VALIDITY[side]
        work(X[:3000], labels[:3000])
    before = memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    start = time.perf_counter()
    result = work(X, init if kind == "k-means" else labels)
    seconds = time.perf_counter() - start
    n, d = X.shape
    return {
        "kind": kind,
        "data": data,
        "n": n,
        "d": d,
        "k": k,
        "side": side,
        "seconds": seconds,
        "mb": memory("VmHWM") - before,
        **dict.fromkeys(["n_iter", "value", "dunn"]),
    } | result


def compare(works: list) -> None:
    import pandas as pd

    # A site may set these for other programs. Without them OpenBLAS finds out what is best.
    left_out = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
    environment = {name: value for name, value in os.environ.items() if name not in left_out}
    rows = []
    for kind, data, k, n_turns, sides in works:
        n_iter = 1  # later what ours, the first, needed
        for turn in range(n_turns):
            for side in sides or (CLUSTERING if kind == "k-means" else VALIDITY):
                command = [sys.executable, __file__, "--one", json.dumps([kind, data, k, side, n_iter])]
                output = subprocess.run(
                    command, check=True, stdout=subprocess.PIPE, text=True, env=environment
                ).stdout
                rows.append(json.loads(output.splitlines()[-1]) | {"run": turn})
                n_iter = rows[-1]["n_iter"] or 1 if side == "ours" else n_iter
                print(f"{kind}, {data}, k={k}, {side}: {rows[-1]['seconds']:.2f} s", flush=True)
        pd.DataFrame(rows).to_csv(HERE / "results.csv", index=False)
    table = summary(pd.DataFrame(rows))
    print(table.to_string(index=False))
    plot_ratios(table)


def summary(table):
    """For each side of each work: the median and range of seconds, and of how many times as long as ours."""
    works = ["kind", "data", "n", "d", "k"]
    table = table.astype({"n_iter": float, "value": float, "dunn": float})  # also where a side has none
    own = table["seconds"].where(table["side"] == "ours").ffill()  # ours is the first of each turn
    table["ratio"] = table["seconds"] / own
    return (
        table.groupby([*works, "side"], sort=False)
        .agg(
            seconds=("seconds", "median"),
            ratio=("ratio", "median"),
            lowest=("ratio", "min"),
            highest=("ratio", "max"),
            n_iter=("n_iter", "median"),
            value=("value", "median"),
            dunn=("dunn", "median"),
            mb=("mb", "max"),
        )
        .reset_index()
    )


def plot_ratios(table) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    others = table[(table["side"] != "ours")]
    works = list(others.groupby(["kind", "data", "n", "d", "k"], sort=False))
    figure, axis = plt.subplots(figsize=(8, 0.75 * len(works) + 1.5), layout="constrained")
    sides = list(dict.fromkeys(others["side"]))
    colours = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999", "#882255"]
    for position, (_, group) in enumerate(works):
        for row in group.itertuples():
            index = sides.index(row.side)
            y = position + 0.09 * (index - len(sides) / 2)
            axis.plot([row.lowest, row.highest], [y, y], color=colours[index], linewidth=1)
            axis.plot(row.ratio, y, "osD^vP*Xh"[index], color=colours[index], label=row.side)
    axis.axvline(1, color="black", linewidth=0.8)
    axis.set_xscale("log")
    axis.set_xlabel(f"time, as a multiple of ours ({n_cores()} cores; median and range)")
    axis.set_yticks(
        range(len(works)), [f"{w[0]}, {w[1].split('-')[0]}\n{w[2]:,} x {w[3]}, k={w[4]}" for w, _ in works]
    )
    axis.invert_yaxis()
    axis.spines[["top", "right"]].set_visible(False)
    handles, labels = axis.get_legend_handles_labels()
    unique = dict(zip(labels, handles, strict=True))
    figure.legend(unique.values(), unique.keys(), loc="outside lower center", ncols=3, frameon=False)
    figure.savefig(HERE / "results.png", dpi=150, metadata={"Software": None})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--only", default="", help="works whose kind or data contain this, such as codes or k-means"
    )
    parser.add_argument("--one", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(measure(*json.loads(args.one)), default=float))
        sys.exit()
    if not FEATURES.exists():
        sys.exit("run.py: error: results/cifar10/features is not there; make it first (make run)")
    compare([work for work in WORKS if args.only in f"{work[0]} {work[1]}"])
