"""What `source` of a dataset names."""

import re
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname


def local_path(source: str) -> Path | None:
    """The path that a source names which is no URL, or one with file: before it."""
    if source.lower().startswith("file:/"):
        url = urlsplit(source)
        path = url2pathname(url.path)
        return Path(path if url.netloc in ("", "localhost") else f"//{url.netloc}{path}")
    return None if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", source) else Path(source)
