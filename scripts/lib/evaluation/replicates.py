"""The scores that a comparison of feature spaces rests on, one by one, as a table: for statistics of one's own."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from lib.evaluation.comparison import ScoresByName

REPLICATE_COLUMNS = ["k", "metric", "features", "model_seed", "scored_in", "seed", "cut", "half", "start", "value"]


def replicates_table(
    agreements: Mapping[str, ScoresByName],
    indices: Mapping[tuple[str, str], ScoresByName],
    *,
    k: int,
    models: Mapping[str, Sequence[tuple[str, int | None]]],
    seeds: Sequence[int],
) -> pd.DataFrame:
    """The scores of clusterings of all images, and of halves of them.

    Parameters
    ----------
    agreements, indices
        As for `differences`.
    k
        The number of clusters.
    models
        By kind of features: the name of the space of each model, and the seed that it is learned from.
    seeds
        Of k-means on all images.

    Returns
    -------
    A row for each score of a clustering, with the columns `REPLICATE_COLUMNS`. `features` and `model_seed` are
    what the clustering was made in. `scored_in` is the space of the distances; agreement with classes has none.
    Clusterings of all images have the `seed`. Those of halves have the number of the `cut` in two halves, the
    `half` of it (0 or 1), and the number of the `start` of k-means.

    Examples
    --------
    >>> from lib.evaluation.uncertainty import Scores
    >>> scores = Scores(np.array([[0.5]]), np.array([[[0.25, 0.75]]]))
    >>> models = {"pixels": [("pixels", None)]}
    >>> table = replicates_table({"pixels": {"accuracy": scores}}, {}, k=10, models=models, seeds=[7])
    >>> table.drop(columns=["model_seed", "scored_in"])
        k    metric features  seed   cut  half  start  value
    0  10  accuracy   pixels     7  <NA>  <NA>   <NA>   0.50
    1  10  accuracy   pixels  <NA>     0     0      0   0.25
    2  10  accuracy   pixels  <NA>     0     1      0   0.75
    """
    rows: list[tuple] = []
    for kind, by_measure in agreements.items():
        for measure, scores in by_measure.items():
            for i, (_, model_seed) in enumerate(models[kind]):
                rows += _rows((k, measure, kind, model_seed, None), scores.whole[i], scores.halves[i], seeds)
    for (made_in, scored_in), by_index in indices.items():
        for index, scores in by_index.items():
            for i, (own, model_seed) in enumerate(models[made_in]):
                spaces = [own] if made_in == scored_in else [space for space, _ in models[scored_in]]
                for j, space in enumerate(spaces):
                    key = (k, index, made_in, model_seed, space)
                    rows += _rows(key, scores.whole[i, j], scores.halves[i, j], seeds)
    whole_numbers = dict.fromkeys(["model_seed", "seed", "cut", "half", "start"], "Int64")
    return pd.DataFrame(rows, columns=REPLICATE_COLUMNS).astype(whole_numbers)


def _rows(key: tuple, whole: np.ndarray, halves: np.ndarray, seeds: Sequence[int]) -> list[tuple]:
    """The rows of one model, from `whole` (n_seeds,) and `halves` (n_starts, n_halves)."""
    of_seeds = [(*key, seed, None, None, None, value) for seed, value in zip(seeds, whole.tolist(), strict=True)]
    return of_seeds + [
        (*key, None, half // 2, half % 2, start, value)
        for half, of_half in enumerate(halves.T.tolist())
        for start, value in enumerate(of_half)
    ]
