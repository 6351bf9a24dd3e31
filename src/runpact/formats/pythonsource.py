"""What a Python file says of itself: what it imports, what it catches.

Knows: Python's grammar.
Does not know: which imports or catches are allowed.

Nothing is executed: the text is parsed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from runpact.model.imports import Caught, Imported, SourceFacts

_BROAD = frozenset({"Exception", "BaseException"})
_BY_NAME = frozenset(
    {"importlib.import_module", "import_module", "__import__", "runpy.run_module", "run_module"}
)
_CURRENT = frozenset({"os.getcwd", "os.getcwdb", "getcwd", "Path.cwd", "pathlib.Path.cwd"})
_SUPPRESS = frozenset({"suppress", "contextlib.suppress"})


def read_python(text: bytes) -> SourceFacts | str:
    """Return the facts of a file, or why it is no Python.

    Args:
        text: Its content.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = f" in line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        return f"it is no Python{line}: {getattr(error, 'msg', None) or type(error).__name__}"
    imports: list[Imported] = []
    caught: list[Caught] = []
    places: list[int] = []
    for node in ast.walk(tree):
        imports += _imports(node)
        caught += _caught(node)
        if isinstance(node, ast.Call) and _dotted(node.func) in _CURRENT:
            places.append(node.lineno)
    return SourceFacts(
        imports=tuple(sorted(imports, key=lambda each: each.line)),
        caught=tuple(sorted(caught, key=lambda each: each.line)),
        current_directory=tuple(sorted(places)),
    )


def _imports(node: ast.AST) -> Iterator[Imported]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield Imported(node.lineno, alias.name)
    elif isinstance(node, ast.ImportFrom):
        for alias in node.names:
            yield Imported(node.lineno, node.module or "", alias.name, node.level)
    elif isinstance(node, ast.Call) and node.args and _dotted(node.func) in _BY_NAME:
        first = node.args[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield Imported(node.lineno, first.value)


def _caught(node: ast.AST) -> Iterator[Caught]:
    if isinstance(node, ast.ExceptHandler):
        if node.type is None or _is_broad(node.type):
            yield Caught(node.lineno, raises=any(isinstance(each, ast.Raise) for each in ast.walk(node)))
    elif isinstance(node, ast.Call) and _dotted(node.func) in _SUPPRESS and any(map(_is_broad, node.args)):
        yield Caught(node.lineno, raises=False)


def _is_broad(kind: ast.expr) -> bool:
    if isinstance(kind, ast.Tuple):
        return any(map(_is_broad, kind.elts))
    return _dotted(kind).removeprefix("builtins.") in _BROAD


def _dotted(node: ast.expr) -> str:
    """Return a dotted name; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = _dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return ""
