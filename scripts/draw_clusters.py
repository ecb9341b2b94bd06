"""Draw one clustering by its numbers: the silhouettes, and the classes in its clusters or their sizes."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.ticker import PercentFormatter

from lib.base.cli import run_script
from lib.clustering.clusters_file import read_cluster_names, read_clusters
from lib.data.images_file import SPLITS, count_images
from lib.evaluation.scores_file import read_scores
from lib.report import figures
from lib.report.labels import name_clusters, read_classes, text_width, use_fonts_for

NOISE = "noise"


def main(args: argparse.Namespace) -> None:
    """Write both figures."""
    labels = read_clusters(args.clusters, count_images(args.images, args.split))
    names = name_clusters(read_cluster_names(args.clusters))
    classes = None if args.no_classes else read_classes(args.images, args.split)
    use_fonts_for("".join([*names, *(classes.names if classes else [])]))
    if labels.min() < 0:  # noise is shown as the last cluster
        labels = np.where(labels < 0, len(names), labels)
        names.append(NOISE)
    sizes = np.bincount(labels, minlength=len(names))
    scores = read_scores(args.scores, args.scored_as)
    figures.save(plot_silhouettes(scores, labels, sizes, names), args.silhouettes)
    if classes is None:
        figures.save(plot_sizes(sizes, names), args.contents)
    else:
        counts = count_classes(labels, classes.labels, len(sizes), len(classes.names))
        figures.save(plot_contents(counts, classes.names, names), args.contents)


def count_classes(labels: np.ndarray, classes: np.ndarray, n_clusters: int, n_classes: int) -> np.ndarray:
    """The number of images of each class in each cluster, (n_clusters, n_classes)."""
    cells = labels.astype(np.int64) * n_classes + classes
    return np.bincount(cells, minlength=n_clusters * n_classes).reshape(n_clusters, n_classes)


def plot_silhouettes(scores: dict, labels: np.ndarray, sizes: np.ndarray, names: Sequence[str]) -> plt.Figure:
    """The silhouette of each image as a bar, sorted within its cluster (Rousseeuw 1987).

    Parameters
    ----------
    scores
        Of the clustering in its own space, as of `read_scores`.
    labels : (n,) int
    sizes : (k,) int
        Images in each cluster.
    names
        Of the clusters.
    """
    mean = scores["silhouette"]
    if np.isnan(mean):
        return figures.message("Silhouettes are undefined: there is only one cluster.")
    if "silhouette_samples" not in scores:
        return figures.message(
            f"The silhouette was estimated from a sample: {mean:.4f}, 95 % interval "
            f"{scores['silhouette_lower']:.4f} to {scores['silhouette_upper']:.4f}."
        )
    shown = figures.largest(sizes)
    # Small clusters keep their thickness, but take the height of their label.
    heights = np.maximum(sizes[shown], sizes[shown].mean() / 2) * 1.05
    middles = np.cumsum(heights) - heights / 2
    figure, axis = plt.subplots(figsize=(figures.WIDTH, 1 + 0.3 * len(shown)), layout="constrained")
    texts = []
    for i, cluster in enumerate(shown):
        values = np.sort(scores["silhouette_samples"][labels == cluster])[::-1]
        edges = middles[i] - len(values) / 2 + np.arange(len(values) + 1)
        colour = figures.GROUP_COLOURS[i % len(figures.GROUP_COLOURS)]
        axis.fill_betweenx(edges, 0, [*values, values[-1]], step="post", color=colour, lw=0)
        texts.append(f"{names[cluster]}: n = {len(values):,}, mean {values.mean():.2f}")
    axis.set_yticks(middles, texts)
    axis.tick_params(axis="y", length=0)
    axis.set_ylim(heights.sum(), 0)
    axis.axvline(0, color="black", lw=0.8)
    axis.axvline(mean, color="black", lw=1, ls="--", label=f"mean of all: {mean:.3f}")
    axis.set_xlabel("silhouette" + figures.omission_note(sizes, "clusters"))
    figure.legend(loc="outside upper right")
    return figure


def plot_sizes(sizes: np.ndarray, names: Sequence[str]) -> plt.Figure:
    """The number of images in each cluster, from `sizes` (k,) and the `names` of the clusters."""
    shown = figures.largest(sizes)
    figure, axis = plt.subplots(figsize=(figures.WIDTH, 0.8 + 0.25 * len(shown)), layout="constrained")
    bars = axis.barh(range(len(shown)), sizes[shown], color=figures.COLOURS[0])
    axis.bar_label(bars, [f"{size:,}" for size in sizes[shown]], padding=3)
    axis.set_yticks(range(len(shown)), [names[cluster] for cluster in shown])
    axis.set_ylim(len(shown) - 0.5, -0.5)
    axis.set_xlabel("size" + figures.omission_note(sizes, "clusters"))
    return figure


def plot_contents(counts: np.ndarray, class_names: Sequence[str], names: Sequence[str]) -> plt.Figure:
    """Clusters (rows) against classes (columns), from `counts` (k, n_classes) and the names of both.

    Clusters are in the order of the class that is most frequent in them, noise is last.
    """
    sizes = counts.sum(axis=1)
    shares = counts / sizes[:, None]
    clusters, classes = figures.largest(sizes), figures.largest(counts.sum(axis=0))
    is_noise = np.array([names[cluster] == NOISE for cluster in clusters])
    clusters = clusters[np.lexsort((-shares[clusters].max(axis=1), shares[clusters].argmax(axis=1), is_noise))]
    cells = np.ix_(clusters, classes)
    figure, axis = plt.subplots(figsize=(figures.WIDTH, 1.3 + 0.32 * len(clusters)), layout="constrained")
    image = axis.imshow(shares[cells], cmap="Blues", vmin=0, aspect="auto")
    darkest = shares[cells].max()
    for (y, x), count in np.ndenumerate(counts[cells]):
        share = shares[cells][y, x]
        dark = share > 0.6 * darkest
        text = f"{count:,}\n{100 * share:.0f} %" if count else "0"
        axis.text(x, y, text, ha="center", va="center", size=6, color="white" if dark else "black")
    axis.set_xticks(range(len(classes)), [class_names[number] for number in classes])
    if max(map(text_width, class_names)) > 3:
        axis.tick_params(axis="x", rotation=45, rotation_mode="xtick")
    axis.set_yticks(range(len(clusters)), [f"{names[number]}: n = {sizes[number]:,}" for number in clusters])
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
    notes = figures.omission_note(sizes, "clusters") + figures.omission_note(counts.sum(axis=0), "classes")
    axis.set_xlabel("class" + notes)
    bar = figure.colorbar(image, format=PercentFormatter(1, decimals=0, symbol=" %"))
    bar.ax.set_title("share of\nthe cluster", size="small")
    return figure


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="draw_clusters", description=__doc__)
    parser.add_argument("--images", type=Path, required=True, help="images.h5")
    parser.add_argument("--no-classes", action="store_true", help="do without the classes, if there are any")
    parser.add_argument("--split", choices=SPLITS, required=True)
    parser.add_argument("--clusters", type=Path, required=True, help="a clustering, .h5")
    parser.add_argument("--scores", type=Path, required=True, help="of the clustering in its own space, .h5")
    parser.add_argument("--scored-as", required=True, help="the path of the clustering in that file")
    parser.add_argument("--silhouettes", type=Path, required=True, help="to write, .png")
    parser.add_argument("--contents", type=Path, required=True, help="to write, .png")
    run_script(main, parser)
