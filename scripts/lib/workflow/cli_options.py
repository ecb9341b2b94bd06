"""Settings as options of a command."""

import json
import shlex


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
