"""The autoencoder's code of each image as features, and what it makes of some images."""

import argparse
from pathlib import Path

from lib.cli import InputError, run
from lib.storage import SPLITS, read_images, write_features, writing

N_EXAMPLES = 10


def main(args: argparse.Namespace) -> None:
    images = {split: read_images(args.images, split) for split in SPLITS}
    from lib import autoencoder

    try:
        model = autoencoder.keras.saving.load_model(args.model, compile=False)
    except (OSError, ValueError) as error:
        raise InputError(f"{args.model} cannot be read ({error}); delete it and run again") from None
    with writing(args.examples) as file:
        some = images["test"][:N_EXAMPLES]
        file["images"] = some
        file["codes"], file["reconstructions"] = autoencoder.look_into(model, some)
    codes = {split: autoencoder.encode(model, images[split]) for split in SPLITS}
    write_features(args.out, codes)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="embed", description=__doc__)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--examples", type=Path, required=True, help="to write, .h5: images, codes, reconstructions"
    )
    run(main, parser)
