"""Learn an encoder of invariant features: what stays the same between views of a training image."""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from lib.base.cli import positive_int, run_script
from lib.base.errors import InputError
from lib.base.parallel import in_threads
from lib.features.dictionary_file import read_dictionary
from lib.features.encoder_file import read_view_sums, write_encoder
from lib.features.invariant import N_COMPONENTS, Encoder, add_sums, invariant_projection, learn_layers, view_sums
from lib.features.patches import n_features, normalize_rows
from lib.features.training_views import batches_of, encoded_views, read_training_images

KEPT = 5e8  # bytes of encoded views to keep, and not to encode again


def main(args: argparse.Namespace) -> None:
    dictionaries = read_dictionary(args.dictionary)
    images, held_out, mirror = read_training_images(args.images, args.n_images, args.seed)
    d, n_views = n_features(dictionaries), args.n_views
    with in_threads(args.threads) as parallel_map:

        def views(images: np.ndarray, *seed: int) -> Iterator[np.ndarray]:
            batches = batches_of(images)
            return encoded_views(
                images, batches, dictionaries, n_views, mirror=mirror, seed=seed, parallel_map=parallel_map
            )

        kept = list(views(images, args.seed)) if 2 * len(images) * n_views * d <= KEPT else None
        if args.view_sums:
            sums = add_sums(map(read_view_sums, args.view_sums))
        else:
            sums = view_sums(kept or views(images, args.seed), d, n_views, len(images), parallel_map=parallel_map)
        first = invariant_projection(sums, n_views, len(images), min(N_COMPONENTS, d))

        def projected(batches: Iterator[np.ndarray] | list[np.ndarray]) -> list[np.ndarray]:
            return [normalize_rows(first(X.astype(np.float32))) for X in batches]

        try:
            layers = learn_layers(
                projected(kept or views(images, args.seed)),
                projected(views(held_out, args.seed, 1)),
                n_views,
                n_prototypes=min(args.n_prototypes, len(images)),
                n_components=args.n_components,
                seed=args.seed,
                n_threads=args.threads,
                parallel_map=parallel_map,
            )
        except ValueError as error:
            raise InputError(
                f"{args.images}: {error}; set invariant.n_components or invariant.n_prototypes lower"
            ) from None
    write_encoder(args.out, Encoder(first, layers))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="learn_invariant", description=__doc__)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--dictionary", type=Path, required=True, help="made by learn_dictionary.py")
    parser.add_argument("--view-sums", type=Path, nargs="*", help="of all chunks, if they are computed already")
    parser.add_argument("--n-images", type=positive_int, required=True, help="to learn from, at most")
    parser.add_argument("--n-views", type=positive_int, required=True, help="of each image, 2 or more")
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
