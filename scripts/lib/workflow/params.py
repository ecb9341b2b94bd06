"""Values of the params of rules."""

import hashlib
import json
import shlex
from pathlib import Path


def cli_options(settings: dict) -> str:
    """Settings as command-line options, in the order of their names.

    Their order in a file is no reason to run again.

    Examples
    --------
    >>> cli_options({"batch_size": 32, "filters": [3, 1], "mixed_precision": False})
    '--batch-size 32 --filters 3 1 --mixed-precision false'
    """
    words = []
    for key, value in sorted(settings.items()):
        words.append(f"--{key.replace('_', '-')}")
        if isinstance(value, dict | bool):
            words.append(json.dumps(value, sort_keys=True))
        else:
            words += map(str, value if isinstance(value, list) else [value])
    return shlex.join(words)


def text_digest(*folders: Path) -> str:
    """What a job depends on in texts: the names and bytes of all files that lie in some folders.

    Examples
    --------
    >>> Path("texts").mkdir()
    >>> before = text_digest(Path("texts"))
    >>> _ = Path("texts/new.txt").write_text("")
    >>> text_digest(Path("texts")) == before
    False
    """
    files = sorted(file for folder in folders for file in folder.iterdir())
    texts = b"".join(file.name.encode() + file.read_bytes() for file in files)
    return hashlib.sha256(texts).hexdigest()[:16]
