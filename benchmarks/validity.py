"""Measure the validity indices against what people would use instead.

Each measurement is a process of its own, which loads the data, warms up and does the work once. The sides take
turns. Writes benchmarks/validity.csv, every measurement, and prints the time of each side as a multiple of ours.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from lib.base.parallel import blocks
from lib.clustering.kmeans import kmeans
from lib.evaluation.validity import validity
from lib.features.features_file import read_features

HERE = Path(__file__).parent
FEATURES = HERE.parent / "results" / "cifar10" / "features"


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


def kmedoids_silhouette(X, labels):
    """With the time of the distance matrix, which scikit-learn makes."""
    from kmedoids import silhouette
    from sklearn.metrics import pairwise_distances

    return {"value": silhouette(pairwise_distances(X), labels)[0]}


def kmedoids_silhouette_alone(X, labels):
    """Without the time of the distance matrix."""
    from kmedoids import silhouette
    from sklearn.metrics import pairwise_distances

    distances = pairwise_distances(X)
    start = time.perf_counter()
    value = silhouette(distances, labels)[0]
    return {"seconds": time.perf_counter() - start, "value": value}


def products_in_float64(X, labels):
    return distance_products(X.astype(np.float64), labels)


def distance_products(X, labels):
    """The products of all pairs of points by BLAS alone, each pair once."""
    start = time.perf_counter()
    for rows in blocks(len(X), 1024):
        X[rows] @ X[rows.start :].T
    return {"seconds": time.perf_counter() - start}


VALIDITY = {
    "ours": our_validity,
    "scikit-learn silhouette": scikit_learn_silhouette,
    "genieclust silhouette": genieclust_silhouette,
    "genieclust Dunn": genieclust_dunn,
    "validclust Dunn": validclust_dunn,
    "kmedoids silhouette": kmedoids_silhouette,
    "kmedoids silhouette, distances given": kmedoids_silhouette_alone,
    "limit: products": distance_products,
    "limit: products in float64": products_in_float64,
}
SLOW_VALIDITY = ["ours", "genieclust silhouette", "genieclust Dunn", "validclust Dunn"]
FAST_VALIDITY = ["ours", "scikit-learn silhouette", "limit: products", "limit: products in float64"]
KMEDOIDS = ["kmedoids silhouette", "kmedoids silhouette, distances given"]  # the matrix has to fit into memory
# (data, k, turns, sides)
WORKS = [
    ("pixels-test", 10, 5, [*FAST_VALIDITY, *KMEDOIDS]),
    ("pixels-test", 10, 1, SLOW_VALIDITY),
    ("codes-train", 10, 3, FAST_VALIDITY),
    ("blobs-100000", 10, 1, ["ours", "limit: products", "limit: products in float64"]),
    ("blobs-1000000", 10, 1, ["ours"]),
]


def memory(name: str) -> float:
    """Memory of this process in MB, now (VmRSS) or at its peak (VmHWM); Linux only."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


def measure(data: str, k: int, side: str) -> dict:
    """Measure a work once in this process: seconds, and peak memory in MB beside the data."""
    X = load(data)
    init = X[np.random.default_rng(0).choice(len(X), k, replace=False)]
    labels = kmeans(X, k, init=init, max_iter=20).labels
    work = VALIDITY[side]
    work(X[:3000], labels[:3000])
    before = memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    start = time.perf_counter()
    result = work(X, labels)
    seconds = time.perf_counter() - start
    n, d = X.shape
    return {
        "data": data,
        "n": n,
        "d": d,
        "k": k,
        "side": side,
        "seconds": seconds,
        "mb": memory("VmHWM") - before,
        **dict.fromkeys(["value", "dunn"]),
    } | result


def compare(works: list) -> None:
    import pandas as pd

    # A site may set these for other programs. Without them OpenBLAS finds out what is best.
    left_out = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
    environment = {name: value for name, value in os.environ.items() if name not in left_out}
    rows = []
    for data, k, n_turns, sides in works:
        for turn in range(n_turns):
            for side in sides:
                command = [sys.executable, __file__, "--one", json.dumps([data, k, side])]
                output = subprocess.run(
                    command, check=True, stdout=subprocess.PIPE, text=True, env=environment
                ).stdout
                rows.append(json.loads(output.splitlines()[-1]) | {"run": turn})
                print(f"{data}, k={k}, {side}: {rows[-1]['seconds']:.2f} s", flush=True)
        pd.DataFrame(rows).to_csv(HERE / "validity.csv", index=False)
    print(summary(pd.DataFrame(rows)).to_string(index=False))


def summary(table):
    """For each side of each work: the median and range of seconds, and of how many times as long as ours."""
    works = ["data", "n", "d", "k"]
    table = table.astype({"value": float, "dunn": float})  # also where a side has none
    own = table["seconds"].where(table["side"] == "ours").ffill()  # ours is the first of each turn
    table["ratio"] = table["seconds"] / own
    return (
        table.groupby([*works, "side"], sort=False)
        .agg(
            seconds=("seconds", "median"),
            ratio=("ratio", "median"),
            lowest=("ratio", "min"),
            highest=("ratio", "max"),
            value=("value", "median"),
            dunn=("dunn", "median"),
            mb=("mb", "max"),
        )
        .reset_index()
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="works whose data contain this, such as codes")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(measure(*json.loads(args.one)), default=float))
        sys.exit()
    if not FEATURES.exists():
        sys.exit("validity.py: error: results/cifar10/features is not there; make it first (make run)")
    compare([work for work in WORKS if args.only in work[0]])
