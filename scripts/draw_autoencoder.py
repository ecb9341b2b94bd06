"""Draw how the autoencoder learns, and what it makes of some images."""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.ticker import MaxNLocator

from lib.base.cli import run_script
from lib.data.images_file import SPLITS
from lib.features.training_files import read_examples
from lib.report import figures


def main(args: argparse.Namespace) -> None:
    """Write both figures."""
    figures.save(plot_loss(pd.read_csv(args.history), args.splits), args.loss)
    examples = read_examples(args.examples)
    figures.save(
        plot_reconstructions(examples.images, examples.codes, examples.reconstructions), args.reconstructions
    )


def plot_loss(history: pd.DataFrame, splits: list[str]) -> plt.Figure:
    """Loss against epoch, on the images that are learned from and on those put aside.

    Parameters
    ----------
    history
        Rows of history.csv.
    splits
        Of the dataset: train and test, or all.
    """
    figure, axis = plt.subplots(figsize=(5, 3.2), layout="constrained")
    names = {"loss": f"{splits[0]} images, during the epoch", "val_loss": f"{splits[-1]} images, after the epoch"}
    for (column, name), (colour, marker) in zip(names.items(), figures.STYLES, strict=False):
        axis.plot(history["epoch"], history[column], color=colour, marker=marker, ms=4, label=name)
    axis.set_xlabel("epoch")
    axis.set_ylabel("mean squared error\n(levels from 0 to 1)")
    axis.set_ylim(bottom=0)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.legend()
    return figure


def plot_reconstructions(images: np.ndarray, codes: np.ndarray, reconstructions: np.ndarray) -> plt.Figure:
    """Images above the channels of their codes, and below these the reconstructions.

    Parameters
    ----------
    images : (n, side, side) or (n, side, side, 3) uint8
    codes : (n, height, width, channels) float
        Each channel is a row. Its largest value in all images is white, so that codes can be compared.
    reconstructions : (n, side, side, channels) float
        From 0 to 1.
    """
    rows = {"image": images / 255}
    for channel in range(codes.shape[3]):
        code = codes[..., channel]
        rows["code" + (f" {channel + 1}" if codes.shape[3] > 1 else "")] = code / max(code.max(), 1e-9)
    rows["reconstruction"] = reconstructions
    left = 1.6
    figure, axis = figures.picture_grid(left + len(images), len(rows))
    for y, (name, pictures) in enumerate(rows.items()):
        axis.text(left - 0.1, y + 0.5, name, ha="right", va="center")
        for x, picture in enumerate(pictures):
            figures.place_picture(axis, picture.squeeze(), left + x, y)
    return figure


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="draw_autoencoder", description=__doc__)
    parser.add_argument("--history", type=Path, required=True, help="history.csv of the training")
    parser.add_argument("--examples", type=Path, required=True, help="examples.h5 of the training")
    parser.add_argument("--splits", choices=SPLITS, nargs="+", required=True, help="of the dataset")
    parser.add_argument("--loss", type=Path, required=True, help="to write, .png")
    parser.add_argument("--reconstructions", type=Path, required=True, help="to write, .png")
    run_script(main, parser)
