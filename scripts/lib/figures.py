"""What all figures share."""

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

from lib.cli import replacing

# Okabe & Ito's colours can be told apart in colour blindness, and markers in print.
STYLES = list(zip(["#0072B2", "#D55E00", "#009E73", "#CC79A7"], "osD^", strict=True))


def save(figure: plt.Figure, path: Path) -> None:
    """Write a figure, without the version of matplotlib in it: the same figure is the same bytes."""
    with replacing(path) as part:
        figure.savefig(part, dpi=150, metadata={"Software": None})
