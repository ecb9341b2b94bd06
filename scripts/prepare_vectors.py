"""Write what is known of vectors that have no images: how many there are, their names and their classes."""

import argparse
from pathlib import Path

from lib.base.cli import run_script
from lib.base.errors import InputError
from lib.data.dataset import LabelColumns
from lib.data.enough_images import too_many_clusters
from lib.data.images_file import write_rows
from lib.data.label_columns import read_label_columns
from lib.features.array_file import open_table, read_names


def main(args: argparse.Namespace) -> None:
    if args.classes:
        columns = read_label_columns(args.classes, args.class_columns, args.name_column)
    else:
        with open_table(args.rows_of, key=args.key, names_key=args.file_column) as table:
            names = read_names(args.files) if args.files else table.names
            columns = LabelColumns(table.rows.shape[0], names, {})
    source = str(args.classes or args.rows_of)
    if lines := too_many_clusters({"all": columns.n}, ["all"], args.n_clusters, source, "rows"):
        raise InputError("; ".join(lines))
    write_rows(args.out, columns, source=source)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="prepare_vectors", description=__doc__)
    parser.add_argument("--classes", type=Path, help="a table of classes")
    parser.add_argument("--class-columns", nargs="+", help="of this table; by default all but that of the names")
    parser.add_argument("--name-column", help="of this table: the names of the rows")
    parser.add_argument("--rows-of", type=Path, help="features that have as many rows, without classes")
    parser.add_argument("--key", help="as for encode_external.py")
    parser.add_argument("--file-column", help="likewise: the names of the rows")
    parser.add_argument("--files", type=Path, help="likewise")
    parser.add_argument("--n-clusters", type=int, nargs="+", default=[], help="to refuse where rows are fewer")
    parser.add_argument("--out", type=Path, required=True)
    run_script(main, parser)
