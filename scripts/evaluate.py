"""Score one clustering in one feature space: silhouette and Dunn's index."""

import argparse
import logging
from pathlib import Path

import numpy as np

from lib.cli import run
from lib.storage import read_clusters, read_features, reading, writing
from lib.validity import Part, combine, sampled_silhouette, validity


def main(args: argparse.Namespace) -> None:
    X = read_features(args.features)
    labels = read_clusters(args.clusters, len(X))
    if args.silhouette_samples:
        mean, lower, upper = sampled_silhouette(X, labels, args.silhouette_samples, n_threads=args.threads)
        scores = {"silhouette": mean, "silhouette_lower": lower, "silhouette_upper": upper}
    elif args.parts:
        scores = combine(labels, [read_part(path) for path in args.parts])._asdict()
    else:
        scores = validity(X, labels, n_threads=args.threads)._asdict()
    samples = scores.pop("silhouette_samples", None)
    logging.info(", ".join(f"{name} {value:.4g}" for name, value in scores.items() if isinstance(value, float)))
    with writing(args.out) as file:
        file.attrs["n_features"] = X.shape[1]
        for name, value in scores.items():
            if value is not None:
                file.attrs[name] = value
        if samples is not None:
            file["silhouette_samples"] = samples.astype(np.float32)
            file["silhouette_samples"].attrs["description"] = "silhouette of each image, in the order of images.h5"


def read_part(path: Path) -> Part:
    with reading(path) as file:
        extremes = []
        for name in ("separation", "diameter"):
            square, *numbers = file.attrs[name].tolist()
            extremes.append((square, *map(int, numbers)))
        return Part(file["sums"][:], file["exponents"][:], *extremes)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="evaluate", description=__doc__)
    parser.add_argument("--features", type=Path, required=True, help="the space to score in")
    parser.add_argument("--clusters", type=Path, required=True, help="made in that space or in another")
    parser.add_argument("--parts", type=Path, nargs="*", help="all parts of the indices, if computed already")
    parser.add_argument(
        "--silhouette-samples", type=int, help="estimate the silhouette from so many of each cluster"
    )
    parser.add_argument("--threads", type=int, default=1, help="the result does not depend on it")
    parser.add_argument("--out", type=Path, required=True)
    run(main, parser)
