"""A digest of code that changes when its meaning may, and not when only its looks or its messages do."""

import ast
import functools
import hashlib
from pathlib import Path

LOG_LEVELS = ("debug", "info", "warning", "error", "exception")


def code_digest(script: Path) -> str:
    """Digest of a script and of every local module that it imports, directly or not.

    Comments, docstrings and formatting do not count. Nor do the words of log lines, errors and help texts: what
    a job makes does not depend on them. A module is local if it lies below the script's folder, where Python
    finds it when the script runs.

    Parameters
    ----------
    script
        A Python file.

    Raises
    ------
    SyntaxError
        If one of the files is not Python.

    Examples
    --------
    >>> for folder, text in {"a": "x = 1", "b": "x = 1  # one", "c": "x = 2"}.items():
    ...     Path(folder).mkdir()
    ...     _ = Path(folder, "job.py").write_text(text)
    >>> [code_digest(Path(folder, "job.py")) == code_digest(Path("a/job.py")) for folder in ("b", "c")]
    [True, False]
    """
    root = script.resolve().parent
    seen: set[Path] = set()
    queue = [script.resolve()]
    while queue:
        path = queue.pop()
        if path not in seen:
            seen.add(path)
            queue.extend(_local_imports(path, root))
    digest = hashlib.sha256()
    for path in sorted(seen):
        digest.update(f"{path.relative_to(root)}\n{_essence(path)}\n".encode())
    return digest.hexdigest()[:16]


@functools.cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_bytes(), filename=str(path))


@functools.cache
def _essence(path: Path) -> str:
    """The syntax tree without the texts that only people read.

    Neither ast.dump nor ast.unparse will do: they print the same tree otherwise from one version of
    Python to the next. Fields that are empty are left out, for versions add fields.
    """
    return _text(_tree(path))


def _text(value: object, in_message: bool = False) -> str:
    """A syntax tree as text. In a message, what is put into it counts, and its own words do not."""
    if isinstance(value, list):
        kept = (item for item in value if not (_is_documentation(item) or (in_message and _is_words(item))))
        return f"[{','.join(_text(item, in_message) for item in kept)}]"
    if not isinstance(value, ast.AST):
        return repr(value)
    if in_message and _is_words(value):
        return ""
    in_message = in_message or _is_message(value)
    fields = (
        f"{name}={_text(field, in_message)}" for name, field in ast.iter_fields(value) if field not in (None, [])
    )
    return f"{type(value).__name__}({','.join(fields)})"


def _is_message(node: ast.AST) -> bool:
    """Whether all texts in a node are for people: of an error, of a line of the log, of a help text."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return ast.unparse(node.func.value) == "logging" and node.func.attr in LOG_LEVELS
    return isinstance(node, ast.Raise) or (isinstance(node, ast.keyword) and node.arg == "help")


def _is_documentation(node: object) -> bool:
    return isinstance(node, ast.Expr) and _is_words(node.value)


def _is_words(node: object) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


@functools.cache
def _local_imports(path: Path, root: Path) -> list[Path]:
    found = []
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found += _modules(root, alias.name)
        elif isinstance(node, ast.ImportFrom):
            base = path.parents[node.level - 1] if node.level else root
            found += _modules(base, node.module or "")
            for alias in node.names:
                # `from package import name`: the name may be a module of the package.
                found += _modules(base, f"{node.module}.{alias.name}" if node.module else alias.name)
    return [module for module in found if module.is_relative_to(root)]


def _modules(base: Path, name: str) -> list[Path]:
    """The files that importing a dotted name runs, as far as they exist below `base`."""
    files = []
    folder = base
    for part in name.split(".") if name else []:
        files += [folder / f"{part}.py", folder / part / "__init__.py"]
        folder = folder / part
    return [file for file in files if file.is_file()]
