"""How often the code of the study's autoencoder dies in training, by how its weights are initialised.

A dead code is the same for every image. Trains with many seeds, one attempt each. Writes
benchmarks/dead_codes.csv: the validation loss of each seed, or nothing if the code died. Run after `make run`:
PYTHONPATH=scripts .venv/bin/python benchmarks/dead_codes.py
"""

import argparse
import csv
from pathlib import Path

from lib.data.images_file import SPLITS, read_images
from lib.features import autoencoder_training

HERE = Path(__file__).parent
IMAGES = HERE.parent / "results" / "cifar10" / "images.h5"

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--initializers", nargs="+", default=["glorot_uniform", "sign_corrected"])
    parser.add_argument("--out", type=Path, default=HERE / "dead_codes.csv")
    args = parser.parse_args()
    images, validation = (read_images(IMAGES, split) for split in SPLITS)
    autoencoder_training.ATTEMPTS = 1
    with args.out.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["initializer", "seed", "epochs", "val_loss"])
        for initializer in args.initializers:
            for seed in range(args.seeds):
                try:
                    _, history = autoencoder_training.train(
                        images,
                        validation,
                        filters=[3, 1],
                        initializer=initializer,
                        epochs=args.epochs,
                        batch_size=32,
                        learning_rate=0.001,
                        seed=seed,
                        log=lambda line: None,
                    )
                    loss = history[-1].val_loss
                except autoencoder_training.DeadCodeError:
                    loss = None
                writer.writerow([initializer, seed, args.epochs, loss])
                file.flush()
