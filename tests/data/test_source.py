"""Whether a `source` is a path or a URL."""

from pathlib import Path

import pytest

from lib.data.source import local_path


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("photos/a.npz", "photos/a.npz"),
        ("/x/{brace}/a b#1?.npz", "/x/{brace}/a b#1?.npz"),
        ("/x/100%20.npz", "/x/100%20.npz"),
        ("2024:05/a.npz", "2024:05/a.npz"),
        ("my:a.npz", "my:a.npz"),
        ("//[x/a.npz", "//[x/a.npz"),
        ("-a.npz", "-a.npz"),
        ("~/a.npz", "~/a.npz"),
        ("file:///x/a%20b.npz", "/x/a b.npz"),
        ("file:///x/100%2520.npz", "/x/100%20.npz"),
        ("file:///x/%7Bbrace%7D/{a}.npz", "/x/{brace}/{a}.npz"),
        ("file:///x/%E5%86%99.npz", "/x/写.npz"),
        ("FILE:///x/a.npz", "/x/a.npz"),
        ("file:/x/a.npz", "/x/a.npz"),
        ("file://localhost/x/a.npz", "/x/a.npz"),
        ("file://x/a.npz", "//x/a.npz"),  # of another machine: not /a.npz
        ("https://x.org/a.npz", None),
        ("s3://x/a.npz", None),
    ],
)
def test_path_of_a_source(source, path):
    assert local_path(source) == (path and Path(path))
