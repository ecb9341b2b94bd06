"""Settings of `invariant`, compared on held-out images without their labels.

The ratio of a setting says how much more images differ than views of one image (`variance_ratio`). It is measured
on 2,000 training images that nothing was learned from, after the last layer that helps. Writes
benchmarks/held_out.csv. Run after the workflow with examples/features.yaml:
PYTHONPATH=scripts .venv/bin/python benchmarks/held_out.py
"""

import argparse
import csv
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from lib.base.parallel import in_threads
from lib.data.images_file import read_images
from lib.features import augmentation, invariant, patches
from lib.features.invariant import Encoder, invariant_projection, learn_layers, variance_ratio, view_sums
from lib.features.patches import encode, learn_dictionary, n_features, normalize_rows
from lib.features.training_views import batches_of, encoded_views

HERE = Path(__file__).parent
N_FIT, N_HELD_OUT, N_VIEWS = 10_000, 2_000, 4
DEFAULTS = {"downsampling": (1, 2), "size": 6, "n_atoms": 400, "n_prototypes": 500}
# Names of settings, or of constants: (module, name).
VARIANTS: list[dict[Any, Any]] = [
    {},
    {(patches, "KEPT"): 1.0},
    {"downsampling": (1,)},
    {"downsampling": (1, 2, 3)},
    {"size": 5},
    {"size": 8},
    {(patches, "QUARTERS"): 3},
    {"n_atoms": 100},
    {(augmentation, "HUE"): 0},
    {(augmentation, "HUE"): 0.2},
    {(augmentation, "AREA"): (0.2, 1)},
    {(augmentation, "AREA"): (0.5, 1)},
    *({(invariant, "RIDGE"): ridge} for ridge in (1e-3, 1e-1)),
    *({(invariant, "MAX_LAYERS"): n} for n in (1, 2)),
    *({"n_prototypes": n} for n in (250, 1000, 2000)),
]

# What the settings are measured by stays the same, and all constants do from one setting to the next.
OF_VIEWS = {(augmentation, name): getattr(augmentation, name) for name in ("HUE", "AREA")}
CONSTANTS = OF_VIEWS | {
    (module, name): getattr(module, name)
    for module, name in ((patches, "KEPT"), (patches, "QUARTERS"), (invariant, "RIDGE"), (invariant, "MAX_LAYERS"))
}


def measure(fit: np.ndarray, held_out: np.ndarray, parallel_map: Callable, **settings: Any) -> dict:
    """The number of layers that help, and the ratio of held-out views after them."""
    n_atoms, n_prototypes = settings.pop("n_atoms"), settings.pop("n_prototypes")
    dictionaries = [
        learn_dictionary(fit, size=settings["size"], downsampling=downsampling, n_atoms=n_atoms, seed=0)
        for downsampling in settings["downsampling"]
    ]

    def views(images: np.ndarray, *seed: int) -> list[np.ndarray]:
        batches = batches_of(images)
        return list(
            encoded_views(
                images, batches, dictionaries, N_VIEWS, mirror=True, seed=seed, parallel_map=parallel_map
            )
        )

    seen = views(fit, 0)
    sums = view_sums(seen, n_features(dictionaries), N_VIEWS, len(fit), parallel_map=parallel_map)
    first = invariant_projection(sums, N_VIEWS, len(fit), invariant.N_COMPONENTS)
    projected, unseen = (
        [normalize_rows(first(X.astype(np.float32))) for X in batches] for batches in (seen, views(held_out, 0, 1))
    )
    options = {"n_prototypes": n_prototypes, "n_components": 64, "seed": 0, "n_threads": 2}
    layers = learn_layers(projected, unseen, N_VIEWS, **options, parallel_map=parallel_map)
    # The views that all settings are measured by are those of the workflow.
    for name, value in OF_VIEWS.items():
        setattr(*name, value)
    shown = augmentation.augmented_views(held_out, N_VIEWS, mirror=True, seed=(0, 2))
    Z = Encoder(first, layers[:-1])(encode(shown, dictionaries, parallel_map))
    last = layers[-1].projection(invariant.similarities(Z, layers[-1].prototypes))
    return {"layers": len(layers), "ratio": variance_ratio([last], N_VIEWS)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, default=HERE.parent / "results" / "cifar10-rgb" / "images.h5")
    args = parser.parse_args()
    images = read_images(args.images, "train")
    images = images[np.random.default_rng(9).permutation(len(images))[: N_FIT + N_HELD_OUT]]
    rows = []
    with in_threads(2) as parallel_map:
        for variant in VARIANTS:
            for name, value in (CONSTANTS | {n: v for n, v in variant.items() if n in CONSTANTS}).items():
                setattr(*name, value)
            start = time.perf_counter()
            settings = DEFAULTS | {name: value for name, value in variant.items() if name in DEFAULTS}
            found = measure(images[:N_FIT], images[N_FIT:], parallel_map, **settings)
            changed = {name if name in DEFAULTS else name[1]: value for name, value in variant.items()}
            rows.append({"changed": changed or "", **found, "seconds": round(time.perf_counter() - start)})
            print(rows[-1], flush=True)
    with (HERE / "held_out.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
