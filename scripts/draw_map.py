"""Draw the images of a split as points of a plane, those with similar features near each other."""

import argparse
import sys
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt
from sklearn.decomposition import PCA

from lib.base.cli import run_script
from lib.base.parallel import blocks
from lib.clustering.clusters_file import read_clusters
from lib.data.images_file import SPLITS
from lib.features.features_file import open_features
from lib.report import figures
from lib.report.labels import place_labels, read_classes, truncate

GRAY = "#BBBBBB"


def main(args: argparse.Namespace) -> None:
    with open_features(args.features) as features:
        chosen = np.random.default_rng(0).permutation(len(features)) < args.max_points
        X = np.concatenate([features[rows][chosen[rows]] for rows in blocks(len(features))])
    labels = read_clusters(args.clusters, len(chosen))
    panels = {"clusters": (labels[chosen], [str(cluster) for cluster in range(labels.max() + 1)])}
    classes, names = read_classes(args.images, args.split)
    if classes is not None:
        panels["classes"] = classes[chosen], names
    points, axis_names = {"pca": by_pca, "umap": by_umap}[args.method](X)
    title = "" if chosen.all() else f"{len(X):,} of {len(chosen):,} images"
    figures.save(draw(points, axis_names, panels, title), args.out)


def by_pca(X: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """The first two principal components, (n, 2), and their names."""
    pca = PCA(min(2, *X.shape), random_state=0)
    points = np.zeros((len(X), 2))
    with np.errstate(invalid="ignore"):  # one point, or points that are all the same, have no variance to share
        points[:, : pca.n_components] = pca.fit_transform(X)
    shares = [*np.nan_to_num(pca.explained_variance_ratio_), 0][:2]
    return points, [
        f"principal component {i + 1} ({100 * share:.0f} % of the variance)" for i, share in enumerate(shares)
    ]


def by_umap(X: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """A map of neighbourhoods, (n, 2), by UMAP (McInnes et al. 2018), and the names of its axes.

    Three points or fewer lie in a plane as they are, which principal components show. UMAP, which begins from
    eigenvectors of their neighbourhoods, needs more.
    """
    if len(X) <= 3:
        return by_pca(X)
    sys.modules["umap.parametric_umap"] = None  # it loads TensorFlow, if that is installed
    from umap import UMAP

    return UMAP(random_state=0, n_jobs=1).fit_transform(X), ["UMAP 1", "UMAP 2"]


def draw(points: np.ndarray, axis_names: list[str], panels: dict, title: str) -> plt.Figure:
    """The same points in each panel, in the colours of its groups: numbers (n,) and names."""
    figure, axes = plt.subplots(
        1, len(panels), figsize=(figures.WIDTH, 3.9 if len(panels) > 1 else 6), layout="constrained", squeeze=False
    )
    figure.suptitle(title, fontsize=8)
    for axis, (name, (groups, names)) in zip(axes[0], panels.items(), strict=True):
        sizes = np.bincount(groups, minlength=len(names))
        shown = figures.largest(sizes)
        colours = np.full(len(names), GRAY, dtype=object)
        colours[shown] = np.resize(figures.COLOURS, len(shown))
        axis.scatter(*points.T, s=np.clip(6000 / len(points), 2, 12), c=colours[groups], lw=0, alpha=0.6)
        axis.set_title(name + figures.what_is_shown(sizes, name))
        axis.set_xlabel(axis_names[0])
        axis.set_aspect("equal", "datalim")
        axis.set(xticks=[], yticks=[])
        shown = shown[sizes[shown] > 0]
        middles = np.array([np.median(points[groups == group], axis=0) for group in shown])
        write(axis, middles, [names[group] for group in shown], colours[shown])
    axes[0, 0].set_ylabel(axis_names[1])
    return figure


def write(axis: plt.Axes, places: np.ndarray, names: list[str], colours: np.ndarray) -> None:
    """Write names at places of a map, moved so that each can be read, with a line to its place."""
    texts = [
        axis.annotate(
            truncate(name, 12),
            place,
            place,
            ha="center",
            va="center",
            bbox={"boxstyle": "round,pad=0.15", "fc": "white", "ec": colour},
            arrowprops={"arrowstyle": "-", "color": "black", "lw": 0.8},
        )
        for name, place, colour in zip(names, places, colours, strict=True)
    ]
    axis.figure.draw_without_rendering()  # only now the sizes of texts are known
    boxes = [text.get_bbox_patch().get_window_extent() for text in texts]
    centres = place_labels(
        axis.transData.transform(places), np.array([box.size for box in boxes]) + 2, axis.bbox.get_points()
    )
    for text, centre in zip(texts, axis.transData.inverted().transform(centres), strict=True):
        text.set_position(centre)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="draw_map", description=__doc__)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--features", type=Path, required=True)
    parser.add_argument("--split", choices=SPLITS, required=True)
    parser.add_argument("--clusters", type=Path, required=True)
    parser.add_argument("--method", choices=["pca", "umap"], default="pca")
    parser.add_argument("--max-points", type=int, default=10_000, help="of more images, so many at random")
    parser.add_argument("--out", type=Path, required=True, help="to write, .png")
    run_script(main, parser)
