"""Encode each image, in colour and at the encoder's size, by an encoder in an ONNX file."""

import argparse

from lib.base.cli import run_script
from lib.features.encode_dataset import add_arguments, encode_dataset, preprocessing_of
from lib.features.onnx_encoder import CPU, OnnxEncoder


def main(args: argparse.Namespace) -> None:
    encoder = OnnxEncoder(args.model, preprocessing_of(args), output=args.output, provider=args.provider)
    encode_dataset(args, encoder)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="encode_onnx", description=__doc__)
    add_arguments(parser)
    parser.add_argument("--output", help="its name; by default the first")
    parser.add_argument("--provider", default=CPU, help="of ONNX Runtime")
    run_script(main, parser)
