"""How much of a file is read, and how deep a document may be.

Knows: the limits that every document format shares.
Does not know: any format.

Source:
    docs/FORMAT.md, "Documents".
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from typing import BinaryIO

from runpact.formats.pointer import children, escape
from runpact.model.facts import FormatFault, Json

MAX_SIZE = 16 * 1024 * 1024
"""Largest document, bytes."""
MAX_DEPTH = 64
"""Deepest nesting of lists and mappings."""
MAX_ITEMS = 1_000_000
"""Most values in one document."""
_FIRST = 64 * 1024
_LARGEST = int(sys.float_info.max)
BEYOND = "a number is beyond the range of a double"
"""What is said of a number that no double comes near."""


def read_capped(stream: BinaryIO, limit: int = MAX_SIZE) -> bytes | FormatFault:
    """Return the rest of `stream`, or a fault when it is longer than `limit` bytes or cannot be read."""
    try:
        data = stream.read(_FIRST)  # asking for all at once would reserve the whole limit each time
        if len(data) == _FIRST:
            data += stream.read(max(0, limit + 1 - _FIRST))
    except OSError as error:
        return FormatFault("unreadable", f"cannot be read: {error.strerror or error}")
    if len(data) > limit:
        return FormatFault("too-large", f"more than {limit} bytes")
    return data


def shape_fault(value: Json) -> FormatFault | None:
    """Say why a document is too deep or has too many values; None when it is neither."""
    level, items = _containers([value]), 1
    for _depth in range(MAX_DEPTH):
        items += sum(map(len, level))
        if items > MAX_ITEMS:
            return FormatFault("too-large", f"more than {MAX_ITEMS} values")
        level = [below for container in level for below in _containers(_values(container))]
        if not level:
            return None
    return FormatFault("too-deep", f"nested more than {MAX_DEPTH} levels")


_Container = dict[str, Json] | list[Json]


def _containers(values: Iterable[Json]) -> list[_Container]:
    return [value for value in values if isinstance(value, dict | list)]


def _values(container: _Container) -> Iterable[Json]:
    return container.values() if isinstance(container, dict) else container


def plainness_fault(value: Json) -> FormatFault | None:
    """Say which value is not plain data: a number beyond any double, a key that is not text."""
    waiting: list[tuple[str, Json]] = [("", value)]
    while waiting:
        at, item = waiting.pop()
        if isinstance(item, float) and not math.isfinite(item):
            return FormatFault("not-finite", f"{item} is not a number that a document may hold", at)
        if type(item) is int and abs(item) > _LARGEST:
            return FormatFault("not-finite", BEYOND, at)
        if isinstance(item, str) and not _is_unicode(item):
            return FormatFault("lone-surrogate", "a text holds half a surrogate pair", at)
        if isinstance(item, dict) and not all(isinstance(key, str) and _is_unicode(key) for key in item):
            return FormatFault("key-not-text", "a key is not text", at)
        waiting += [(f"{at}/{escape(part)}", child) for part, child in children(item)]
    return None


def _is_unicode(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)
