"""Score clusterings of halves of the images in one feature space: their silhouettes."""

import argparse
from pathlib import Path

from lib.base.cli import run_script
from lib.clustering.halves_file import read_halves
from lib.evaluation.half_silhouettes import half_silhouettes
from lib.evaluation.scores_file import write_half_scores
from lib.features.features_file import read_or_open_features


def main(args: argparse.Namespace) -> None:
    found = [read_halves(path) for path in args.halves]
    with read_or_open_features(args.features) as X:
        silhouettes = half_silhouettes(X, found[0][0], [labels for _, labels in found], args.threads)
    write_half_scores(args.out, dict(zip(args.made_in, silhouettes, strict=True)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="score_halves", description=__doc__)
    parser.add_argument("--features", type=Path, required=True, help="the space to score in")
    parser.add_argument("--halves", type=Path, nargs="+", required=True, help="which cluster_halves.py writes")
    parser.add_argument("--made-in", nargs="+", required=True, help="the spaces that these were made in, by name")
    parser.add_argument("--threads", type=int, default=1, help="the result does not depend on it")
    parser.add_argument("--out", type=Path, required=True)
    run_script(main, parser)
