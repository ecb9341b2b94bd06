"""What is a verdict worth? The whole comparison is simulated on made-up features of which the truth is known.

Each repetition draws new images, classes, features and models, clusters them as the project's own k-means does
(few_points.py is that, compiled for few points), and asks `lib.evaluation.uncertainty.difference` for the interval
of the adjusted Rand index, or of the silhouette. Writes benchmarks/calibration.csv, a row for each case and number
of seeds and models:

- coverage: share of the 95 % intervals that hold the true difference: 0 where both sides are drawn alike or know
  nothing of the classes, and the mean of all repetitions elsewhere.
- false: share of the intervals that leave out 0, where 0 is the truth.
- width: mean width of the intervals over that of the ideal one, 2 * 1.96 standard deviations of the difference.
- power: share of intervals that would leave out 0 if the truth were 3.5 of these standard deviations.

PYTHONPATH=scripts .venv/bin/python benchmarks/calibration.py
"""

import argparse
import csv
import itertools
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from few_points import lloyd

from lib.clustering.halves import MAX_SIZE, half_seed, n_starts, random_halves
from lib.clustering.kmeans import random_points
from lib.evaluation.compare_features import silhouette_scores
from lib.evaluation.half_scores import agreement_scores
from lib.evaluation.uncertainty import Scores, difference

HERE = Path(__file__).parent
N_FEATURES = 10
SEEDS = (3, 10, 30)
N_MODELS = (2, 3, 10)  # of what is learned, as far as there are so many
FIRST = 500  # repetition; 0 to 499 served to choose the constants of the interval
CENTRES = np.random.default_rng(99).normal(size=(10, N_FEATURES))
Features = list[np.ndarray]


class Case(NamedTuple):
    """What is simulated."""

    n: int  # images
    k: int
    make: Callable[[np.random.Generator, np.ndarray], tuple[Features, Features]]  # from the classes
    n_models: tuple[int, int] = (1, 1)  # of each side; one model is a side that is not learned
    balanced: bool = True
    truth_is_0: bool = True
    by_silhouette: bool = False  # in the space of side a, as without classes
    max_size: int = MAX_SIZE  # of a half


def noise(rng: np.random.Generator, n: int, n_models: int, *, tails: float | None = None) -> Features:
    """Features that know nothing of the classes, normal or Student's t; models see them turned, with noise."""
    shape = (n, N_FEATURES)
    base = rng.normal(size=shape) if tails is None else rng.standard_t(tails, size=shape)
    if n_models == 1:
        return [base.astype(np.float32)]
    return [
        (base @ np.linalg.qr(rng.normal(size=(N_FEATURES, N_FEATURES)))[0] + rng.normal(size=shape) / 2).astype(
            "f4"
        )
        for _ in range(n_models)
    ]


def signal(
    rng: np.random.Generator, classes: np.ndarray, n_models: int, distance: float, *, effect: str = "normal"
) -> Features:
    """Normal features around the centres of the classes; each model sees them through a matrix of its own."""
    base = CENTRES[classes] * distance + rng.normal(size=(len(classes), N_FEATURES))
    if n_models == 1:
        return [base.astype(np.float32)]
    models = []
    for _ in range(n_models):
        size = 0.8 if effect == "normal" else rng.exponential(0.5)  # skewed: a few models are much worse
        matrix = np.eye(N_FEATURES) + size * rng.normal(size=(N_FEATURES, N_FEATURES)) / np.sqrt(N_FEATURES)
        models.append((base @ matrix).astype(np.float32))
    return models


def alike_noise(rng, y, n_a, n_b):
    return noise(rng, len(y), n_a), noise(rng, len(y), n_b)


def unlike_noise(rng, y, n_a, n_b):
    return noise(rng, len(y), n_a), noise(rng, len(y), n_b, tails=2)


def alike_signal(rng, y, n_a, n_b, *, distance=1.0, effect="normal"):
    return tuple(signal(rng, y, n, distance, effect=effect) for n in (n_a, n_b))


def giant_noise(rng, y, n_a, n_b):
    """One side has a few points far out, so that nearly all images are in one cluster."""
    (a,), (b,) = noise(rng, len(y), n_a), noise(rng, len(y), n_b)
    return [a], [b * np.where(rng.random((len(y), 1)) < 0.02, 100, 1).astype("f4")]


def unlike_signal(rng, y, n_a, n_b):
    return signal(rng, y, n_a, 1.0), signal(rng, y, n_b, 0.7)


def cases() -> dict[str, Case]:
    """All cases by name."""
    found = {}
    for n in (500, 3000):
        found |= {
            f"noise, alike, n {n}": Case(n, 5, alike_noise),
            f"signal, unlike, unbalanced, n {n}": Case(n, 10, unlike_signal, balanced=False, truth_is_0=False),
        }
    n = 500
    return found | {
        "noise, heavy tails": Case(n, 5, unlike_noise),
        "signal, alike": Case(n, 10, partial(alike_signal, distance=1.5)),
        "noise, giant cluster": Case(n, 5, giant_noise),
        "noise, small sets of many": Case(3000, 5, alike_noise, max_size=500),
        "signal, small sets of many": Case(3000, 10, partial(alike_signal, distance=1.5), max_size=500),
        "signal, alike, fewer clusters than classes": Case(n, 5, partial(alike_signal, distance=1.5)),
        "noise, by silhouette": Case(n, 5, alike_noise, truth_is_0=False, by_silhouette=True),
        "signal, by silhouette": Case(n, 10, unlike_signal, truth_is_0=False, by_silhouette=True),
        "noise, one side learned": Case(n, 5, alike_noise, (1, 3)),
        "noise, both sides learned": Case(n, 5, alike_noise, (3, 3)),
        "signal, one side learned": Case(n, 10, alike_signal, (1, 10), truth_is_0=False),
        "signal, both sides learned": Case(n, 10, alike_signal, (10, 10)),
        "signal, both sides learned, skewed": Case(n, 10, partial(alike_signal, effect="skewed"), (3, 3)),
        "signal, unbalanced, both sides learned": Case(n, 10, unlike_signal, (3, 3), False, False),
    }


def cluster(X: np.ndarray, k: int, seed: int) -> np.ndarray:
    """The labels that the project's k-means gives for a seed."""
    return lloyd(X.astype(np.float64), random_points(X, k, np.random.default_rng(seed)))


def repetition(case: Case, seed: int) -> dict[tuple[int, int, int], tuple[float, float, float]]:
    """Difference and bounds for each number of seeds and of models on either side."""
    rng = np.random.default_rng(seed)
    shares = np.full(10, 0.1) if case.balanced else np.arange(1, 11) / 55
    classes = rng.choice(10, case.n, p=shares)
    sides = dict(zip("ab", case.make(rng, classes, *case.n_models), strict=True))
    halves = random_halves(case.n, max_size=case.max_size)
    seeds = range(seed * max(SEEDS), (seed + 1) * max(SEEDS))
    labels, half_labels = {}, {}
    for side, models in sides.items():
        labels[side] = [[cluster(X, case.k, s) for s in seeds] for X in models]
        starts = n_starts(len(models) > 1)
        half_labels[side] = [
            np.array(
                [
                    [cluster(X[half], case.k, half_seed(h, f"{side}{i}", start)) for start in range(starts)]
                    for h, half in enumerate(halves)
                ]
            )
            for i, X in enumerate(models)
        ]
    if case.by_silhouette:
        found = silhouette_scores(sides, labels, half_labels, halves, n_threads=1)
        a, b = found["a", "a"]["silhouette"], found["b", "a"]["silhouette"]
    else:
        a, b = (
            agreement_scores(labels[side], half_labels[side], classes, halves)["adjusted_rand"] for side in "ab"
        )
        a, b = Scores(a.whole[:, None], a.halves[:, None]), Scores(b.whole[None], b.halves[None])
    results = {}
    for n_seeds, m in itertools.product(SEEDS, N_MODELS):
        n_a, n_b = (min(m, n) for n in case.n_models)
        some_a = Scores(a.whole[:n_a, :, :n_seeds], a.halves[:n_a])
        some_b = Scores(b.whole[:, :n_b, :n_seeds], b.halves[:, :n_b])
        learned = [n > 1 for n in case.n_models]
        result = difference(some_a, some_b, half_size=len(halves[0]), n_images=case.n, learned=learned)
        results[n_seeds, n_a, n_b] = (result.difference, *result.interval())
    return results


def summary(name: str, case: Case, results: list[dict]) -> list[dict]:
    """A row for each number of seeds and models."""
    rows = []
    for n_seeds, n_a, n_b in results[0]:
        found, lower, upper = np.array([result[n_seeds, n_a, n_b] for result in results]).T
        truth = 0.0 if case.truth_is_0 else found.mean()
        deviation = np.sqrt(np.mean((found - truth) ** 2))
        excluded = float(np.mean((lower > 0) | (upper < 0)))
        rows.append(
            {
                "case": name,
                "n": case.n,
                "k": case.k,
                "seeds": n_seeds,
                "models_a": n_a,
                "models_b": n_b,
                "repetitions": len(results),
                "coverage": f"{np.mean((lower <= truth) & (truth <= upper)):.3f}",
                "false": f"{excluded:.3f}" if case.truth_is_0 else "",
                "width": f"{np.mean(upper - lower) / (2 * 1.96 * deviation):.2f}",
                "power": f"{np.mean(lower - truth + 3.5 * deviation > 0):.3f}",
            }
        )
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=500, help="of each case")
    parser.add_argument("--cases", default="", help="only those whose names have this in them")
    parser.add_argument("--out", type=Path, default=HERE / "calibration.csv")
    args = parser.parse_args()
    rows = []
    for name, case in cases().items():
        if args.cases in name:
            with ProcessPoolExecutor() as pool:
                results = list(
                    pool.map(partial(repetition, case), range(FIRST, FIRST + args.repetitions), chunksize=5)
                )
            rows += summary(name, case, results)
            print(*rows[-len(results[0]) :], sep="\n", flush=True)
            with args.out.open("w", newline="") as file:
                writer = csv.DictWriter(file, rows[0])
                writer.writeheader()
                writer.writerows(rows)
