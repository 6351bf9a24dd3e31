"""Every public name of the package says what it gives."""

import ast
from collections.abc import Iterator

from tracked import modules

Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def is_repeated(node: Definition) -> bool:
    """Say whether another definition of the same name carries the docstring."""
    decorators = {ast.unparse(decorator).split(".")[-1] for decorator in node.decorator_list}
    return bool(decorators & {"overload", "setter", "deleter"})


def public_definitions(body: list[ast.stmt], prefix: str = "") -> Iterator[tuple[str, Definition]]:
    for node in body:
        if isinstance(node, ast.If | ast.Try):
            yield from public_definitions([*node.body, *node.orelse], prefix)
        elif isinstance(node, Definition) and not node.name.startswith("_") and not is_repeated(node):
            yield f"{prefix}{node.name}", node
            if isinstance(node, ast.ClassDef):
                yield from public_definitions(node.body, f"{prefix}{node.name}.")


def test_every_module_has_a_docstring():
    assert [name for name, tree, _ in modules() if not ast.get_docstring(tree)] == []


def test_every_public_class_function_and_method_has_a_docstring():
    silent = [
        f"{name}:{node.lineno}: {title}"
        for name, tree, _ in modules()
        for title, node in public_definitions(tree.body)
        if not ast.get_docstring(node)
    ]
    assert silent == []
