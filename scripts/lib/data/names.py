"""Names of files and classes, made fit for a line of text."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

# Line breaks, other control characters, marks of the direction of writing, and bytes that are not UTF-8.
NOT_FOR_A_LINE = r"\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff"
MOST_LISTED = 20


def listed(names: Sequence[str]) -> str:
    """The first 20 names in a line of text, and the number of the others.

    Parameters
    ----------
    names
        As `printable` or `distinguishable` made them.

    Examples
    --------
    >>> listed(["cat", "dog"])
    'cat, dog'
    """
    more = len(names) - MOST_LISTED
    return ", ".join(names[:MOST_LISTED]) + (f" and {more:,} more" if more > 0 else "")


def printable(name: str) -> str:
    r"""A name with its control characters written out, so that it fits into a line of text.

    They are written as in Python, a line break as \n for example. A backslash is doubled, so different names
    stay different.

    Examples
    --------
    >>> print(printable("a\nb"), printable(r"a\nb"))
    a\nb a\\nb
    """
    return _escaped(rf"[\\{NOT_FOR_A_LINE}]", name)


def distinguishable(names: list[str]) -> list[str]:
    r"""Different names as `printable` ones of which none looks like another, or is invisible.

    Names can look alike: Unicode has two ways to write an umlaut, and a page shows two spaces as one. Names that
    do are written in visible characters of ASCII, and all other characters in them are written out.

    Examples
    --------
    >>> print(*distinguishable(["a b", "a  b", "ö"]))
    a\x20b a\x20\x20b ö
    """
    looks = [_look(printable(name)) for name in names]
    count = Counter(looks)
    return [
        printable(name) if look and count[look] == 1 else _escaped(r"[^!-\[\]-~]", name)
        for name, look in zip(names, looks, strict=True)
    ]


def _look(text: str) -> str:
    """What a reader sees of a text: the same for texts that look alike."""
    visible = (char for char in unicodedata.normalize("NFKC", text) if unicodedata.category(char) != "Cf")
    return " ".join(re.sub(r"[\ufe00-\ufe0f]", "", "".join(visible)).split())


def _escaped(pattern: str, name: str) -> str:
    return re.sub(pattern, lambda found: _escape(found[0]), name)


def _escape(char: str) -> str:
    return "\\x20" if char == " " else char.encode("unicode_escape").decode()
