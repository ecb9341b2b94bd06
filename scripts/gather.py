"""Gather the scores of all clusterings into one table, a row for each."""

import argparse
import json
from pathlib import Path

import pandas as pd

from lib.cli import replacing, run

# For pictures, not for the table.
DETAILS = ["separation", "diameter", "separation_pair", "diameter_pair"]
KEYS = ["dataset", "features", "split", "n_samples", "n_features", "k", "seed"]


def main(args: argparse.Namespace) -> None:
    rows = []
    for path in args.scores:
        # …/metrics/{features}/{split}/k{k}/seed{seed}.json
        features, split, _, seed = path.with_suffix("").parts[-4:]
        identity = {"dataset": args.dataset, "features": features, "split": split}
        rows.append(identity | json.loads(path.read_text()) | {"seed": int(seed.removeprefix("seed"))})
    table = pd.DataFrame(rows).drop(columns=DETAILS, errors="ignore")
    table = table[KEYS + [column for column in table.columns if column not in KEYS]]
    with replacing(args.out) as part:
        table.to_csv(part, index=False)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="gather", description=__doc__)
    parser.add_argument("scores", type=Path, nargs="+", help=".../{features}/{split}/k{k}/seed{seed}.json")
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--out", type=Path, required=True)
    run(main, parser)
