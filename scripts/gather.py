"""Gather the scores of all clusterings into one table, a row for each, and compare them with the classes."""

import argparse
import csv
import itertools
import json
from pathlib import Path

from lib.agreement import agreement
from lib.cli import replacing, run
from lib.storage import read_clusters, read_labels

# For pictures, not for the table.
DETAILS = ["separation", "diameter", "separation_pair", "diameter_pair"]
KEYS = ["dataset", "features", "split", "n_samples", "n_features", "k", "seed"]


def main(args: argparse.Namespace) -> None:
    rows = []
    for group, k, seed in itertools.product(args.groups, args.n_clusters, args.seeds):
        features, split = group.rsplit("/", 1)
        path = Path(group, f"k{k}", f"seed{seed}")
        row = {"dataset": args.results.name, "features": features, "split": split, "seed": seed}
        row |= json.loads((args.results / "metrics" / f"{path}.json").read_text())
        classes = read_labels(args.results / "images.h5", split)
        if classes is not None:
            row |= agreement(classes, read_clusters(args.results / "clusters" / f"{path}.h5", len(classes)))
        rows.append({name: row[name] for name in [*KEYS, *row] if name not in DETAILS})
    with replacing(args.out) as part, part.open("w", newline="") as file:
        table = csv.DictWriter(file, rows[0], lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="gather", description=__doc__)
    parser.add_argument("--results", type=Path, required=True, help="the folder of a dataset: results/{dataset}")
    # Not a list of files: thousands of them are more than a command line holds.
    parser.add_argument("--groups", nargs="+", required=True, metavar="FEATURES/SPLIT")
    parser.add_argument("--n-clusters", type=int, nargs="+", required=True)
    parser.add_argument("--seeds", type=int, nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True)
    run(main, parser)
