"""What the `source` of a dataset names: a path or a URL."""

import re
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname


def local_path(source: str) -> Path | None:
    """The path that a source names; None: the source is a URL of another kind than file.

    Examples
    --------
    >>> local_path("file:///data/my%20images.npz")
    PosixPath('/data/my images.npz')
    >>> local_path("https://my.org/images.npz") is None
    True
    """
    if source.lower().startswith("file:/"):
        url = urlsplit(source)
        path = url2pathname(url.path)
        return Path(path if url.netloc in ("", "localhost") else f"//{url.netloc}{path}")
    return None if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", source) else Path(source)
