"""Draw the images or rows of a split as points of a plane, those with similar features near each other."""

import argparse
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from sklearn.decomposition import PCA

from lib.base.cli import run_script
from lib.base.files import atomic_write
from lib.base.parallel import blocks
from lib.clustering.clusters_file import read_cluster_names, read_clusters
from lib.data.images_file import SPLITS
from lib.features.distances import read_distances
from lib.features.features_file import open_features
from lib.report import figures
from lib.report.labels import place_labels, read_classes, truncate, use_fonts_for


def main(args: argparse.Namespace) -> None:
    """Write the map, and where its points are."""
    with open_features(args.features) as features:
        chosen = np.random.default_rng(0).permutation(len(features)) < args.max_points
        X = np.concatenate([features[rows][chosen[rows]] for rows in blocks(len(features))])
    clusters = read_clusters(args.clusters, len(chosen))
    names = [truncate(name) for name in read_cluster_names(args.clusters)]
    panels = {"clusters": (clusters[chosen], names)}
    if not args.no_classes and (classes := read_classes(args.images, args.split)):
        panels["classes"] = classes.labels[chosen], classes.names
    use_fonts_for("".join(name for _, names in panels.values() for name in names))
    points, axis_names = {"pca": project_by_pca, "umap": project_by_umap}[args.method](X)
    title = "" if chosen.all() else f"{len(X):,} of {len(chosen):,} points"
    figures.save(plot_map(points, axis_names, panels, title), args.out)
    distances = read_distances(args.clusters, args.features)[chosen]
    table = {"number": np.flatnonzero(chosen), "x": points[:, 0], "y": points[:, 1], "distance": distances}
    with atomic_write(args.points) as part:
        pd.DataFrame(table).to_csv(part, index=False, float_format="%.6g")


def project_by_pca(X: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Features (n, d) to their first two principal components, (n, 2), and the names of these axes.

    Axes that the features do not have, as there are fewer than two of them or one point alone, are 0.
    """
    pca = PCA(min(2, *X.shape), random_state=0)
    points = np.zeros((len(X), 2))
    with np.errstate(invalid="ignore"):  # one point, or points that are all the same, have no variance to share
        points[:, : pca.n_components] = pca.fit_transform(X)
    shares = [*np.nan_to_num(pca.explained_variance_ratio_), 0][:2]
    return points, [
        f"principal component {i + 1} ({100 * share:.0f} % of the variance)" for i, share in enumerate(shares)
    ]


def project_by_umap(X: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Features (n, d) to a map that keeps neighbours near each other, (n, 2), and the names of its axes.

    By UMAP (McInnes et al. 2018), which begins from eigenvectors and needs four points or more. Three or fewer lie
    in a plane as they are, so their principal components show them without loss.
    """
    if len(X) <= 3:
        return project_by_pca(X)
    # An empty module in place of one that is not used, and loads TensorFlow where that is installed.
    sys.modules["umap.parametric_umap"] = ModuleType("umap.parametric_umap")
    from umap import UMAP

    return UMAP(random_state=0, n_jobs=1).fit_transform(X), ["UMAP 1", "UMAP 2"]


def plot_map(
    points: np.ndarray, axis_names: list[str], panels: dict[str, tuple[np.ndarray, list[str]]], title: str
) -> plt.Figure:
    """The same points in each panel, once in the colours of their clusters, once in those of their classes.

    Parameters
    ----------
    points : (n, 2) float
    axis_names
        Of x and y.
    panels
        By title, "clusters" or "classes": the cluster or class of each point, (n,) int, and their names. Points
        in no cluster, -1, are gray.
    title
        Of the figure.
    """
    figure, axes = plt.subplots(
        1, len(panels), figsize=(figures.WIDTH, 3.9 if len(panels) > 1 else 6), layout="constrained", squeeze=False
    )
    figure.suptitle(title, fontsize=8)
    for axis, (name, (labels, names)) in zip(axes[0], panels.items(), strict=True):
        sizes = np.bincount(labels[labels >= 0], minlength=len(names))
        coloured, colours = figures.largest(sizes), figures.colours_of(sizes)
        axis.scatter(*points.T, s=np.clip(6000 / len(points), 2, 12), c=colours[labels], lw=0, alpha=0.6)
        note = f"; gray: {np.count_nonzero(labels < 0):,} in none" if labels.min() < 0 else ""
        axis.set_title(name + figures.omission_note(sizes, name) + note)
        axis.set_xlabel(axis_names[0])
        axis.set_aspect("equal", "datalim")
        axis.set(xticks=[], yticks=[])
        named = coloured[sizes[coloured] > 0]  # a sample of the images may have none of a cluster
        medians = np.array([np.median(points[labels == label], axis=0) for label in named])
        write_names(figure, axis, medians, [names[label] for label in named], colours[named])
    axes[0, 0].set_ylabel(axis_names[1])
    return figure


def write_names(
    figure: plt.Figure, axis: plt.Axes, places: np.ndarray, names: list[str], colours: np.ndarray
) -> None:
    """Write names at their places, (n, 2), moved where they would overlap, with a line to the place."""
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
    figure.draw_without_rendering()  # the sizes of texts are not known before
    boxes = [box.get_window_extent() for text in texts if (box := text.get_bbox_patch())]
    centres = place_labels(
        axis.transData.transform(places), np.array([box.size for box in boxes]) + 2, axis.bbox.get_points()
    )
    for text, centre in zip(texts, axis.transData.inverted().transform(centres), strict=True):
        text.set_position(centre)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="draw_map", description=__doc__)
    parser.add_argument("--images", type=Path, required=True, help="images.h5")
    parser.add_argument("--no-classes", action="store_true", help="do without the classes, if there are any")
    parser.add_argument("--features", type=Path, required=True, help="of the images, .h5")
    parser.add_argument("--split", choices=SPLITS, required=True)
    parser.add_argument("--clusters", type=Path, required=True, help="a clustering of the features, .h5")
    parser.add_argument("--method", choices=["pca", "umap"], default="pca", help="of projection (default: pca)")
    parser.add_argument(
        "--max-points", type=int, default=10_000, help="draw so many images at most, chosen at random"
    )
    parser.add_argument("--out", type=Path, required=True, help="to write, .png")
    parser.add_argument(
        "--points",
        type=Path,
        required=True,
        help="to write, .csv: of each point the number of its image, its place, and the distance to its centroid",
    )
    run_script(main, parser)
