"""Score clusterings of the same images in one feature space: silhouette and Dunn's index."""

import argparse
import logging
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

from lib.cli import InputError, run
from lib.storage import read_clusters, read_features, read_seed, reading, writing
from lib.validity import Part, combine, sampled_silhouette, validities


def main(args: argparse.Namespace) -> None:
    X = read_features(args.features)
    labellings = [read_clusters(path, len(X)) for path in args.clusters]
    seeds = [read_seed(path) for path in args.clusters]
    found = list(scored(args, X, labellings))
    with writing(args.out) as file:
        file.attrs["n_features"] = X.shape[1]
        for seed, scores in zip(seeds, found, strict=True):
            write(file.create_group(f"seed{seed}"), scores)
            indices = (f"{name} {value:.4g}" for name, value in scores.items() if isinstance(value, float))
            logging.info("seed %d: %s", seed, ", ".join(indices))


def scored(args: argparse.Namespace, X: np.ndarray, labellings: list[np.ndarray]) -> Iterator[dict]:
    """The scores of each clustering."""
    if args.silhouette_samples:
        for labels in labellings:
            try:
                found = sampled_silhouette(X, labels, args.silhouette_samples, n_threads=args.threads)
            except ValueError as error:
                raise InputError(f"{args.features}: {error}") from None
            mean, lower, upper = found
            yield {"silhouette": mean, "silhouette_lower": lower, "silhouette_upper": upper}
    elif args.parts:
        for i, labels in enumerate(labellings):
            yield combine(labels, [read_part(path, i) for path in args.parts])._asdict()
    else:
        for result in validities(X, labellings, n_threads=args.threads):
            yield result._asdict()


def read_part(path: Path, i: int) -> Part:
    """A part of the indices of one clustering."""
    with reading(path) as file:
        group = file[str(i)]
        extremes = []
        for name in ("separation", "diameter"):
            distance, *numbers = group.attrs[name].tolist()
            extremes.append((distance, *map(int, numbers)))
        return Part(group["sums"][:], group["exponents"][:], *extremes)


def write(group: h5py.Group, scores: dict) -> None:
    for name, value in scores.items():
        if name == "silhouette_samples":
            group[name] = value.astype(np.float32)
            group[name].attrs["description"] = "silhouette of each image, in the order of images.h5"
        elif value is not None:
            group.attrs[name] = value


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="evaluate", description=__doc__)
    parser.add_argument("--features", type=Path, required=True, help="the space to score in")
    parser.add_argument("--clusters", type=Path, nargs="+", required=True, help="made in that space or in another")
    parser.add_argument("--parts", type=Path, nargs="*", help="all parts of the indices, if computed already")
    parser.add_argument(
        "--silhouette-samples", type=int, help="estimate the silhouette from so many of each cluster"
    )
    parser.add_argument("--threads", type=int, default=1, help="the result does not depend on it")
    parser.add_argument("--out", type=Path, required=True)
    run(main, parser)
