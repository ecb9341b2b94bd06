"""List which image is in which cluster: images.csv, with columns for the clusterings."""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from lib.base.cli import run_script
from lib.base.files import atomic_write
from lib.clustering.clusters_file import read_cluster_names, read_clusters
from lib.clustering.labels import NOISE
from lib.evaluation.scores_file import read_scores
from lib.features.distances import read_distances
from lib.workflow.layout import Clustering, Imported, Results, Space


def main(args: argparse.Namespace) -> None:
    """Write assignments.csv."""
    results = Results(args)
    shown = set(args.shown)
    clusterings = [x for x in results.all_clusterings() if args.all or x.path in shown]
    # As texts, in lines as images.csv has them: a name may hold a carriage return, or look like a missing value.
    images = pd.read_csv(args.images, dtype=str, keep_default_na=False, lineterminator="\n")
    images = images[images["split"].isin({clustering.split for clustering in clusterings})]
    columns = [images]
    for clustering in clusterings:
        rows = images.index[images["split"] == clustering.split]
        found = {clustering.path: clusters_of(results, clustering, len(rows))}
        if clustering.path in shown:
            found |= dict(places(results, clustering, Space(args.shown_space)))
        columns += [pd.Series(values, rows, name=name) for name, values in found.items()]
    with atomic_write(args.out) as part:
        pd.concat(columns, axis=1).to_csv(part, index=False)


def clusters_of(results: Results, clustering: Clustering | Imported, n: int) -> np.ndarray:
    """The number of the cluster that each of n images is in, or its name elsewhere, as text; -1 for noise."""
    path = results.clusters(clustering)
    names = [*read_cluster_names(path), str(NOISE)]  # the last is at -1
    return np.array(names, object)[read_clusters(path, n)]


def places(
    results: Results, clustering: Clustering | Imported, shown_space: Space
) -> Iterator[tuple[str, np.ndarray]]:
    """Where in its cluster each image is: its silhouette, unless that is estimated, and how far the centroid is.

    Parameters
    ----------
    shown_space
        The space of clusterings that were made elsewhere, which the names of their columns say.
    """
    path = results.clusters(clustering)
    if isinstance(clustering, Clustering):
        space, suffix = clustering.space, ""
    else:
        space, suffix = shown_space, f" in {shown_space.path}"
    scores = read_scores(results.scores(clustering, space), clustering.path)
    if "silhouette_samples" in scores:
        yield f"{clustering.path} silhouette{suffix}", scores["silhouette_samples"]
    distances = read_distances(path, results.features(space, clustering.split))
    yield f"{clustering.path} distance to centroid{suffix}", distances.astype(np.float32)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="list_assignments", description=__doc__)
    Results.add_arguments(parser)
    parser.add_argument("--images", type=Path, required=True, help="images.csv")
    parser.add_argument("--shown", nargs="+", required=True, metavar="CLUSTERING", help="with all their columns")
    parser.add_argument("--shown-space", required=True, help="of the distances of those that were made elsewhere")
    parser.add_argument("--all", action="store_true", help="list all other clusterings too")
    parser.add_argument("--out", type=Path, required=True, help="to write, CSV")
    run_script(main, parser)
