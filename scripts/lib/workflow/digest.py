"""A digest of code that changes when its meaning may, and not when only its looks do."""

import ast
import functools
import hashlib
from pathlib import Path


def code_digest(script: Path) -> str:
    """Digest of a script and of every local module that it imports, directly or not.

    Comments, docstrings and formatting do not count. A module is local if it lies
    below the script's folder, from where Python finds it when the script runs.

    Parameters
    ----------
    script
        A Python file.

    Raises
    ------
    SyntaxError
        If one of the files is not Python.
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
    """The syntax tree without the strings that only document.

    Neither ast.dump nor ast.unparse will do: they print the same tree otherwise from one version of
    Python to the next. Fields that are empty are left out, for versions add fields.
    """
    return _text(_tree(path))


def _text(value: object) -> str:
    if isinstance(value, list):
        return f"[{','.join(_text(item) for item in value if not _is_documentation(item))}]"
    if not isinstance(value, ast.AST):
        return repr(value)
    fields = (f"{name}={_text(field)}" for name, field in ast.iter_fields(value) if field not in (None, []))
    return f"{type(value).__name__}({','.join(fields)})"


def _is_documentation(node: object) -> bool:
    return (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    )


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
