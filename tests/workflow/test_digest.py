"""The digest of code: what counts as a change and what does not.

Every digest is of files in a new folder, so this also tests that their place does not matter.
"""

import shutil
import tempfile
from pathlib import Path

import pytest

from lib.workflow.digest import code_digest

SCRIPTS = Path(__file__).parents[2] / "scripts"


def digest(files, script="main.py"):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return code_digest(Path(folder, script))


CODE = """\
import os


class Point:
    x = 1


def move(point, by=2):
    point.x += by
    return [point.x, "north"]
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("import os\n", "# A comment.\nimport os  # another\n"),
        ("import os\n", '"""About the module."""\n\nimport os\n'),
        ("    x = 1\n", '    """About the class."""\n\n    x = 1\n'),
        ("    point.x += by\n", '    """About\n    the function."""\n    point.x += by\n'),
        ("\n\n\n", "\n"),
        ("    point.x += by\n", "\n    point.x += by\n\n"),
        ('[point.x, "north"]', "[\n        point.x,\n        'north',\n    ]"),
        ("point.x += by\n    return", "point.x+=by; return"),
        ("    ", "  "),
    ],
)
def test_looks_do_not_count(old, new):
    assert old in CODE
    assert digest({"main.py": CODE.replace(old, new)}) == digest({"main.py": CODE})


LOGGING = """\
import logging
logging.getLogger("a")
def f(x):
    if x < 0:
        raise ValueError(f"{x} is below " + "0")
    logging.info("%d is well", x)
    logging.info(f"{x} is well")
    p.add_argument("--x", help="a number")
    return "well"
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('f"{x} is below " + "0"', 'f"not below 0: {x}; " + "take another"'),
        ('"%d is well"', '"well: %d"'),
        ('f"{x} is well"', 'f"well: {x}, and more"'),
        ('help="a number"', 'help="any number"'),
    ],
)
def test_words_of_messages_do_not_count(old, new):
    assert old in LOGGING
    assert digest({"main.py": LOGGING.replace(old, new)}) == digest({"main.py": LOGGING})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("ValueError", "TypeError"),
        ('f"{x} is below "', 'f"{x + 1} is below "'),
        ('getLogger("a")', 'getLogger("b")'),
        ('well", x)', 'well", x + 1)'),
        ('"--x"', '"--y"'),
        ('return "well"', 'return "not well"'),
        ("logging.info(f", "print(f"),
    ],
)
def test_what_is_not_only_words_counts(old, new):
    assert old in LOGGING
    assert digest({"main.py": LOGGING.replace(old, new)}) != digest({"main.py": LOGGING})


def test_changed_docstrings_do_not_count():
    code = '"""{0}"""\nclass A:\n    """{0}"""\n    async def f(self):\n        """{0}"""\n        return 1\n'
    assert digest({"main.py": code.format("Old.")}) == digest({"main.py": code.format("New.")})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x = 1", "x = 2"),
        ("by=2", "by=3"),
        ("+=", "-="),
        ('"north"', '"North"'),
        ("import os", "import sys"),
        ("Point", "Place"),
        ("    point.x += by\n", ""),
        ("    return", "    if by:\n        return"),
    ],
)
def test_meaning_counts(old, new):
    assert old in CODE
    assert digest({"main.py": CODE.replace(old, new)}) != digest({"main.py": CODE})


PACKAGE = {
    "lib/__init__.py": "",
    "lib/x.py": "y = 1\n",
    "lib/sub/__init__.py": "",
    "lib/sub/z.py": "y = 1\n",
    "w.py": "",
}


@pytest.mark.parametrize(
    ("script", "changed"),
    [
        ("import w", "w.py"),
        ("import lib", "lib/__init__.py"),
        ("import lib.x", "lib/x.py"),
        ("import lib.x", "lib/__init__.py"),
        ("import lib.x as other", "lib/x.py"),
        ("import os, lib.x", "lib/x.py"),
        ("from lib import x", "lib/x.py"),
        ("from lib import x", "lib/__init__.py"),
        ("from lib import x as other", "lib/x.py"),
        ("from lib import (\n    sub,\n    x,\n)", "lib/x.py"),
        ("from lib.x import y", "lib/x.py"),
        ("from lib.x import y", "lib/__init__.py"),
        ("from lib.x import *", "lib/x.py"),
        ("import lib.sub.z", "lib/sub/z.py"),
        ("from lib.sub import z", "lib/sub/z.py"),
        ("from lib.sub.z import y", "lib/sub/__init__.py"),
        ("def f():\n    from lib import x", "lib/x.py"),
        ("class A:\n    def f(self):\n        import lib.x", "lib/x.py"),
        ("try:\n    import lib.x\nexcept ImportError:\n    pass", "lib/x.py"),
    ],
)
def test_imported_module_counts(script, changed):
    files = PACKAGE | {"main.py": script + "\n"}
    assert digest(files | {changed: "y = 2\n"}) != digest(files)
    assert digest(files | {changed: files[changed] + "# a comment\n"}) == digest(files)


@pytest.mark.parametrize(
    ("path", "statement"),
    [
        ("lib/x.py", "import lib.b"),
        ("lib/x.py", "from lib.b import y"),
        ("lib/x.py", "from . import b"),
        ("lib/x.py", "from .b import y"),
        ("lib/x.py", "def f():\n    from . import b"),
        ("lib/__init__.py", "from . import b"),
        ("lib/__init__.py", "from .b import y"),
        ("lib/sub/z.py", "from .. import b"),
        ("lib/sub/z.py", "from ..b import y"),
        ("lib/sub/__init__.py", "from .. import b"),
    ],
)
def test_module_imported_by_an_imported_module_counts(path, statement):
    files = PACKAGE | {"main.py": "import lib.x\nfrom lib.sub import z\n", "lib/b.py": "y = 1\n"}
    assert digest(files | {"lib/b.py": "y = 2\n"}) == digest(files)
    files[path] += statement + "\n"
    assert digest(files | {"lib/b.py": "y = 2\n"}) != digest(files)


def test_long_chain_of_imports():
    files = {"main.py": "import m0\n", "m9.py": "y = 1\n"} | {f"m{i}.py": f"import m{i + 1}\n" for i in range(9)}
    assert digest(files | {"m9.py": "y = 2\n"}) != digest(files)


@pytest.mark.parametrize(
    "script", ["", "import lib", "from lib import sub", "import lib.sub.z", "x = 'import lib.x'"]
)
def test_module_that_is_not_imported_does_not_count(script):
    files = PACKAGE | {"main.py": script + "\n"}
    assert digest(files | {"lib/x.py": "y = 2\n"}) == digest(files)
    assert digest(files | {"lib/new.py": "y = 2\n"}) == digest(files)


@pytest.mark.parametrize("changed", ["main.py", "a.py", "b.py"])
def test_import_cycles_end(changed):
    files = {"main.py": "import a\n", "a.py": "import b\nimport a\n", "b.py": "import a, main\n"}
    assert digest(files | {changed: files[changed] + "y = 2\n"}) != digest(files)


def test_name_of_a_module_counts():
    script = {"main.py": "try:\n    import a\nexcept ImportError:\n    import b\n"}
    assert digest(script | {"a.py": "y = 1\n"}) != digest(script | {"b.py": "y = 1\n"})


def test_refuses_what_is_not_python():
    with pytest.raises(SyntaxError):
        digest({"main.py": "import a\n", "a.py": "no Python\n"})


@pytest.mark.parametrize(
    ("changed", "scripts"),
    [
        (None, set()),
        ("README", set()),
        (
            "lib/clustering/kmeans.py",
            {
                "cluster.py",
                "cluster_halves.py",
                "gap_reference.py",
                "learn_dictionary.py",
                "encode_patches.py",
                "learn_strips.py",
                "make_views.py",
                "learn_invariant.py",
                "encode_invariant.py",
            },
        ),
        ("lib/features/invariant.py", {"learn_invariant.py", "encode_invariant.py"}),
        ("lib/features/autoencoder.py", {"train.py", "encode_autoencoder.py", "decode_centroids.py"}),
        ("lib/features/autoencoder_training.py", {"train.py"}),
        ("lib/__init__.py", {path.name for path in SCRIPTS.glob("*.py")}),
    ],
)
def test_shipped_scripts_elsewhere(tmp_path, changed, scripts):
    shutil.copytree(SCRIPTS, tmp_path / "copy")
    if changed:
        with (tmp_path / "copy" / changed).open("a") as file:
            file.write("\nprint('changed')\n")
    found = {
        path.name
        for path in SCRIPTS.glob("*.py")
        if code_digest(path) != code_digest(tmp_path / "copy" / path.name)
    }
    assert found == scripts
