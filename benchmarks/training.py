"""Time, memory and loss of training the study's autoencoder: ours in one thread, and Keras's own `Model.fit`.

Each measurement is a process of its own. The sides take turns, with one seed in each turn. Writes
benchmarks/training.csv. Run after `make run`: PYTHONPATH=scripts .venv/bin/python benchmarks/training.py
"""

import argparse
import csv
import json
import subprocess
import sys
import time
from pathlib import Path

from run import memory

from lib.data.images_file import SPLITS, read_images

HERE = Path(__file__).parent
IMAGES = HERE.parent / "results" / "cifar10" / "images.h5"
SETTINGS = {"epochs": 10, "batch_size": 32}


def ours(images, validation, seed):
    from lib.features import autoencoder_training

    def training():
        _, history = autoencoder_training.train(
            images,
            validation,
            filters=[3, 1],
            initializer="sign_corrected",
            learning_rate=0.001,
            seed=seed,
            **SETTINGS,
        )
        return history[-1].val_loss

    return training


def keras_fit(images, validation, seed):
    """Training as one would write it with Keras alone."""
    import keras
    from keras import layers

    def training():
        keras.utils.set_random_seed(seed)
        x, y = (split.astype("float32")[..., None] / 255 for split in (images, validation))
        model = keras.Sequential(
            [
                keras.Input((32, 32, 1)),
                layers.Conv2D(3, 3, padding="same", activation="relu"),
                layers.MaxPooling2D(),
                layers.Conv2D(1, 3, padding="same", activation="relu"),
                layers.MaxPooling2D(),
                layers.Conv2D(1, 3, padding="same", activation="relu"),
                layers.UpSampling2D(),
                layers.Conv2D(3, 3, padding="same", activation="relu"),
                layers.UpSampling2D(),
                layers.Conv2D(1, 3, padding="same", activation="sigmoid"),
            ]
        )
        model.compile("adam", "mse")
        history = model.fit(x, x, validation_data=(y, y), verbose=0, **SETTINGS)
        return history.history["val_loss"][-1]

    return training


SIDES = {"ours": ours, "Keras fit": keras_fit}


def measure(side: str, seed: int) -> dict:
    images, validation = (read_images(IMAGES, split) for split in SPLITS)
    training = SIDES[side](images, validation, seed)  # TensorFlow is loaded here, and not measured
    start, cpu = time.perf_counter(), time.process_time()
    loss = training()
    return {
        "side": side,
        "seed": seed,
        "seconds": time.perf_counter() - start,
        "cpu_seconds": time.process_time() - cpu,
        "mb": memory("VmHWM"),
        "val_loss": loss,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(measure(*json.loads(args.one))))
        sys.exit()
    rows = []
    for seed in range(args.seeds):
        for side in SIDES:
            command = [sys.executable, __file__, "--one", json.dumps([side, seed])]
            pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
            output = subprocess.run(command, check=True, text=True, **pipes)
            rows.append(json.loads(output.stdout.splitlines()[-1]))
            print(rows[-1], flush=True)
        with (HERE / "training.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
