"""The scores of clusterings with the images as they are, and with images drawn again (the bootstrap)."""

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from lib.evaluation.agreement import agreement, contingency

INDICES = ("silhouette", "dunn")  # of clusterings in two spaces of their own: on two scales

Replicates = dict[str, np.ndarray]  # by the name of a score


def agreement_replicates(
    labels: Sequence[Sequence[np.ndarray]], classes: np.ndarray, counts: Sequence[np.ndarray]
) -> Replicates:
    """Agreement of clusterings with the classes.

    Parameters
    ----------
    labels
        (n,) int for each model and seed.
    classes : (n,) int
    counts
        From `bootstrap_counts`.

    Returns
    -------
    (n_models, n_seeds, 1 + n_replicates) for each measure
    """
    found = [[[agreement(contingency(classes, x)[None])] for x in line] for line in labels]
    for weights in counts:
        for line, parts in zip(labels, found, strict=True):
            for x, part in zip(line, parts, strict=True):
                part.append(agreement(contingency(classes, x, weights.astype(np.float32))))
    return {
        measure: np.array(
            [[np.concatenate([part[measure] for part in parts]) for parts in line] for line in found]
        )
        for measure in found[0][0][0]
    }


def index_replicates(scores: Sequence[Sequence[Sequence[dict]]], counts: Sequence[np.ndarray]) -> Replicates:
    """Validity indices of clusterings. Only silhouettes of all samples have replicates.

    For two pairs among all decide Dunn's index, and of an estimated silhouette the samples are not known.

    Parameters
    ----------
    scores
        For each model, space that it is scored in, and seed, as `read_scores` gives them.
    counts
        From `bootstrap_counts`.

    Returns
    -------
    (n_models, n_spaces, n_seeds, 1 + n_replicates) or (..., 1) for each index
    """
    found = {
        index: np.array([[[[score[index]] for score in x] for x in line] for line in scores], float)
        for index in INDICES
        if index in scores[0][0][0]
    }
    if "silhouette_samples" in scores[0][0][0]:
        samples = np.array([[[score["silhouette_samples"] for score in x] for x in line] for line in scores])
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
    The name of the score, the two kinds, and both arrays as for `difference`.
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
