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
from lib.features import augmentation, discriminants, invariant, patches, strips
from lib.features.invariant import Encoder, learn_encoder, variance_ratio
from lib.features.patches import learn_dictionary
from lib.features.strips import encode_strips, learn_strips
from lib.features.training_views import encoded_views

HERE = Path(__file__).parent
N_FIT, N_HELD_OUT, N_VIEWS = 10_000, 2_000, 4
DEFAULTS = {"downsampling": (1, 2), "size": 6, "n_atoms": 400, "n_prototypes": 500}
# Names of settings, or of constants: (module, name).
VARIANTS: list[dict[Any, Any]] = [
    {},
    *({(strips, "N_STRIPS"): n} for n in (2, 4)),
    *({(strips, "N_COMPONENTS"): n} for n in (128, 512)),
    *({"n_atoms": n} for n in (200, 800)),
    *({"downsampling": scales} for scales in ((1,), (1, 2, 3))),
    *({"size": size} for size in (5, 8)),
    *({(patches, "KEPT"): share} for share in (0.9, 1.0)),
    *({(augmentation, "HUE"): hue} for hue in (0, 0.2)),
    *({(augmentation, "AREA"): area} for area in ((0.2, 1), (0.5, 1))),
    *({(discriminants, "RIDGE"): ridge} for ridge in (1e-3, 1e-1)),
    *({(invariant, "MAX_LAYERS"): n} for n in (1, 2)),
    *({"n_prototypes": n} for n in (250, 1000)),
]

# What the settings are measured by stays the same, and all constants do from one setting to the next.
OF_VIEWS = {(augmentation, name): getattr(augmentation, name) for name in ("HUE", "AREA")}
CONSTANTS = {
    constant: getattr(*constant) for variant in VARIANTS for constant in variant if constant not in DEFAULTS
}


def measure(fit: np.ndarray, held_out: np.ndarray, parallel_map: Callable, **settings: Any) -> dict:
    """The number of layers that help, and the ratio of held-out views after them."""
    dictionaries = [
        learn_dictionary(fit, size=settings["size"], downsampling=n, n_atoms=settings["n_atoms"], seed=0)
        for n in settings["downsampling"]
    ]
    options: dict[str, Any] = {"n_views": N_VIEWS, "parallel_map": parallel_map}
    of_strips = learn_strips(
        fit[: 3 * strips.HALVES * settings["n_atoms"]], dictionaries, mirrored=True, seed=(0, 0), **options
    )
    views, unseen = (
        encoded_views(images, (1, 1), dictionaries, of_strips, seed=(0, seed), **options)
        for seed, images in enumerate((fit, held_out), 1)
    )
    settings = {"n_prototypes": settings["n_prototypes"], "n_components": 64, "seed": 0, "n_threads": 2}
    first, layers = learn_encoder(views, unseen, **settings, parallel_map=parallel_map)
    # The views that all settings are measured by are those of the workflow.
    for name, value in OF_VIEWS.items():
        setattr(*name, value)
    shown = augmentation.augmented_views(held_out, N_VIEWS, seed=(0, 3)).reshape(
        N_HELD_OUT, N_VIEWS, *fit.shape[1:]
    )
    encoded = np.stack(parallel_map(lambda views: encode_strips(views, dictionaries, of_strips), shown))
    Z = Encoder(first, layers[:-1])(encoded)
    last = layers[-1].projection
    return {"layers": len(layers), "ratio": variance_ratio(last(invariant.similarities(Z, layers[-1].prototypes)))}


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
