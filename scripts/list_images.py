"""List the images of a dataset, or rows of vectors, in the order of features that were made elsewhere."""

import argparse
import csv
from pathlib import Path

from lib.base.cli import run_script
from lib.base.files import atomic_write
from lib.data.images_file import count_images, read_class_names, read_files, read_labels, splits_of


def main(args: argparse.Namespace) -> None:
    """Write images.csv."""
    names = read_class_names(args.images) or []
    with atomic_write(args.out) as part, part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["split", "number", "file", "class"])
        for split in splits_of(args.images):
            n = count_images(args.images, split)
            files = read_files(args.images, split)
            labels = None if args.no_classes else read_labels(args.images, split)
            classes = [""] * n if labels is None else [names[label] for label in labels]
            writer.writerows(zip([split] * n, range(n), files or [""] * n, classes, strict=True))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="list_images", description=__doc__)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--no-classes", action="store_true", help="do without the classes, if there are any")
    parser.add_argument("--out", type=Path, required=True, help="to write, CSV")
    run_script(main, parser)
