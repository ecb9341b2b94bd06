"""Bootstrap replicates: the scores of clusterings with the images as they are, then with resampled images."""

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from lib.evaluation.agreement import agreement, contingency

INDICES = ("silhouette", "dunn")  # not comparable between spaces: distances in two spaces are on two scales

Replicates = dict[str, np.ndarray]  # by the name of a score


def agreement_replicates(
    labels: Sequence[Sequence[np.ndarray]], classes: np.ndarray, counts: Sequence[np.ndarray]
) -> Replicates:
    """Agreement of clusterings with the classes, for each replicate.

    Parameters
    ----------
    labels
        (n,) int for each model and seed.
    classes : (n,) int
    counts
        From `bootstrap_counts`.

    Returns
    -------
    (n_models, n_seeds, 1 + n_replicates) float64 for each measure of `agreement`

    Examples
    --------
    >>> classes = np.array([0, 0, 1, 1])
    >>> counts = np.array([[2, 0], [1, 1], [1, 2], [0, 1]], np.uint8)  # two replicates
    >>> agreement_replicates([[np.array([0, 0, 0, 1])]], classes, [counts])["accuracy"].tolist()
    [[[0.75, 0.75, 0.5]]]
    """
    chunks = [[[agreement(contingency(classes, x)[None])] for x in of_model] for of_model in labels]
    for weights in counts:
        for of_model, chunks_of_model in zip(labels, chunks, strict=True):
            for x, chunks_of_seed in zip(of_model, chunks_of_model, strict=True):
                chunks_of_seed.append(agreement(contingency(classes, x, weights.astype(np.float32))))
    return {
        measure: np.array(
            [
                [np.concatenate([chunk[measure] for chunk in of_seed]) for of_seed in of_model]
                for of_model in chunks
            ]
        )
        for measure in chunks[0][0][0]
    }


def index_replicates(scores: Sequence[Sequence[Sequence[dict]]], counts: Sequence[np.ndarray]) -> Replicates:
    """Validity indices of clusterings, for each replicate if it is a silhouette of all images.

    Dunn's index has no replicates, as two pairs of images among all decide it. An estimated silhouette has none,
    as the silhouettes of its sample are not kept.

    Parameters
    ----------
    scores
        For each model, space that it is scored in, and seed: the scores as `read_scores` gives them.
    counts
        From `bootstrap_counts`.

    Returns
    -------
    (n_models, n_spaces, n_seeds, 1 + n_replicates) or (..., 1) float64 for each index

    Examples
    --------
    >>> score = {"silhouette": 0.5, "dunn": 0.1, "silhouette_samples": np.array([0.25, 0.75], np.float32)}
    >>> found = index_replicates([[[score]]], [np.array([[2], [0]], np.uint8)])  # one replicate
    >>> found["silhouette"].tolist(), found["dunn"].tolist()
    ([[[[0.5, 0.25]]]], [[[[0.1]]]])
    """
    found = {
        index: np.array([[[[score[index]] for score in x] for x in of_model] for of_model in scores], float)
        for index in INDICES
        if index in scores[0][0][0]
    }
    if "silhouette_samples" in scores[0][0][0]:
        samples = np.array(
            [[[score["silhouette_samples"] for score in x] for x in of_model] for of_model in scores]
        )
        replicates = [samples @ weights.astype(np.float32) / samples.shape[-1] for weights in counts]
        found["silhouette"] = np.concatenate([found["silhouette"], *replicates], axis=-1)
    return found


def pairs_to_compare(
    agreements: dict[str, Replicates], indices: dict[tuple[str, str], Replicates]
) -> Iterator[tuple[str, str, str, tuple[np.ndarray, np.ndarray]]]:
    """Each score of each two kinds of features.

    Parameters
    ----------
    agreements
        By kind; empty without classes.
    indices
        By the kind that clusterings were made in, and the kind that they were scored in.

    Yields
    ------
    The name of the score, the two kinds, and the arrays of both for `difference`.

    Examples
    --------
    >>> by_kind = {kind: {"accuracy": np.full((1, 2, 1), 0.5)} for kind in ("pixels", "pca")}
    >>> indices = {(kind, kind): {"dunn": np.full((1, 1, 2, 1), 0.1)} for kind in ("pixels", "pca")}
    >>> [(name, a, b) for name, a, b, _ in pairs_to_compare(by_kind, indices)]
    [('accuracy', 'pixels', 'pca'), ('dunn', 'pixels', 'pca')]
    """
    kinds = list(dict.fromkeys(made_in for made_in, _ in indices))
    for a, b in itertools.combinations(kinds, 2):
        for measure in agreements.get(a, {}):
            yield measure, a, b, (agreements[a][measure][:, None], agreements[b][measure][None])
        for index in indices[a, a]:
            yield index, a, b, (indices[a, a][index], indices[b, b][index].swapaxes(0, 1))
        for space in kinds if (a, b) in indices else []:
            for index in indices[a, space]:
                of_a, of_b = indices[a, space][index], indices[b, space][index].swapaxes(0, 1)
                if space not in (a, b):
                    of_a, of_b = of_a.mean(axis=1, keepdims=True), of_b.mean(axis=0, keepdims=True)
                yield f"{index}_in_{space}", a, b, (of_a, of_b)
