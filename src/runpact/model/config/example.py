"""An annotated configuration of all keys, made from the schema.

Knows: how TOML and YAML are commented.
Does not know: where the file stands.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator

import msgspec

from runpact.model.config.schema import MISSING, ConfigSchema, Declared, Key

_WIDTH = 96
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_WORDS = {"boolean": "true or false", "integer": "whole number", "string": "text", "array": "list"}


def toml_example(schema: ConfigSchema) -> str:
    """Return a TOML file of all keys at their defaults; what has no default stands as a comment."""
    return _text(_toml_table(schema, ()))


def yaml_example(schema: ConfigSchema) -> str:
    """Return a YAML file of all keys at their defaults; what has no default stands as a comment."""
    return _text(_yaml_table(schema, ()))


def _text(lines: Iterator[str]) -> str:
    return "\n".join(lines).strip("\n") + "\n"


def _toml_table(schema: ConfigSchema, table: Key) -> Iterator[str]:
    said = schema.get(table)
    yield from _comment(said.description, "")
    names = schema.below(table)
    if table and any(not schema.get((*table, name)).is_table for name in names):
        yield f"[{'.'.join(map(_bare, table))}]"
    for name in names:
        each = schema.get((*table, name))
        if not each.is_table:
            yield from _pair(each, f"{_bare(name)} = ", _toml_value, "")
    for name in names:
        if schema.get((*table, name)).is_table:
            yield ""
            yield from _toml_table(schema, (*table, name))


def _yaml_table(schema: ConfigSchema, table: Key) -> Iterator[str]:
    margin = "  " * len(table)
    if not table:
        yield from _comment(schema.get(table).description, "")
    for name in schema.below(table):
        each = schema.get((*table, name))
        if not each.is_table:
            yield from _pair(each, f"{_quoted(name)}: ", _json_value, margin)
            continue
        yield ""
        yield from _comment(each.description, margin)
        yield f"{margin}{_quoted(name)}:"
        yield from _yaml_table(schema, each.key)


def _pair(said: Declared, start: str, write: Callable[[object], str], margin: str) -> Iterator[str]:
    yield from _comment(told_of(said), margin)
    if said.default is MISSING or said.default is None:
        yield f"{margin}# {start}"
    else:
        yield f"{margin}{start}{write(said.default)}"


def told_of(said: Declared) -> str:
    """Return what people are told about a key: its text, then what it may be."""
    kinds = [_WORDS.get(kind, kind) for kind in said.types if kind != "null"]
    if said.choices:
        kinds = ["one of " + ", ".join(_json_value(choice) for choice in said.choices)]
    if said.is_path:
        kinds = ["path"]
    if said.is_secret:
        kinds.append("secret: write ${env:NAME}")
    sort = f"({'; '.join(kinds)})" if kinds else ""
    return " ".join(part for part in (said.description, sort) if part)


def _comment(text: str, margin: str) -> Iterator[str]:
    for line in textwrap.wrap(text, _WIDTH - len(margin), break_on_hyphens=False):
        yield f"{margin}# {line}"


def _bare(name: str) -> str:
    return name if _BARE.fullmatch(name) else _json_value(name)


def _quoted(name: str) -> str:
    return name if _BARE.fullmatch(name) and not name[0].isdigit() else _json_value(name)


def _json_value(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _toml_value(value: object) -> str:
    if isinstance(value, dict):
        inner = ", ".join(f"{_bare(name)} = {_toml_value(each)}" for name, each in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml_value, value))}]"
    return _json_value(value)
