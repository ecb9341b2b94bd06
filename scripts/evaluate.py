"""Score one clustering by itself: the validity indices."""

import argparse
import json
import logging
from pathlib import Path

from lib.cli import replacing, run
from lib.storage import SPLITS, read_clusters, read_features, reading
from lib.validity import Part, combine, sampled_silhouette, validity


def main(args: argparse.Namespace) -> None:
    X = read_features(args.features, args.split)
    labels = read_clusters(args.clusters, len(X))
    if args.silhouette_samples:
        mean, lower, upper = sampled_silhouette(X, labels, args.silhouette_samples, n_threads=args.threads)
        scores = {"silhouette": mean, "silhouette_lower": lower, "silhouette_upper": upper}
    else:
        if args.parts:
            exact = combine(labels, [read_part(path) for path in args.parts])
        else:
            exact = validity(X, labels, n_threads=args.threads)
        scores = {name: value for name, value in exact._asdict().items() if name != "silhouette_samples"}
    with reading(args.clusters) as file:
        row = {
            "n_samples": X.shape[0],
            "n_features": X.shape[1],
            "k": len(file["centroids"]),
            "inertia": float(file.attrs["inertia"]),
            "n_iter": int(file.attrs["n_iter"]),
            "converged": bool(file.attrs["converged"]),
        }
    row |= scores
    logging.info(", ".join(f"{name} {value:.4g}" for name, value in row.items() if isinstance(value, float)))
    with replacing(args.out) as part:
        part.write_text(json.dumps(row, indent=2) + "\n")


def read_part(path: Path) -> Part:
    with reading(path) as file:
        extremes = []
        for name in ("separation", "diameter"):
            square, *numbers = file.attrs[name].tolist()
            extremes.append((square, *map(int, numbers)))
        return Part(file["sums"][:], file["exponents"][:], *extremes)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="evaluate", description=__doc__)
    parser.add_argument("--features", type=Path, required=True)
    parser.add_argument("--clusters", type=Path, required=True)
    parser.add_argument("--split", choices=SPLITS, required=True)
    parser.add_argument("--parts", type=Path, nargs="*", help="all parts of the indices, if computed already")
    parser.add_argument(
        "--silhouette-samples", type=int, help="estimate the silhouette from so many of each cluster"
    )
    parser.add_argument("--threads", type=int, default=1, help="the result does not depend on it")
    parser.add_argument("--out", type=Path, required=True)
    run(main, parser)
