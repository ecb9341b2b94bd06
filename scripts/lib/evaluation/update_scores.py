"""Scores that are there already are kept: only those of new clusterings are computed."""

import itertools
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from lib.base.files import digest_of
from lib.base.hdf5 import groups_made_of
from lib.evaluation.scores_file import read_scores_made_of, write_scores

# For each file of scores, the files of the clusterings that it is of, by name.
Files = Mapping[Path, Mapping[str, Path]]


def missing_scores(files: Files, made_of: str) -> dict[str, Path]:
    """The clusterings whose scores are not there, or were made of something else.

    Parameters
    ----------
    made_of
        A digest of the space that they are scored in, and of how, as of `digest_of`.

    Raises
    ------
    InputError
        If a clustering cannot be read.

    Examples
    --------
    >>> missing_scores({Path("metrics/pca/test/k10.h5"): {}}, "c0ffee")
    {}
    """
    return _missing(files, _digests(files, made_of))


def update_scores(
    files: Files, n_features: int, made_of: str, score: Callable[[Mapping[str, Path]], Iterable[dict]]
) -> None:
    """Write files of scores in one space, and compute those that are `missing_scores`.

    Parameters
    ----------
    n_features
        Of the space.
    made_of
        A digest of the space and of how it is scored in, as of `digest_of`.
    score
        Gives the scores of clusterings, as `write_scores` takes them.

    Raises
    ------
    InputError
        If a clustering cannot be read, or the disk is full or refuses a file.

    Examples
    --------
    >>> update_scores({Path("metrics/pca/test/k10.h5"): {}}, 64, "c0ffee", lambda clusterings: [])
    """
    digests = _digests(files, made_of)
    missing = _missing(files, digests)
    found = zip(missing, score(missing), strict=True)
    for path, made_of_these in digests.items():
        scores = read_scores_made_of(path, made_of_these)
        scores |= dict(itertools.islice(found, len(made_of_these) - len(scores)))
        write_scores(path, n_features, {name: scores[name] for name in made_of_these}, made_of_these)


def _digests(files: Files, made_of: str) -> dict[Path, dict[str, str]]:
    return {
        path: {name: digest_of(clusters, made_of) for name, clusters in clusterings.items()}
        for path, clusterings in files.items()
    }


def _missing(files: Files, digests: Mapping[Path, Mapping[str, str]]) -> dict[str, Path]:
    return {
        name: clusters
        for path, clusterings in files.items()
        for there in [groups_made_of(path, digests[path])]
        for name, clusters in clusterings.items()
        if name not in there
    }
