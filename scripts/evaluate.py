"""Score one clustering: validity indices, and agreement with the classes where there are any."""

import argparse
import json
import logging
from pathlib import Path

from lib.agreement import agreement
from lib.cli import InputError, replacing, run
from lib.storage import SPLITS, read_features, read_labels, reading
from lib.validity import validity


def main(args: argparse.Namespace) -> None:
    X = read_features(args.features, args.split)
    with reading(args.clusters) as file:
        labels = file["labels"][:]
        row = {
            "n_samples": X.shape[0],
            "n_features": X.shape[1],
            "k": len(file["centroids"]),
            "inertia": float(file.attrs["inertia"]),
            "n_iter": int(file.attrs["n_iter"]),
            "converged": bool(file.attrs["converged"]),
        }
    if len(labels) != len(X):
        raise InputError(f"{args.clusters} has {len(labels)} labels for {len(X)} rows of {args.features}")
    scores = validity(X, labels, n_threads=args.threads)
    row |= {"silhouette": scores.silhouette, "dunn": scores.dunn}
    classes = read_labels(args.images, args.split)
    if classes is not None:
        row |= agreement(classes, labels)
    logging.info(", ".join(f"{name} {value:.4g}" for name, value in row.items() if isinstance(value, float)))
    with replacing(args.out) as part:
        part.write_text(json.dumps(row, indent=2) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="evaluate", description=__doc__)
    parser.add_argument("--features", type=Path, required=True)
    parser.add_argument("--clusters", type=Path, required=True)
    parser.add_argument("--images", type=Path, required=True, help="for the classes")
    parser.add_argument("--split", choices=SPLITS, required=True)
    parser.add_argument("--threads", type=int, default=1, help="the result does not depend on it")
    parser.add_argument("--out", type=Path, required=True)
    run(main, parser)
