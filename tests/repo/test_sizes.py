"""Modules and functions stay short enough to be read in one go."""

import ast

from tracked import modules

MODULE_LINES = 400
FUNCTION_LINES = 60


def lines_without_docstring(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    length = function.end_lineno - function.lineno + 1
    if ast.get_docstring(function) is not None:
        docstring = function.body[0]
        length -= docstring.end_lineno - docstring.lineno + 1
    return length


def test_no_module_is_longer_than_400_lines():
    long = {name: text.count("\n") for name, _, text in modules() if text.count("\n") > MODULE_LINES}
    assert long == {}


def test_no_function_is_longer_than_60_lines_without_its_docstring():
    long = [
        f"{name}:{node.lineno}: {node.name} has {lines_without_docstring(node)} lines"
        for name, tree, _ in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and lines_without_docstring(node) > FUNCTION_LINES
    ]
    assert long == []
