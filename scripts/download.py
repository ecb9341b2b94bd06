"""Copy an archive from a URL or a local path, and check its SHA-256."""

import argparse
import hashlib
import logging
import shutil
import time
from pathlib import Path

from lib.base.cli import progress_bar, run_script
from lib.base.errors import InputError
from lib.base.files import atomic_write
from lib.data.source import local_path

ATTEMPTS = 4


def main(args: argparse.Namespace) -> None:
    with atomic_write(args.out) as part:
        path = local_path(args.source)
        if path is None:
            download(args.source, part)
        elif path.is_file():
            shutil.copyfile(path, part)
        else:
            raise InputError(f"source {args.source} does not exist, or is no file; correct `source` in the config")
        with part.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if args.sha256 is None:
            logging.info("sha256 is null: %s was NOT checked; it has %s", args.source, found)
        elif found != args.sha256:
            raise InputError(
                f"{args.source} has the wrong checksum: expected SHA-256 {args.sha256}, found {found}; "
                "point `source` at a good copy, correct `sha256`, or set it to null, which checks nothing"
            )
        logging.info("%s: %s bytes", args.source, f"{part.stat().st_size:,}")


def download(url: str, out: Path) -> None:
    """Write what is at a URL to a file. Try again where the connection fails.

    Raises
    ------
    InputError
        If each of `ATTEMPTS` attempts failed.
    """
    import pooch
    import requests

    for attempt in range(1, ATTEMPTS + 1):
        try:
            # pooch sets the total of the bar, and ignores a bar whose total is 0.
            with progress_bar(total=1, unit="B", unit_scale=True, unit_divisor=1000) as bar:
                pooch.HTTPDownloader(progressbar=bar, timeout=30)(url, str(out), None)
            return
        except requests.RequestException as error:
            # What requests says of a connection wraps the reason in all that it tried.
            reason = getattr(error.args[0], "reason", error) if error.args else error
            logging.info("attempt %d of %d failed: %s", attempt, ATTEMPTS, reason)
            if attempt < ATTEMPTS:
                time.sleep(attempt)
    raise InputError(
        f"cannot download {url} ({reason}). Without a connection, get the archive elsewhere and point "
        "`source` of the dataset at the path of that copy"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="download", description=__doc__)
    parser.add_argument("--source", required=True, help="URL (http, https, file) or path")
    parser.add_argument("--sha256", help="expected, as 64 hexadecimal digits; without it nothing is checked")
    parser.add_argument("--out", type=Path, required=True)
    run_script(main, parser)
