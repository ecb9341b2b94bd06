"""Make features by a program of the user's own, and check what it writes."""

import argparse
import contextlib
import logging
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

from lib.base.cli import run_script
from lib.base.errors import InputError
from lib.data.images_file import SPLITS, count_images
from lib.features.features_file import read_or_open_features, write_features


def main(args: argparse.Namespace) -> None:
    """Write the features of one split."""
    n = count_images(args.images, args.split)
    if not args.program.is_file():
        raise InputError(f"{args.program} does not exist; a path is taken from where Snakemake runs")
    folder = args.out.parent / f".{args.out.name}.program"
    shutil.rmtree(folder, ignore_errors=True)  # of a job that was killed
    folder.mkdir(parents=True)
    made = folder / "features.h5"
    command = [sys.executable, str(args.program), "--images", str(args.images), "--split", args.split]
    command += ["--out", str(made)] + ([] if args.seed is None else ["--seed", str(args.seed)])
    logging.info("%s", " ".join(command))
    try:
        last = ""
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
        ) as program:
            for line in program.stdout or ():
                print(line, end="", file=sys.stderr, flush=True)
                last = line.strip() or last
        if program.returncode:
            raise InputError(
                f"{args.program} failed with status {program.returncode}: {last or 'it said nothing'}"
            )
        if not made.is_file():
            raise InputError(f"{args.program} wrote no file to its --out")
        copy_features(made, args.out, n, args.program)
    finally:
        shutil.rmtree(folder)


def copy_features(made: Path, out: Path, n: int, program: Path) -> None:
    """Copy the features of n images that a program made.

    Raises
    ------
    InputError
        If they are not of n images, or not all finite.
    """
    with read_made(made, program) as features:
        if features.ndim != 2 or len(features) != n or not features.shape[1]:
            raise InputError(
                f"{program} wrote features of shape {features.shape}; for {n:,} images it is ({n}, d)"
            )
        write_features(out, features)


@contextlib.contextmanager
def read_made(made: Path, program: Path) -> Iterator[np.ndarray | h5py.Dataset]:
    """Yield the features that a program made.

    Raises
    ------
    InputError
        If the file is none, or has no `features` that are all finite.
    """
    with contextlib.ExitStack() as stack:
        try:
            features = stack.enter_context(read_or_open_features(made))
        except InputError as error:
            fault = str(error).removeprefix(f"{made}").partition(";")[0].lstrip(": ")
            raise InputError(
                f"{program} wrote a file that cannot be used: {fault}; finite numbers (n, d) are wanted, "
                "as the dataset `features` of an HDF5 file"
            ) from None
        yield features


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="encode_script", description=__doc__)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--split", choices=SPLITS, required=True)
    parser.add_argument("--program", type=Path, required=True, help="takes --images, --split, --out, and --seed")
    parser.add_argument("--seed", type=int, help="of the model, if there are several")
    parser.add_argument("--out", type=Path, required=True)
    run_script(main, parser)
