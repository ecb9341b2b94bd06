"""Train the autoencoder on the training images.

After each epoch a checkpoint is written beside the model, and training that was stopped goes on from there.
"""

import argparse
import contextlib
import csv
import fcntl
import hashlib
import json
import logging
import os
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from lib import cli
from lib.cli import InputError, positive, replacing, run
from lib.digest import code_digest
from lib.storage import SPLITS, read_images, writing

N_EXAMPLES = 10
SETTINGS = ("filters", "initializer", "epochs", "batch_size", "learning_rate", "mixed_precision", "seed")


def main(args: argparse.Namespace) -> None:
    with alone_in(args.model.parent):
        train(args)


def train(args: argparse.Namespace) -> None:
    images, validation = (read_images(args.images, split) for split in SPLITS)
    # After the cheap checks: TensorFlow takes seconds to import.
    from tqdm import tqdm

    from lib import autoencoder

    settings = {name: getattr(args, name) for name in SETTINGS}
    settings["mixed_precision"] = settings["mixed_precision"] == "true"
    versions = [autoencoder.tf.__version__, autoencoder.keras.__version__]
    key = hashlib.sha256(json.dumps([settings, code_digest(Path(__file__)), versions]).encode())
    for data in (images, validation):
        key.update(repr(data.shape).encode() + data.tobytes())
    checkpoint = args.model.with_name("checkpoint.npz")

    def write_history(history: Iterable) -> None:
        with replacing(args.history) as part, part.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(autoencoder.Epoch._fields)
            writer.writerows(history)

    def after_epoch(state: autoencoder.State) -> None:
        write_history(state.history)
        with replacing(checkpoint) as part:
            variables = {f"variable{i}": variable for i, variable in enumerate(state.variables)}
            np.savez(part, key=key.hexdigest(), attempt=state.attempt, history=state.history, **variables)

    def after_batches(n_images: int, loss: float) -> None:
        bar.update(n_images - bar.n % len(images))
        bar.set_postfix_str(f"loss {loss:.6f}", refresh=False)

    def log(line: str) -> None:
        with bar.external_write_mode(cli.terminal):
            logging.info(line)

    state = read_checkpoint(checkpoint, key.hexdigest())
    if state:
        logging.info("going on after epoch %d", len(state.history))
    with tqdm(
        total=args.epochs * len(images),
        initial=len(state.history) * len(images) if state else 0,
        unit="images",
        unit_scale=True,
        file=cli.terminal,
        disable=None,
        leave=False,
    ) as bar:
        try:
            model, history = autoencoder.train(
                images,
                validation,
                **settings,
                state=state,
                after_epoch=after_epoch,
                after_batches=after_batches,
                log=log,
            )
        except ValueError as error:
            raise InputError(f"{args.images}: {error}") from None
        except autoencoder.DeadCodeError as error:
            args.history.unlink(missing_ok=True)
            checkpoint.unlink(missing_ok=True)
            raise InputError(f"{args.images}: {error}") from None
    write_history(history)
    with replacing(args.model) as part:
        autoencoder.save(model, part)
    with replacing(args.summary) as part:
        model.summary(line_length=79, print_fn=lambda text: part.write_text(text + "\n", encoding="utf-8"))
    # Those of a class may follow one another, so from all over the test images.
    some = validation[np.unique(np.linspace(0, len(validation) - 1, N_EXAMPLES, dtype=int))]
    with writing(args.examples) as file:
        file.attrs["mean_image_loss"] = autoencoder.mean_image_loss(images, validation)
        file["images"] = some
        file["codes"], file["reconstructions"] = autoencoder.look_into(model, some)
    checkpoint.unlink(missing_ok=True)


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other training writes to a folder: one whose Snakemake was killed may be alive for long."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            logging.info("waiting for another training to end, which writes to %s too", folder)
            fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError as error:
        # Also where asking to wait is answered with "try again", instead of waiting.
        logging.info(
            "%s has no locks (%s): that no other training writes there is not known", folder, error.strerror
        )
    try:
        yield
    finally:
        os.close(handle)


def read_checkpoint(path: Path, key: str):
    """The state that training of the same images, settings and code has left; None if there is none."""
    from lib import autoencoder

    try:
        with np.load(path) as file:
            if file["key"] != key:
                return None
            variables = [file[name] for name in file.files if name.startswith("variable")]
            history = [autoencoder.Epoch(int(epoch), *values) for epoch, *values in file["history"].tolist()]
            return autoencoder.State(int(file["attempt"]), variables, history)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        if getattr(error, "errno", None):  # a fault of the disk: the training that it holds is not to be lost
            raise
        return None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        prog="train", description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--images", type=Path, required=True, help="images.h5, made by grayscale.py")
    parser.add_argument(
        "--filters", type=positive, nargs="+", default=[3, 1], help="of each convolution of the encoder"
    )
    parser.add_argument(
        "--initializer", choices=["upright", "glorot_uniform"], default="upright", help="of the weights"
    )
    parser.add_argument("--epochs", type=positive, default=10, help="how often each image is learnt from")
    parser.add_argument("--batch-size", type=positive, default=32, help="images to a step")
    parser.add_argument("--learning-rate", type=float, default=0.001, help="of Adam")
    parser.add_argument(
        "--mixed-precision", choices=["true", "false"], default="false", help="compute in bfloat16"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the weights and of the order of images")
    parser.add_argument("--model", type=Path, required=True, help="to write, .keras")
    parser.add_argument("--history", type=Path, required=True, help="to write, .csv: loss by epoch")
    parser.add_argument("--summary", type=Path, required=True, help="to write, .txt: the model's layers")
    parser.add_argument(
        "--examples", type=Path, required=True, help="to write, .h5: some test images, codes, reconstructions"
    )
    run(main, parser)
