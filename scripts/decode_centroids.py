"""Decode the centroids of clusters of codes: the autoencoder's decoder makes an image of each."""

import argparse
from pathlib import Path

from lib.base.cli import run_script
from lib.clustering.clusters_file import read_centroids
from lib.report.centroids_file import write_centroid_images


def main(args: argparse.Namespace) -> None:
    centroids = read_centroids(args.clusters)
    from lib.features import autoencoder

    model = autoencoder.load(args.model)
    write_centroid_images(args.out, autoencoder.decode(model, centroids))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="decode_centroids", description=__doc__)
    parser.add_argument("--clusters", type=Path, required=True, help="of codes, made by cluster.py")
    parser.add_argument("--model", type=Path, required=True, help="made by train.py")
    parser.add_argument("--out", type=Path, required=True)
    run_script(main, parser)
