"""Names of files and classes in a line of text."""

import os
import unicodedata

import pytest

from lib.data.names import distinguishable, printable


def test_printable_name_is_one_line_and_different_for_different_names():
    names = [
        "a\nb",
        "a\tb",
        "a\rb",
        r"a\nb",
        "a\x85b",
        "a\u2028b",
        "a\u202eb",
        "a\ufffdb",
        "a\udce9b",
        "aéb",
        r"a\xe9b",
    ]
    lines = [printable(name) for name in names]
    assert len(set(lines)) == len(names)
    assert all(len(line.splitlines()) == 1 for line in lines)
    assert lines[:2] == [r"a\nb", r"a\tb"]
    for line in lines:
        line.encode()  # is text
    assert printable("<ö> $x$ 猫 a'b") == "<ö> $x$ 猫 a'b"


def test_names_that_differ_are_kept():
    names = ["Größe", "a b", "a_b", "A b", "猫", "می\N{ZERO WIDTH NON-JOINER}خواهم", "<b>"]
    assert distinguishable(names) == names


@pytest.mark.parametrize(
    "names",
    [
        ["a\nb", "a\tb", "a b", r"a\nb"],
        ["a b", "a  b", "a b ", "a\N{NO-BREAK SPACE}b"],
        ["Gr\u00f6\u00dfe", "Gro\u0308\u00dfe"],
        ["cat", "c\N{ZERO WIDTH SPACE}at", "c\N{SOFT HYPHEN}at"],
        [os.fsdecode(b"\xe9"), os.fsdecode(b"\xe8"), "\ufffd"],
        [" ", "\N{ZERO WIDTH SPACE}"],
    ],
)
def test_classes_that_would_look_the_same_are_distinguishable(names):
    found = distinguishable(names)
    seen = ["".join(char for char in name if char.isprintable() and char != " ") for name in found]
    assert len({unicodedata.normalize("NFC", name) for name in seen}) == len(names)
    assert all(seen)
