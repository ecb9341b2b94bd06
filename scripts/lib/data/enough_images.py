"""Whether splits have as many images as they are to have clusters."""

from collections.abc import Sequence


def too_many_clusters(
    n_images: dict[str, int], splits: Sequence[str], ks: Sequence[int], of: object, rows: str = "images"
) -> list[str]:
    """What is wrong with numbers of clusters, for each split that has fewer images.

    Parameters
    ----------
    n_images
        How many images each split has.
    splits
        Those that are clustered.
    ks
        The numbers of clusters.
    of
        The dataset, for the lines.
    rows
        What it has.

    Examples
    --------
    >>> too_many_clusters({"train": 900, "test": 100}, ["train", "test"], [10, 500], "mine")
    ['clustering.n_clusters has 500, and the split test of mine has 100 images; take numbers up to 100']
    """
    lines = []
    for split in splits:
        n = n_images.get(split, 0)
        if n > 1 and (above := [k for k in ks if k > n]):  # one image alone is refused for itself
            lines.append(
                f"clustering.n_clusters has {', '.join(map(str, above))}, and the split {split} of {of} has {n:,} "
                f"{rows}; take numbers up to {n}"
            )
    return lines
