"""What the autoencoder's decoder makes of the centroids of codes: an image of each cluster."""

import argparse
from pathlib import Path

from lib.cli import run
from lib.storage import read_model, reading, writing


def main(args: argparse.Namespace) -> None:
    with reading(args.clusters) as file:
        centroids = file["centroids"][:]
    from lib import autoencoder

    model = read_model(args.model, autoencoder.keras.saving.load_model)
    with writing(args.out) as file:
        file["images"] = autoencoder.decode(model, centroids)
        file["images"].attrs["description"] = "what the decoder makes of each centroid, 0 (black) to 1 (white)"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="decode", description=__doc__)
    parser.add_argument("--clusters", type=Path, required=True, help="of codes")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    run(main, parser)
