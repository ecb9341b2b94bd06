"""Sort the images of clusterings into a folder for each cluster: links to photos, or copies, or else PNG files."""

import argparse
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

from PIL import Image

from lib.base.cli import run_script
from lib.base.errors import InputError
from lib.base.parallel import blocks
from lib.clustering.clusters_file import read_cluster_names, read_clusters
from lib.data.folder import open_folder
from lib.data.images_file import count_images, read_description, read_files, read_images
from lib.data.names import printable
from lib.report.export import export, export_paths
from lib.workflow.layout import Clustering, Imported, Results


def main(args: argparse.Namespace) -> None:
    """Write a folder below export/ for each clustering."""
    results = Results(args)
    if read_description(results.images)["shape"] is None:
        raise InputError(f"{results.folder.name} has vectors alone, and no images; take assignments.csv instead")
    photos = photos_below(args.photos) if args.photos else {}
    by_path = {clustering.path: clustering for clustering in results.all_clusterings()}
    for path in args.clusterings:
        export_clustering(results, by_path[path], photos, copy=args.copy)


def photos_below(folder: Path) -> dict[str, Path]:
    """The photos of a folder, by their paths as images.h5 has them, in which odd characters are written out."""
    found = open_folder(folder, classes=False, test_fraction=None).photos
    return {printable(photo.path): folder.absolute() / photo.path for photo in found}


def export_clustering(
    results: Results, clustering: Clustering | Imported, photos: dict[str, Path], *, copy: bool
) -> None:
    """Write the folder of a clustering.

    Parameters
    ----------
    photos
        As of `photos_below`; empty where the images are no files of their own.
    copy
        Whether photos are copied.
    """
    n = count_images(results.images, clustering.split)
    labels = read_clusters(results.clusters(clustering), n)
    names = read_cluster_names(results.clusters(clustering))
    contents: Iterable[Path | bytes]
    if photos:
        files = read_files(results.images, clustering.split) or []
        gone = [file for file in files if file not in photos]
        if gone:
            raise InputError(f"the photo {gone[0]} is no longer there; bring it back, or run the workflow again")
        contents = [photos[file] for file in files]
    else:
        files = ["image.png"] * n
        contents = pictures(results.images, clustering.split)
    paths = export_paths(labels.tolist(), names, files)
    export(results.folder / "export" / clustering.path, paths, contents, copy=copy)


def pictures(path: Path, split: str) -> Iterator[bytes]:
    """The images of a split as PNG files."""
    for rows in blocks(count_images(path, split), 256):
        for image in read_images(path, split, rows):
            file = io.BytesIO()
            Image.fromarray(image).save(file, "PNG")
            yield file.getvalue()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="export", description=__doc__)
    Results.add_arguments(parser)
    parser.add_argument("--clusterings", nargs="+", required=True, metavar="CLUSTERING", help="to sort by")
    parser.add_argument("--photos", type=Path, help="the folder that the images are from, if they are from one")
    parser.add_argument("--copy", action="store_true", help="copy photos, instead of making links")
    run_script(main, parser)
