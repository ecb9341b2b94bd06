"""Encode each image, in colour and at the encoder's size, by an encoder in a Keras file."""

import argparse

from lib.base.cli import run_script
from lib.features.encode_dataset import add_arguments, encode_dataset, preprocessing_of


def main(args: argparse.Namespace) -> None:
    # Not above, so that `--help` does not wait for TensorFlow.
    from lib.features.keras_encoder import KerasEncoder
    from lib.features.keras_import import tf

    # So many batches run side by side, each in one thread: so the result does not depend on their number.
    tf.config.threading.set_inter_op_parallelism_threads(args.threads)
    encode_dataset(args, KerasEncoder(args.model, preprocessing_of(args), output=args.output))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="encode_keras", description=__doc__)
    add_arguments(parser)
    parser.add_argument("--output", help="the name of a layer; by default the first output of the model")
    run_script(main, parser)
