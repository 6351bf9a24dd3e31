"""Turns a located tree into a contract, or lists everything wrong with it.

Knows: how the declarations of the language are applied to a tree.
Does not know: a single word of the language itself.
"""

from __future__ import annotations

import functools
from typing import Any

import msgspec
from msgspec import inspect

from runpact.model.contract.language import Contract
from runpact.model.contract.node import Node
from runpact.model.errors import Fault

_MISSING = object()


def read_contract(tree: Node, file: str) -> tuple[Contract | None, tuple[Fault, ...]]:
    """Return the contract a tree says, and every fault of its form.

    With faults, the contract is what is left without the parts that have one, so that the rest can be
    looked at too; None when nothing usable is left.
    """
    reader = _Reader(file)
    value = _without_missing(reader.read(tree, _declaration(), ""))
    try:
        return msgspec.convert(value, Contract), tuple(reader.faults)
    except msgspec.ValidationError:
        return None, tuple(reader.faults)


def _without_missing(value: Any) -> Any:  # noqa: ANN401 - any JSON value, converted at once
    if isinstance(value, dict):
        return {key: _without_missing(item) for key, item in value.items() if item is not _MISSING}
    return (
        [_without_missing(item) for item in value if item is not _MISSING]
        if isinstance(value, list)
        else value
    )


@functools.cache
def _declaration() -> inspect.Type:
    return inspect.type_info(Contract)


class _Reader:
    """Reads one tree against one declaration and notes every fault."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.faults: list[Fault] = []

    def read(self, node: Node, kind: inspect.Type, at: str) -> Any:  # noqa: ANN401 - any JSON value, converted at once
        if isinstance(kind, inspect.Metadata):
            return self.read(node, kind.type, at)
        if isinstance(kind, inspect.UnionType):
            return self._union(node, kind, at)
        if isinstance(kind, inspect.StructType):
            return self._struct(node, kind, at)
        if isinstance(kind, inspect.DictType):
            return self._mapping(node, kind, at)
        if isinstance(kind, inspect.VarTupleType):
            return self._list(node, kind, at)
        if isinstance(kind, inspect.AnyType):
            return node.value()
        return self._scalar(node, kind, at)

    def _struct(self, node: Node, kind: inspect.StructType, at: str) -> Any:  # noqa: ANN401 - as above
        if node.pairs is None:
            return self._wrong(node, "a mapping", at)
        fields = {field.encode_name: field for field in kind.fields}
        given: dict[str, Any] = {}
        for key, value in node.pairs:
            name = str(key.scalar)
            if name in fields:
                given[name] = self.read(value, fields[name].type, f"{at}/{_escaped(name)}")
            else:
                self._unknown(key, list(fields), at)
        for name, field in fields.items():
            if field.required and name not in given:
                self._add(node, f"the key `{name}` is missing", at, expected=_words(field.type))
        return given

    def _mapping(self, node: Node, kind: inspect.DictType, at: str) -> Any:  # noqa: ANN401 - as above
        if node.pairs is None:
            return self._wrong(node, "a mapping", at)
        return {
            str(key.scalar): self.read(value, kind.value_type, f"{at}/{_escaped(str(key.scalar))}")
            for key, value in node.pairs
        }

    def _list(self, node: Node, kind: inspect.VarTupleType, at: str) -> Any:  # noqa: ANN401 - as above
        if node.items is None:
            return self._wrong(node, "a list", at)
        return [self.read(item, kind.item_type, f"{at}/{i}") for i, item in enumerate(node.items)]

    def _union(self, node: Node, kind: inspect.UnionType, at: str) -> Any:  # noqa: ANN401 - as above
        for option in kind.types:
            if _fits(node, option):
                return self.read(node, option, at)
        return self._wrong(node, _words(kind), at)

    def _scalar(self, node: Node, kind: inspect.Type, at: str) -> Any:  # noqa: ANN401 - as above
        if isinstance(kind, inspect.LiteralType):
            return self._literal(node, kind, at)
        if not _fits(node, kind):
            return self._wrong(node, _words(kind), at)
        return node.scalar

    def _literal(self, node: Node, kind: inspect.LiteralType, at: str) -> Any:  # noqa: ANN401 - as above
        words = [str(word) for word in kind.values]
        if node.scalar in words and node.pairs is None and node.items is None:
            return node.scalar
        import difflib  # noqa: PLC0415 - only a fault pays for it

        near = difflib.get_close_matches(str(node.scalar)[:80], words, n=1)
        self._add(
            node,
            f"`{node.scalar}` is not one of the words here",
            at,
            expected=" or ".join(f"`{word}`" for word in words),
            got=str(node.scalar),
            hint=f"did you mean `{near[0]}`?" if near else "",
        )
        return _MISSING

    def _unknown(self, key: Node, known: list[str], at: str) -> None:
        import difflib  # noqa: PLC0415 - only a fault pays for it

        near = difflib.get_close_matches(str(key.scalar)[:80], known, n=1, cutoff=0.6)
        self._add(
            key,
            f"the key `{key.scalar}` is not known here",
            at,
            expected="one of " + ", ".join(known),
            got=str(key.scalar),
            hint=f"did you mean `{near[0]}`?" if near else "remove it",
        )

    def _wrong(self, node: Node, expected: str, at: str) -> Any:  # noqa: ANN401 - as above
        got = (
            node.sort
            if node.pairs is not None or node.items is not None
            else f"{node.sort} ({node.scalar!r})"
        )
        self._add(node, "a value of another sort is needed", at, expected=expected, got=got)
        return _MISSING

    def _add(
        self, node: Node, message: str, at: str, *, expected: str = "", got: str = "", hint: str = ""
    ) -> None:
        self.faults.append(Fault(message, self.file, node.line, node.column, at, expected, got, hint))


def _fits(node: Node, kind: inspect.Type) -> bool:
    """Whether a node has the sort that a type wants; true and false are no numbers."""
    if isinstance(kind, inspect.Metadata):
        return _fits(node, kind.type)
    return isinstance(kind, inspect.AnyType) or _shape(node) in _SHAPES[type(kind)]


def _shape(node: Node) -> type:
    if node.pairs is not None:
        return dict
    return list if node.items is not None else type(node.scalar)


_SHAPES: dict[type, tuple[type, ...]] = {
    inspect.StructType: (dict,),
    inspect.DictType: (dict,),
    inspect.VarTupleType: (list,),
    inspect.StrType: (str,),
    inspect.BoolType: (bool,),
    inspect.IntType: (int,),
    inspect.FloatType: (float, int),
    inspect.NoneType: (type(None),),
    inspect.LiteralType: (str,),
}
_NAMES: dict[type, str] = {
    inspect.StrType: "text",
    inspect.BoolType: "true or false",
    inspect.IntType: "a whole number",
    inspect.FloatType: "a number",
    inspect.StructType: "a mapping",
    inspect.DictType: "a mapping",
    inspect.VarTupleType: "a list",
    inspect.LiteralType: "a word",
}


def _words(kind: inspect.Type) -> str:
    """Say what a type wants."""
    if isinstance(kind, inspect.Metadata):
        return str((kind.extra_json_schema or {}).get("description", "")) or _words(kind.type)
    if isinstance(kind, inspect.UnionType):
        return " or ".join(
            dict.fromkeys(_words(option) for option in kind.types if not isinstance(option, inspect.NoneType))
        )
    return _NAMES[type(kind)]


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
