"""From the table of replicates alone, pandas gives the published difference, and the parts of its variance."""

import io
import itertools

import numpy as np
import pandas as pd
import pytest

from lib.evaluation.comparison import differences
from lib.evaluation.replicates import REPLICATE_COLUMNS, replicates_table
from lib.evaluation.uncertainty import ALLOWANCE, Scores

MODELS = {
    "pixels": [("pixels", None)],
    "codes": [(f"codes/seed{seed}", seed) for seed in (0, 4, 7)],
    "words": [(f"words/seed{seed}", seed) for seed in (2, 3)],
}
LEARNED = {kind: kind != "pixels" for kind in MODELS}
SEEDS, N_CUTS, HALF_SIZE, N_IMAGES = [3, 0, 8], 6, 20, 41


def scores(rng, *n_models, learned):
    shift = rng.normal(size=(*n_models, 1))
    whole = shift + rng.normal(size=(*n_models, len(SEEDS)))
    return Scores(whole, shift[..., None] + rng.normal(size=(*n_models, 2 if learned else 5, 2 * N_CUTS)))


@pytest.fixture(scope="module")
def published():
    """The differences, and the table as it is read from a file."""
    rng = np.random.default_rng(0)
    n = {kind: len(spaces) for kind, spaces in MODELS.items()}
    agreements = {kind: {"accuracy": scores(rng, n[kind], learned=LEARNED[kind])} for kind in MODELS}
    indices = {
        (a, b): {"silhouette": scores(rng, n[a], 1 if a == b else n[b], learned=LEARNED[a])}
        for a, b in itertools.product(MODELS, repeat=2)
    }
    for by_index in indices.values():
        whole = by_index["silhouette"].whole
        by_index["dunn"] = Scores(whole**2, np.empty((*whole.shape[:2], 5, 0)))
    found = differences(agreements, indices, learned=LEARNED, half_size=HALF_SIZE, n_images=N_IMAGES)
    text = replicates_table(agreements, indices, k=10, models=MODELS, seeds=SEEDS).to_csv(index=False)
    return found, pd.read_csv(io.StringIO(text))


def side(table, metric, kind):
    """The scores of clusterings made in a kind by a measure, like silhouette_in_codes."""
    index, _, scored_in = metric.partition("_in_")
    rows = table[(table["features"] == kind) & (table["metric"] == index)]
    if index == "accuracy":
        return rows
    return rows[rows["scored_in"].str.partition("/")[0] == (scored_in or kind)]


def test_each_score_is_there_once(published):
    _, table = published
    assert table.columns.tolist() == REPLICATE_COLUMNS
    assert not table.drop(columns="value").duplicated().any()
    n_halves = 2 * N_CUTS
    pixels = table[(table["features"] == "pixels") & (table["metric"] != "dunn")]
    # Accuracy, and the silhouettes in pixels, three spaces of codes and two of words.
    assert len(pixels) == (1 + 1 + 3 + 2) * (len(SEEDS) + 5 * n_halves)
    assert set(table["seed"].dropna()) == set(SEEDS)
    assert (table["seed"].isna() == table["cut"].notna()).all()
    assert table[table["metric"] == "dunn"]["cut"].isna().all()
    own = table[(table["metric"] == "silhouette") & (table["features"] == "codes")]
    own = own[own["scored_in"].str.startswith("codes")]
    assert (own["scored_in"] == "codes/seed" + own["model_seed"].astype(int).astype(str)).all()


@pytest.mark.parametrize("metric", ["accuracy", "silhouette", "silhouette_in_pixels", "silhouette_in_words"])
@pytest.mark.parametrize(("a", "b"), list(itertools.combinations(MODELS, 2)))
def test_what_is_published_follows_from_it(published, metric, a, b):
    found, table = published
    sides = [side(table, metric, kind) for kind in (a, b)]
    of_seeds = [rows.groupby("seed")["value"].mean() for rows in sides]
    difference = found[metric, a, b]
    assert difference.difference == pytest.approx((of_seeds[1] - of_seeds[0]).mean())
    assert difference.seeds.variance == pytest.approx((of_seeds[1] - of_seeds[0]).var() / len(SEEDS))

    # New images: by the difference between the two halves of each cut, less what starts contribute.
    halves = [rows.groupby(["cut", "half"])["value"].mean() for rows in sides]
    both = (halves[1] - halves[0]).unstack("half")
    of_half = ((both[0] - both[1]) ** 2).mean() / 2
    by_start = [rows.groupby(["start", "cut", "half"])["value"].mean().unstack("start") for rows in sides]
    of_starts = [x.var(axis=1).mean() / x.shape[1] for x in by_start]
    noise = sum(
        part**2 / N_CUTS / (x.shape[1] - 1) for part, x in zip(of_starts, by_start, strict=True)
    )  # of the variance that starts contribute
    variance = (of_half - sum(of_starts)) / 2 - max(0, both.mean(axis=1).var() - sum(of_starts) / 2)
    allowance = ALLOWANCE * np.sqrt(2 * of_half**2 / N_CUTS + noise) / 2
    assert difference.images.variance == pytest.approx(max(0, variance) + allowance)
