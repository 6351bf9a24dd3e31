"""Strict YAML documents as plain values.

Knows: the safe subset: no tags, no duplicate or merge keys, keys are text, only `true` and `false` are
booleans; aliases are counted as what they expand to.
Does not know: what a document should contain.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

import yaml

from runpact.formats.limits import MAX_DEPTH, MAX_ITEMS, plainness_fault, read_capped
from runpact.formats.pointer import escape
from runpact.model.facts import DocumentFact, FormatFault, Json

MAX_YAML = 4 * 1024 * 1024
"""Largest YAML document, bytes: the parser is some fifty times slower than that of JSON."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_OTHER_BASE = re.compile(r"0x[0-9a-fA-F]+|0o[0-7]+")
_BREAKS = re.compile("[\x85\u2028\u2029\ufeff]")
"""What readers take for the end of a line, or drop; escaped only between double quotes."""
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_WORDS: dict[str, Json] = {"": None, "~": None, "null": None, "true": True, "false": False} | {
    sign + word: float(sign + word[1:]) for word in (".inf", ".nan") for sign in ("", "+", "-")
}


def inspect(stream: BinaryIO) -> DocumentFact | FormatFault:
    """Report the document that `stream` holds."""
    data = read_capped(stream, MAX_YAML)
    return data if isinstance(data, FormatFault) else parse(data)


def parse(data: bytes) -> DocumentFact | FormatFault:
    """Report the document that `data` is, or why it is none."""
    if len(data) > MAX_YAML:
        return FormatFault("too-large", f"{len(data)} bytes, more than {MAX_YAML}")
    try:
        value = _Composer(yaml.parse(data.decode("utf-8-sig"), Loader=_LOADER)).document()
    except UnicodeDecodeError as error:
        return FormatFault("invalid-yaml", f"not UTF-8 at byte {error.start}")
    except yaml.MarkedYAMLError as error:
        return FormatFault("invalid-yaml", _complaint(error))
    except (yaml.YAMLError, ValueError, RecursionError, MemoryError) as error:
        return FormatFault("invalid-yaml", (str(error).splitlines() or ["cannot be read"])[0][:200])
    except _RefusedError as refusal:
        return refusal.fault
    return plainness_fault(value) or DocumentFact(value)


class StrictDumper(yaml.SafeDumper):
    """Quotes every text that would be read back as something else."""


def _represent(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    is_plain = isinstance(_scalar(text), str) and text != "<<"
    style = '"' if _BREAKS.search(text) else None if is_plain else "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


StrictDumper.add_representer(str, _represent)


def _complaint(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark
    place = f" at line {mark.line + 1} column {mark.column + 1}" if mark else ""
    return f"{error.problem or error.context or 'cannot be read'}{place}"


class _RefusedError(Exception):
    """Carries the fault out of the composer."""

    def __init__(self, code: str, message: str, at: str) -> None:
        """Store the fault."""
        super().__init__(message)
        self.fault = FormatFault(code, message, at)


class _Composer:
    """Builds one value from the parser's events."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        """Store the events; nothing is read yet."""
        self._events = events
        self._anchors: dict[str, tuple[Json, int, int]] = {}
        self._items = 0

    def document(self) -> Json:
        """Return the only document of the stream; None for an empty one."""
        next(self._events)
        if isinstance(next(self._events), yaml.StreamEndEvent):
            return None
        value, _height = self._value(next(self._events), "", 0)
        next(self._events)
        if not isinstance(next(self._events), yaml.StreamEndEvent):
            raise _RefusedError("invalid-yaml", "more than one document", "")
        return value

    def _value(self, event: yaml.Event, at: str, depth: int) -> tuple[Json, int]:
        """Return the value that begins with `event`, and how many levels it has."""
        self._count(1, at)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(str(event.anchor), at, depth)
        _refuse_tag(event, at)
        before = self._items
        if isinstance(event, yaml.ScalarEvent):
            value: Json = _scalar(event.value) if event.implicit[0] else event.value
            height = 0
        else:
            _refuse_depth(depth + 1, at)
            is_list = isinstance(event, yaml.SequenceStartEvent)
            value, height = self._list(at, depth + 1) if is_list else self._mapping(at, depth + 1)
        anchor = getattr(event, "anchor", None)
        if anchor is not None:
            self._anchors[anchor] = (value, self._items - before, height)
        return value, height

    def _alias(self, anchor: str, at: str, depth: int) -> tuple[Json, int]:
        if anchor not in self._anchors:
            raise _RefusedError("invalid-yaml", f"the alias `*{anchor}` refers to nothing before it", at)
        value, items, height = self._anchors[anchor]
        self._count(items, at)
        _refuse_depth(depth + height, at)
        return value, height

    def _list(self, at: str, depth: int) -> tuple[list[Json], int]:
        values: list[Json] = []
        tallest = 0
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            value, height = self._value(event, f"{at}/{len(values)}", depth)
            values.append(value)
            tallest = max(tallest, height)
        return values, tallest + 1

    def _mapping(self, at: str, depth: int) -> tuple[dict[str, Json], int]:
        table: dict[str, Json] = {}
        tallest = 0
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = _key(event, at)
            place = f"{at}/{escape(key)}"
            if key in table:
                raise _RefusedError("duplicate-key", f"the key `{key[:80]}` appears twice", place)
            table[key], height = self._value(next(self._events), place, depth)
            tallest = max(tallest, height)
        return table, tallest + 1

    def _count(self, items: int, at: str) -> None:
        self._items += items
        if self._items > MAX_ITEMS:
            raise _RefusedError("too-large", f"more than {MAX_ITEMS} values, aliases expanded", at)


def _refuse_depth(depth: int, at: str) -> None:
    if depth > MAX_DEPTH:
        raise _RefusedError("too-deep", f"nested more than {MAX_DEPTH} levels", at)


def _refuse_tag(event: yaml.Event, at: str) -> None:
    tag = getattr(event, "tag", None)
    if tag not in {None, "!"}:
        raise _RefusedError("invalid-yaml", f"the tag `{str(tag)[:80]}` is not accepted", at)


def _key(event: yaml.Event, at: str) -> str:
    """Return a key as text, whatever it would be as a value."""
    if not isinstance(event, yaml.ScalarEvent):
        raise _RefusedError("key-not-text", "a key is not text", at)
    _refuse_tag(event, at)
    if event.value == "<<" and event.implicit[0]:
        raise _RefusedError("invalid-yaml", "merge keys (`<<`) are not accepted", at)
    return str(event.value)


def _scalar(text: str) -> Json:
    """Return the value of an unquoted scalar (YAML 1.2, core schema)."""
    word = (
        text.lower()
        if text.lower() in _WORDS and text in {text.lower(), text.upper(), text.title()}
        else text
    )
    if word in _WORDS:
        return _WORDS[word]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _OTHER_BASE.fullmatch(text):
        return int(text, 0)
    return float(text) if _FLOAT.fullmatch(text) else text
