"""The images of a clustering, sorted into a folder for each cluster. Nothing that is there is changed."""

import filecmp
import logging
import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from lib.base.errors import InputError

NOISE = "noise"


def export_paths(labels: Sequence[int], names: Sequence[str], files: Sequence[str]) -> list[str]:
    """Where each image goes, below the folder of its clustering. The numbers of the images keep the paths apart.

    Parameters
    ----------
    labels : (n,)
        The number of the cluster of each image; -1 for noise.
    names : (k,)
        Of the clusters: their numbers, or what they were called elsewhere.
    files : (n,)
        The file of each image, of which the name is kept.

    Examples
    --------
    >>> export_paths([1, 0, -1], ["0", "1"], ["cat/a.jpg", "dog/a.jpg", "b.jpg"])
    ['cluster1/0-a.jpg', 'cluster0/1-a.jpg', 'noise/2-b.jpg']
    >>> export_paths([0], ["blue/green"], ["a.png"])
    ['cluster0-blue_green/0-a.png']
    """
    folders = [
        f"cluster{name}" if name.isdigit() else f"cluster{number}-{_fit_for_a_folder(name)}"
        for number, name in enumerate(names)
    ]
    folders.append(NOISE)  # at -1
    width = len(str(len(labels) - 1))
    return [
        f"{folders[label]}/{number:0{width}}-{file.rpartition('/')[2]}"
        for number, (label, file) in enumerate(zip(labels, files, strict=True))
    ]


def _fit_for_a_folder(name: str) -> str:
    return re.sub(r"[^\w .-]", "_", name)[:50]


def export(folder: Path, paths: Sequence[str], contents: Iterable[Path | bytes], *, copy: bool) -> None:
    """Make a folder of images, whole or not at all. If it is there and is the same, it stays.

    Parameters
    ----------
    paths
        Of the images, below the folder.
    contents
        What each image is: a file, or the bytes of one.
    copy
        Copy files, instead of making links to them.

    Raises
    ------
    InputError
        If the folder holds anything else.

    Examples
    --------
    >>> export(Path("mine"), ["cluster0/a.png", "cluster1/b.png"], [b"first", b"second"], copy=False)
    >>> sorted(map(str, Path("mine").rglob("*.png")))
    ['mine/cluster0/a.png', 'mine/cluster1/b.png']
    """
    found = _files(folder)
    if found:
        _refuse_others(folder, sorted(found ^ set(paths)))
        for path, content in zip(paths, contents, strict=True):
            if not _is_same(folder / path, content, copy):
                _refuse_links_or_copies(folder, paths, content, copy)
                _refuse_others(folder, [path])
        logging.info("%s is there already, with the same %s images", folder, f"{len(paths):,}")
        return
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)  # of an export that was killed
    try:
        for path, content in zip(paths, contents, strict=True):
            (part / path).parent.mkdir(parents=True, exist_ok=True)
            _make(part / path, content, copy)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    logging.info("%s: %s images", folder, f"{len(paths):,}")


def _files(folder: Path) -> set[str]:
    """The files and links below a folder, but for hidden ones, which file managers write."""
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if (path.is_symlink() or not path.is_dir()) and not path.name.startswith(".")
    }


def _refuse_others(folder: Path, others: list[str]) -> None:
    if others:
        raise InputError(
            f"{folder} holds other files than the clustering has now, the first is {others[0]}; move it away, and "
            "run again"
        )


def _refuse_links_or_copies(folder: Path, paths: Sequence[str], content: Path | bytes, copy: bool) -> None:
    """Say so where all images are links, and copies were asked for, or the other way round."""
    if isinstance(content, Path) and all((folder / path).is_symlink() == copy for path in paths):
        there, wanted = ("links", "copies") if copy else ("copies", "links")
        raise InputError(
            f"{folder} has {there} of the images, and {wanted} were asked for (by COPY, or export.copy in the "
            "config); move it away, and run again"
        )


def _is_same(path: Path, content: Path | bytes, copy: bool) -> bool:
    if isinstance(content, bytes):
        return path.read_bytes() == content
    if copy:
        return not path.is_symlink() and filecmp.cmp(path, content, shallow=False)
    return path.is_symlink() and path.readlink() == content


def _make(path: Path, content: Path | bytes, copy: bool) -> None:
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif copy:
        shutil.copy2(content, path)
    else:
        path.symlink_to(content)
