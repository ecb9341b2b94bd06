"""Score clusterings of halves of the images in one feature space: their silhouettes."""

import argparse
from pathlib import Path

from lib.base.cli import run_script
from lib.base.files import digest_of
from lib.clustering.halves_file import read_halves
from lib.evaluation.half_silhouettes import half_silhouettes
from lib.evaluation.scores_file import read_half_scores_made_of, write_half_scores
from lib.features.features_file import read_or_open_features


def main(args: argparse.Namespace) -> None:
    """Write the scores, and compute those that are not there yet: the distances once for all of them."""
    digest = digest_of(args.features, args.code_digest)
    n = len(args.made_in)
    files = {out: args.halves[i * n : (i + 1) * n] for i, out in enumerate(args.out)}
    digests = {
        out: {space: digest_of(path, digest) for space, path in zip(args.made_in, files[out], strict=True)}
        for out in files
    }
    scores = {out: read_half_scores_made_of(out, digests[out]) for out in files}
    missing = [
        (out, space, path)
        for out in files
        for space, path in zip(args.made_in, files[out], strict=True)
        if space not in scores[out]
    ]
    if missing:
        found = [read_halves(path) for *_, path in missing]
        with read_or_open_features(args.features) as X:
            silhouettes = half_silhouettes(X, found[0][0], [labels for _, labels in found], args.threads)
        for (out, space, _), of_clustering in zip(missing, silhouettes, strict=True):
            scores[out][space] = of_clustering
    for out in files:
        write_half_scores(out, {space: scores[out][space] for space in args.made_in}, digests[out])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="score_halves", description=__doc__)
    parser.add_argument("--features", type=Path, required=True, help="the space to score in")
    parser.add_argument(
        "--halves",
        type=Path,
        nargs="+",
        required=True,
        help="which cluster_halves.py writes; those of all --made-in for each --out, one after the other",
    )
    parser.add_argument("--made-in", nargs="+", required=True, help="the spaces that these were made in, by name")
    parser.add_argument("--code-digest", default="", help="of this program; what another one made is made again")
    parser.add_argument("--threads", type=int, default=1, help="the result does not depend on it")
    parser.add_argument("--out", type=Path, nargs="+", required=True, help="one for each number of clusters")
    run_script(main, parser)
