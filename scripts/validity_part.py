"""Compute a part of the validity indices of some clusterings, from some of the pairs of points."""

import argparse
from pathlib import Path

from lib.cli import run
from lib.storage import read_clusters, read_features, writing
from lib.validity import partial_validities


def main(args: argparse.Namespace) -> None:
    X = read_features(args.features)
    labellings = [read_clusters(path, len(X)) for path in args.clusters]
    part, n_parts = args.part
    parts = partial_validities(X, labellings, part - 1, n_parts, n_threads=args.threads)
    with writing(args.out) as file:
        for i, part in enumerate(parts):
            group = file.create_group(str(i))
            group["sums"] = part.sums
            group["sums"].attrs["description"] = (
                "axes: cluster; image. Sum of distances, in units of 2 ** exponents"
            )
            group["exponents"] = part.exponents
            group["exponents"].attrs["description"] = "axes as of sums"
            for name in ("separation", "diameter"):
                group.attrs[name] = getattr(part, name)  # ± distance, tile, two images


def part_of(text: str) -> tuple[int, int]:
    part, n_parts = map(int, text.split("-of-"))
    if not 1 <= part <= n_parts:
        raise argparse.ArgumentTypeError(f"{text} is no part")
    return part, n_parts


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="validity_part", description=__doc__)
    parser.add_argument("--features", type=Path, required=True)
    parser.add_argument("--clusters", type=Path, nargs="+", required=True)
    parser.add_argument("--part", type=part_of, required=True, help="which of how many, like 3-of-8")
    parser.add_argument("--threads", type=int, default=1, help="the result does not depend on it")
    parser.add_argument("--out", type=Path, required=True)
    run(main, parser)
