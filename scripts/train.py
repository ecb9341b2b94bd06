"""Train the autoencoder on the training images.

After each epoch it writes a checkpoint beside the model. Training that was stopped goes on from there.
"""

import argparse
import hashlib
import json
import logging
from pathlib import Path

import numpy as np

from lib.base.cli import positive_int, progress_bar, run_script
from lib.base.errors import InputError
from lib.base.files import alone_in, atomic_write
from lib.data.images_file import read_images, splits_of
from lib.features.training_files import (
    Examples,
    State,
    read_checkpoint,
    write_checkpoint,
    write_examples,
    write_history,
)
from lib.workflow.digest import code_digest

N_EXAMPLES = 10
SETTINGS = ("filters", "initializer", "epochs", "batch_size", "learning_rate", "mixed_precision", "seed")


def main(args: argparse.Namespace) -> None:
    with alone_in(args.model.parent):
        train(args)


def train(args: argparse.Namespace) -> None:
    splits = splits_of(args.images)
    images = read_images(args.images, splits[0])
    validation = read_images(args.images, splits[1]) if len(splits) > 1 else images
    # After the checks, which are cheap: TensorFlow takes seconds to import.
    from lib.features import autoencoder, autoencoder_training, keras_import

    settings = {name: getattr(args, name) for name in SETTINGS}
    settings["mixed_precision"] = settings["mixed_precision"] == "true"
    versions = [keras_import.tf.__version__, keras_import.keras.__version__]
    key = hashlib.sha256(json.dumps([settings, code_digest(Path(__file__)), versions]).encode())
    for split_images in (images, validation):
        key.update(repr(split_images.shape).encode() + split_images.tobytes())
    checkpoint = args.model.with_name("checkpoint.npz")

    def on_epoch_end(state: State) -> None:
        write_history(args.history, state.history)
        write_checkpoint(checkpoint, state, key.hexdigest())

    def on_batches_end(n_images: int, loss: float) -> None:
        bar.update(n_images - bar.n % len(images))
        bar.set_postfix_str(f"loss {loss:.6f}", refresh=False)

    state = read_checkpoint(checkpoint, key.hexdigest())
    if state:
        logging.info("going on after epoch %d", len(state.history))
    with progress_bar(
        total=args.epochs * len(images),
        initial=len(state.history) * len(images) if state else 0,
        unit="images",
        unit_scale=True,
    ) as bar:
        try:
            model, history = autoencoder_training.train(
                images,
                validation,
                **settings,
                state=state,
                on_epoch_end=on_epoch_end,
                on_batches_end=on_batches_end,
            )
        except ValueError as error:
            raise InputError(f"{args.images}: {error}") from None
        except autoencoder_training.DeadCodeError as error:
            args.history.unlink(missing_ok=True)
            checkpoint.unlink(missing_ok=True)
            raise InputError(f"{args.images}: {error}") from None
    write_history(args.history, history)
    with atomic_write(args.model) as part:
        autoencoder.save(model, part)
    with atomic_write(args.summary) as part:
        model.summary(line_length=79, print_fn=lambda text: part.write_text(text + "\n", encoding="utf-8"))
    # From all over the images: a dataset may be sorted by class.
    examples = validation[np.unique(np.linspace(0, len(validation) - 1, N_EXAMPLES, dtype=int))]
    mean_image_loss = autoencoder_training.mean_image_loss(images, validation)
    codes, reconstructions = autoencoder.encode_and_reconstruct(model, examples)
    write_examples(args.examples, Examples(examples, codes, reconstructions, mean_image_loss))
    checkpoint.unlink(missing_ok=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        prog="train", description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--images", type=Path, required=True, help="images.h5, made by prepare_images.py")
    parser.add_argument(
        "--filters", type=positive_int, nargs="+", default=[3, 1], help="of each convolution of the encoder"
    )
    parser.add_argument(
        "--initializer",
        choices=["sign_corrected", "glorot_uniform"],
        default="sign_corrected",
        help="of the weights",
    )
    parser.add_argument("--epochs", type=positive_int, default=10, help="how often to learn from each image")
    parser.add_argument("--batch-size", type=positive_int, default=32, help="images per step")
    parser.add_argument("--learning-rate", type=float, default=0.001, help="of Adam")
    parser.add_argument(
        "--mixed-precision", choices=["true", "false"], default="false", help="compute in bfloat16"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the weights and of the order of images")
    parser.add_argument("--model", type=Path, required=True, help="to write, .keras")
    parser.add_argument("--history", type=Path, required=True, help="to write, .csv: the losses of each epoch")
    parser.add_argument("--summary", type=Path, required=True, help="to write, .txt: the model's layers")
    parser.add_argument(
        "--examples", type=Path, required=True, help="to write, .h5: a few images, codes, reconstructions"
    )
    run_script(main, parser)
