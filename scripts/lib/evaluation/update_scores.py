"""Scores that are there already are kept: only those of new clusterings are computed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from lib.base.files import digest_of
from lib.clustering.clusters_file import read_seed
from lib.evaluation.scores_file import read_scores_made_of, write_scores


def update_scores(
    files: Mapping[Path, Sequence[Path]],
    n_features: int,
    made_of: str,
    score: Callable[[list[Path]], Iterable[dict]],
) -> None:
    """Write files of scores, and compute those that are not there or were made of something else.

    Parameters
    ----------
    files
        For each file of scores, those of the clusterings.
    n_features
        Of the space to score in.
    made_of
        A digest of this space and of how it is scored in, as of `digest_of`.
    score
        Gives the scores of clusterings, as `write_scores` takes them.

    Raises
    ------
    InputError
        If a clustering cannot be read, or the disk is full or refuses a file.

    Examples
    --------
    >>> update_scores({Path("k10/pixels.h5"): []}, 1024, "c0ffee", lambda clusterings: [])
    """
    digests = {path: {read_seed(x): digest_of(x, made_of) for x in files[path]} for path in files}
    scores = {path: read_scores_made_of(path, digests[path]) for path in files}
    missing = [(path, seed, x) for path in files for seed, x in zip(digests[path], files[path], strict=True)]
    missing = [(path, seed, x) for path, seed, x in missing if seed not in scores[path]]
    for (path, seed, _), found in zip(missing, score([x for *_, x in missing]), strict=True):
        scores[path][seed] = found
    for path in files:
        write_scores(path, n_features, {seed: scores[path][seed] for seed in digests[path]}, digests[path])


def clusterings_by_file(files: Sequence[Path], clusterings: Sequence[Path]) -> dict[Path, Sequence[Path]]:
    """The clusterings of each file of scores: as many for each, one after the other.

    Examples
    --------
    >>> found = clusterings_by_file([Path("k2.h5"), Path("k3.h5")], [Path("a"), Path("b"), Path("c"), Path("d")])
    >>> [str(path) for path in found[Path("k3.h5")]]
    ['c', 'd']
    """
    n = len(clusterings) // len(files)
    return {path: clusterings[i * n : (i + 1) * n] for i, path in enumerate(files)}
