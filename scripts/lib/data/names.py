"""Names of files and classes in a line of text."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

# Line breaks, other control characters, those that turn the direction of writing, and bytes that are no UTF-8.
NOT_FOR_A_LINE = r"\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff"
MOST_LISTED = 20  # names in a line


def listed(names: Sequence[str]) -> str:
    """Names, as they are shown, in a line of text, which says how many more there are where they are many."""
    more = len(names) - MOST_LISTED
    return ", ".join(names[:MOST_LISTED]) + (f" and {more:,} more" if more > 0 else "")


def printable(name: str) -> str:
    r"""A name that fits into a line of text, different for different names.

    What does not fit is written as Python does, a line break as \n, and a backslash is doubled.
    """
    return _escaped(rf"[\\{NOT_FOR_A_LINE}]", name)


def distinguishable(names: list[str]) -> list[str]:
    """Different names as they are shown, so that none looks like another, or like nothing.

    Those that would, as an umlaut can be written in two ways and a page shows two spaces as one, are shown with
    all that is no visible character of ASCII written out.
    """
    looks = [_look(printable(name)) for name in names]
    count = Counter(looks)
    return [
        printable(name) if look and count[look] == 1 else _escaped(r"[^!-\[\]-~]", name)
        for name, look in zip(names, looks, strict=True)
    ]


def _look(text: str) -> str:
    visible = (char for char in unicodedata.normalize("NFKC", text) if unicodedata.category(char) != "Cf")
    return " ".join(re.sub(r"[\ufe00-\ufe0f]", "", "".join(visible)).split())


def _escaped(pattern: str, name: str) -> str:
    return re.sub(pattern, lambda found: _escape(found[0]), name)


def _escape(char: str) -> str:
    return "\\x20" if char == " " else char.encode("unicode_escape").decode()
