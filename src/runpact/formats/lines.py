"""In which line each key of a configuration file stands.

Knows: how YAML, JSON and TOML place keys.
Does not know: what the keys mean. What it cannot tell it leaves out: lines are for people.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

from runpact.formats.yamltree import read_tree
from runpact.model.contract.node import Node

Key = tuple[str, ...]
_PART = r"""(?:[\w-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')"""
_KEY = rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*"
_TABLE = re.compile(rf"[ \t]*\[(?P<key>{_KEY})\][ \t]*(?:#.*)?")
_LIST = re.compile(rf"[ \t]*\[\[(?P<key>{_KEY})\]\][ \t]*(?:#.*)?")
_PAIR = re.compile(rf"[ \t]*(?P<key>{_KEY})[ \t]*=")
_QUOTES = ('"""', "'''")


def key_lines(suffix: str, data: bytes) -> dict[Key, int]:
    """Return the line, from 1, in which each key stands.

    Args:
        suffix: `.toml`, `.yaml`, `.yml` or `.json`.
        data: The file, which was read without a fault.
    """
    if suffix == ".toml":
        return dict(_toml(data.decode("utf-8", "replace")))
    tree = read_tree(data, "")
    return dict(_of_tree(tree, ())) if isinstance(tree, Node) else {}


def _of_tree(node: Node, above: Key) -> Iterator[tuple[Key, int]]:
    for name, value in node.pairs or ():
        key = (*above, str(name.scalar))
        yield key, name.line
        yield from _of_tree(value, key)


def _toml(text: str) -> Iterator[tuple[Key, int]]:
    table: Key | None = ()
    quote = ""
    for number, line in enumerate(text.split("\n"), 1):
        if quote:
            quote = "" if line.count(quote) % 2 else quote
            continue
        if _LIST.fullmatch(line):
            table = None  # what stands in it has no name of its own
        elif found := _TABLE.fullmatch(line):
            table = _parts(found["key"])
            yield table, number
        elif (found := _PAIR.match(line)) and table is not None:
            yield (*table, *_parts(found["key"])), number
        quote = next((each for each in _QUOTES if line.count(each) % 2), "")


def _parts(key: str) -> Key:
    """Return the parts of a dotted key as TOML itself reads them."""
    value: object = tomllib.loads(f"{key} = 0")
    parts: list[str] = []
    while isinstance(value, dict):
        name, value = next(iter(value.items()))
        parts.append(name)
    return tuple(parts)
