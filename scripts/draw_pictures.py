"""Draw one clustering by its images: examples, centroids as images, and the two pairs of Dunn's index."""

import argparse
import functools
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt

from lib.base.cli import run_script
from lib.base.parallel import blocks
from lib.clustering.clusters_file import read_cluster_names, read_clusters
from lib.data.images_file import SPLITS, count_images, read_images
from lib.evaluation.scores_file import read_scores
from lib.features.distances import read_distances
from lib.report import figures
from lib.report.centroids_file import read_centroid_images
from lib.report.labels import Classes, name_clusters, read_classes, use_fonts_for

N_EXAMPLES = 5  # images of each kind, for each cluster
EXAMPLE_KINDS = ("nearest to the centroid", "others, at random", "farthest from the centroid")
N_COLUMNS = 10  # of centroids


def main(args: argparse.Namespace) -> None:
    """Write all figures."""
    labels = read_clusters(args.clusters, count_images(args.images, args.split))
    names = name_clusters(read_cluster_names(args.clusters))
    n_clusters = len(names)
    labels = np.where(labels < 0, n_clusters, labels)  # noise comes last, and is not shown
    sizes = np.bincount(labels, minlength=n_clusters)
    distances = read_distances(args.clusters, args.features)
    pictures_of = functools.partial(read_pictures, args.images, args.split)
    classes = None if args.no_classes else read_classes(args.images, args.split)
    use_fonts_for("".join([*names, *(classes.names if classes else [])]))
    figures.save(plot_montage(labels, distances, sizes[:n_clusters], pictures_of, names), args.montage)
    scores = read_scores(args.scores, args.scored_as)
    figures.save(plot_dunn(scores, labels, classes, pictures_of, names), args.dunn)
    if args.decoded:
        pictures = read_centroid_images(args.decoded)
    else:
        pictures = mean_pictures(args.images, args.split, labels, sizes)
    figures.save(plot_centroids(pictures, sizes[:n_clusters], names), args.centroids)


def read_pictures(path: Path, split: str, rows: np.ndarray) -> np.ndarray:
    """Read the images of `rows` (m,) alone, in this order: float32 (m, height, width[, 3]), from 0 to 1."""
    return read_images(path, split, rows) / np.float32(255)


def mean_pictures(path: Path, split: str, labels: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """The mean of the images of each cluster, (k, height, width[, 3]) from 0 to 1: of pixels, the centroid."""
    sums = np.zeros((len(sizes), *read_images(path, split, slice(1)).shape[1:]))
    for rows in blocks(len(labels)):
        np.add.at(sums, labels[rows], read_images(path, split, rows))
    return sums / sizes.reshape(-1, *[1] * (sums.ndim - 1)) / 255


def examples(
    labels: np.ndarray, distances: np.ndarray, cluster: int, n: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The `n` images of a cluster nearest to its centroid, `n` others at random, and the `n` farthest.

    Each kind is in order of distance. No image appears twice, so a small cluster has fewer examples.

    Parameters
    ----------
    labels, distances : (n_images,)
        The cluster of each image, and the distance to its centroid.
    cluster
        Its number.
    n
        Examples of each kind.

    Returns
    -------
    Numbers of images, (n,) int for each kind
    """
    members = np.flatnonzero(labels == cluster)
    members = members[np.argsort(distances[members], kind="stable")]
    nearest, others = members[:n], members[n:]
    others, farthest = others[:-n], others[-n:]
    at_random = np.random.default_rng(0).permutation(len(others))[:n]
    return nearest, others[np.sort(at_random)], farthest


def plot_montage(
    labels: np.ndarray,
    distances: np.ndarray,
    sizes: np.ndarray,
    pictures_of: Callable[[np.ndarray], np.ndarray],
    names: Sequence[str],
) -> plt.Figure:
    """A row of images for each cluster: nearest to its centroid, others at random, farthest.

    Parameters
    ----------
    labels, distances : (n,)
        The cluster of each image, and the distance to its centroid.
    sizes : (k,) int
        Images in each cluster.
    pictures_of
        Reads the images of some rows, as `read_pictures` does.
    names
        Of the clusters.
    """
    shown = figures.largest(sizes)
    left, step = 2.3, N_EXAMPLES + 0.4
    figure, axis = figures.picture_grid(
        left + step * len(EXAMPLE_KINDS), 0.7 + len(shown), figures.omission_note(sizes, "clusters")
    )
    for column, name in enumerate(EXAMPLE_KINDS):
        axis.text(left + step * column + N_EXAMPLES / 2, 0.35, name, ha="center", va="center")
    for row, cluster in enumerate(shown):
        text = f"{names[cluster]}\n{sizes[cluster]:,} images"
        axis.text(left - 0.2, 0.7 + row + 0.5, text, ha="right", va="center")
        for column, numbers in enumerate(examples(labels, distances, cluster, N_EXAMPLES)):
            for place, picture in enumerate(pictures_of(numbers)):
                figures.place_picture(axis, picture, left + step * column + place, 0.7 + row)
    return figure


def plot_centroids(pictures: np.ndarray, sizes: np.ndarray, names: Sequence[str]) -> plt.Figure:
    """The centroid of each cluster, from `pictures` (k, height, width[, 3]), `sizes` (k,) and `names`."""
    shown = figures.largest(sizes)
    n_rows = -(-len(shown) // N_COLUMNS)
    figure, axis = figures.picture_grid(N_COLUMNS, 1.4 * n_rows, figures.omission_note(sizes, "clusters"))
    for place, cluster in enumerate(shown):
        x, y = place % N_COLUMNS, place // N_COLUMNS * 1.4
        text = f"{names[cluster]}\n{sizes[cluster]:,} images"
        axis.text(x + 0.5, y + 0.2, text, ha="center", va="center", size=6)
        figures.place_picture(axis, pictures[cluster], x, y + 0.4)
    return figure


def plot_dunn(
    scores: dict,
    labels: np.ndarray,
    classes: Classes | None,
    pictures_of: Callable[[np.ndarray], np.ndarray],
    names: Sequence[str],
) -> plt.Figure:
    """The two pairs of images that decide Dunn's index.

    Parameters
    ----------
    scores
        Of the clustering in its own space, as of `read_scores`.
    labels : (n,) int
    classes
        Of the images, if they have any.
    pictures_of
        Reads the images of some rows, as `read_pictures` does.
    names
        Of the clusters.
    """
    if "dunn" not in scores:
        return figures.message("Dunn's index was left out: the silhouette was estimated from some images.")
    if "separation_pair" not in scores:
        return figures.message("Dunn's index is undefined: there is only one cluster.")
    figure, axis = figures.picture_grid(6, 2.3)
    separation, diameter = scores["separation"], scores["diameter"]
    text = f"Dunn's index: {separation:.4g} / {diameter:.4g} = {scores['dunn']:.4g}"
    axis.text(3, 0.15, text, ha="center", va="center")
    pairs = [
        (0.4, "separation", "the nearest two images of different clusters"),
        (3.4, "diameter", "the farthest two images of one cluster"),
    ]
    for left, name, meaning in pairs:
        axis.text(left + 1.1, 0.5, f"{meaning}:\n{scores[name]:.4g} apart", ha="center", va="center")
        numbers = scores[f"{name}_pair"]
        for x, number, picture in zip((left, left + 1.2), numbers, pictures_of(numbers), strict=True):
            figures.place_picture(axis, picture, x, 0.7)
            text = f"image {number:,}\n{names[labels[number]]}"
            text += "" if classes is None else f"\nclass {classes.names[classes.labels[number]]}"
            axis.text(x + 0.5, 1.75, text, ha="center", va="top")
    return figure


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="draw_pictures", description=__doc__)
    parser.add_argument("--images", type=Path, required=True, help="images.h5")
    parser.add_argument("--no-classes", action="store_true", help="do without the classes, if there are any")
    parser.add_argument("--features", type=Path, required=True, help="of the images, .h5")
    parser.add_argument("--split", choices=SPLITS, required=True)
    parser.add_argument(
        "--clusters", type=Path, required=True, help="a clustering, of the features or elsewhere, .h5"
    )
    parser.add_argument("--scores", type=Path, required=True, help="of it in the space of the features, .h5")
    parser.add_argument("--scored-as", required=True, help="the path of the clustering in that file")
    parser.add_argument("--decoded", type=Path, nargs="?", help="centroids as images, .h5, if there is a decoder")
    for name in ("montage", "centroids", "dunn"):
        parser.add_argument(f"--{name}", type=Path, required=True, help="to write, .png")
    run_script(main, parser)
