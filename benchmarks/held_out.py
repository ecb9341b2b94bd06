"""Settings of `invariant`, compared on held-out images without their labels.

The ratio of a setting is the total variance of views over their variance within images: the geometric mean over
the first nine directions, as ten clusters differ in no more. It is measured on 2,000 training images that nothing
was learned from. Writes benchmarks/held_out.csv. Run after `make run` with examples/features.yaml:
PYTHONPATH=scripts .venv/bin/python benchmarks/held_out.py
"""

import argparse
import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np

from lib.base.parallel import blocks, in_threads
from lib.data.images_file import read_images
from lib.features import augmentation, invariant
from lib.features.patches import encode, learn_dictionary, normalize_rows

HERE = Path(__file__).parent
N_FIT, N_HELD_OUT, N_VIEWS, N_DIRECTIONS = 10_000, 2_000, 4, 9
DEFAULTS = {"downsampling": (1, 2), "n_atoms": 400, "ridge": invariant.RIDGE, "n_prototypes": 500}
VARIANTS = [
    {},
    {"downsampling": (1,)},
    {"n_atoms": 100},
    *({"ridge": ridge} for ridge in (1e-4, 1e-3, 1e-1, 1)),
    *({"n_prototypes": n} for n in (0, 2000, 4000)),
]


def ratio(X: np.ndarray) -> float:
    """Total variance over variance within images, of views (n * N_VIEWS, d)."""
    X = X[:, :N_DIRECTIONS].astype(np.float64)
    within = X.reshape(-1, N_VIEWS, N_DIRECTIONS).var(axis=1, ddof=1).mean(axis=0)
    return float(np.exp(np.mean(np.log(X.var(axis=0) / within))))


def measure(fit: np.ndarray, held_out: np.ndarray, settings: dict, parallel_map: Callable) -> float:
    """The ratio of held-out views; after the first projection alone if there are no prototypes."""
    dictionaries = [
        learn_dictionary(fit, size=6, downsampling=downsampling, n_atoms=settings["n_atoms"], seed=0)
        for downsampling in settings["downsampling"]
    ]
    seen, unseen = (
        augmentation.augmented_views(images, N_VIEWS, seed=(i,), parallel_map=parallel_map)
        for i, images in enumerate((fit, held_out))
    )
    encoded_blocks = [
        encode(seen[rows], dictionaries, parallel_map).astype(np.float16)
        for rows in blocks(len(seen), 1000 * N_VIEWS)
    ]
    invariant.RIDGE = settings["ridge"]
    if settings["n_prototypes"]:
        encoder = invariant.learn_encoder(
            encoded_blocks,
            N_VIEWS,
            n_prototypes=settings["n_prototypes"],
            n_components=64,
            seed=0,
            n_threads=2,
            parallel_map=parallel_map,
        )
        first = normalize_rows(encoder.first(encode(unseen, dictionaries, parallel_map)))
        return ratio(encoder.second(invariant.similarities(first, encoder.prototypes)))
    return ratio(
        invariant.invariant_projection(encoded_blocks, N_VIEWS, 64, parallel_map=parallel_map)(
            encode(unseen, dictionaries, parallel_map)
        )
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, default=HERE.parent / "results" / "cifar10-rgb" / "images.h5")
    args = parser.parse_args()
    images = read_images(args.images, "train")
    images = images[np.random.default_rng(9).permutation(len(images))[: N_FIT + N_HELD_OUT]]
    rows = []
    with in_threads(2) as parallel_map:
        for variant in VARIANTS:
            settings = DEFAULTS | variant
            rows.append(settings | {"ratio": measure(images[:N_FIT], images[N_FIT:], settings, parallel_map)})
            print(rows[-1], flush=True)
    with (HERE / "held_out.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
