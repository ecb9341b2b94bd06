"""Images cut in two halves at random, to see what other images would do to the clusterings."""

import numpy as np

N_SPLITS = 20
MAX_SIZE = 5000  # images of a half: enough to see how much images matter, and quick to cluster
N_STARTS = 5  # of k-means on each half
MIN_STARTS_OF_MODEL = 2  # on each half, where there are several models


def random_halves(n: int, n_splits: int = N_SPLITS, seed: int = 0) -> list[np.ndarray]:
    """Cut n images in two halves at random, many times.

    Returns
    -------
    2 * n_splits ascending arrays of n // 2 numbers, 5,000 at most: the two of a split follow one another and have
    no image in common.

    Examples
    --------
    >>> [half.tolist() for half in random_halves(5, n_splits=1)]
    [[2, 4], [0, 3]]
    """
    size = min(n // 2, MAX_SIZE)
    rng = np.random.default_rng(seed)
    halves = []
    for _ in range(n_splits):
        order = rng.permutation(n)
        halves += [np.sort(order[:size]), np.sort(order[size : 2 * size])]
    return halves


def n_starts(n_models: int) -> int:
    """How many times each half is clustered with each of some models.

    Examples
    --------
    >>> n_starts(1), n_starts(3)
    (5, 2)
    """
    return max(MIN_STARTS_OF_MODEL, -(-N_STARTS // n_models))


def half_seed(half: int, space: int, model: int, start: int) -> int:
    """A seed of k-means for the numbers of a half, a space, a model and a start, which no others have.

    So what the starts on one side happen to find says nothing of the other side.

    Examples
    --------
    >>> half_seed(0, 0, 0, 0) != half_seed(0, 0, 0, 1)
    True
    """
    return int(np.random.SeedSequence((half, space, model, start)).generate_state(1)[0])
