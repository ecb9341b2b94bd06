"""Learn an encoder of invariant features: what stays the same between views of a training image."""

import argparse
import logging
from pathlib import Path

from lib.base.cli import positive_int, run_script
from lib.base.errors import InputError
from lib.base.parallel import in_threads
from lib.features.encoder_file import write_encoder
from lib.features.invariant import N_COMPONENTS, learn_encoder
from lib.features.training_views import is_held_out
from lib.features.views_file import read_views


def main(args: argparse.Namespace) -> None:
    views = read_views(args.views)
    held_out = is_held_out(len(views))
    seen, unseen = views[~held_out], views[held_out]
    del views  # they may take a gigabyte
    n_prototypes = min(args.n_prototypes, len(seen))
    n_numbers = min(N_COMPONENTS, seen.shape[2]) + n_prototypes
    if args.n_components > n_numbers:
        raise InputError(
            f"{args.n_components} components were asked for, and {len(seen)} images to learn from have "
            f"{n_numbers}; set invariant.n_components to that or less"
        )
    logging.info("%d images to learn from, %d held out, %d prototypes", len(seen), len(unseen), n_prototypes)
    with in_threads(args.threads) as parallel_map:
        try:
            encoder = learn_encoder(
                seen,
                unseen,
                n_prototypes=n_prototypes,
                n_components=args.n_components,
                seed=args.seed,
                n_threads=args.threads,
                parallel_map=parallel_map,
            )
        except ValueError as error:
            raise InputError(f"{error}; set invariant.n_prototypes lower") from None
    write_encoder(args.out, encoder)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="learn_invariant", description=__doc__)
    parser.add_argument("--views", type=Path, nargs="+", required=True, help="of all chunks, by make_views.py")
    parser.add_argument(
        "--n-prototypes",
        type=positive_int,
        required=True,
        help="typical images to compare with, at most one per training image",
    )
    parser.add_argument("--n-components", type=positive_int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--threads", type=int, default=1, help="the result does not depend on it")
    parser.add_argument("--out", type=Path, required=True)
    run_script(main, parser)
