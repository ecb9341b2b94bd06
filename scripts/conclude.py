"""Say in words what follows from the comparison of the feature spaces."""

import argparse
from pathlib import Path

import pandas as pd

from lib.base.cli import run_script
from lib.base.files import atomic_write
from lib.report.conclusion import describe, describe_alone, remarks


def main(args: argparse.Namespace) -> None:
    """Write comparison.txt."""
    table = pd.read_csv(args.comparison)
    if args.summary and table.empty:
        text = "\n".join(describe_alone(pd.read_csv(args.summary), args.shown_k)) + "\n"
    else:
        text = describe(table, args.shown_k) + remarks(table)
    with atomic_write(args.out) as part:
        part.write_text(text)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="conclude", description=__doc__)
    parser.add_argument("--comparison", type=Path, required=True, help="comparison.csv, which compare.py writes")
    parser.add_argument("--summary", type=Path, nargs="?", help="summary.csv, where nothing is compared")
    parser.add_argument("--shown-k", type=int, required=True, help="number of clusters that the numbers are about")
    parser.add_argument("--out", type=Path, required=True, help="to write, .txt")
    run_script(main, parser)
