"""JSON pointers (RFC 6901) into parsed documents.

Knows: how a place is written and found again.
Does not know: files.
"""

from __future__ import annotations

from collections.abc import Iterator

from runpact.model.facts import Json


def escape(part: object) -> str:
    """Return one part of a pointer, `~` and `/` escaped."""
    return str(part).replace("~", "~0").replace("/", "~1")


def children(value: Json) -> Iterator[tuple[object, Json]]:
    """Yield key or index and value of what a container holds; nothing for a scalar."""
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)


def value_at(root: Json, pointer: str) -> Json:
    """Return the value that a pointer leads to; None when it leads nowhere."""
    value = root
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    return value


def find_pointer(root: Json, target: Json, key: str) -> str:
    """Return the pointer of `key` in the very object `target`; empty when it is not below `root`."""
    found = _find(root, target)
    return "" if found is None else f"{found}/{escape(key)}"


def find_value(root: Json, target: object) -> str:
    """Return the pointer of the very object `target`; empty when it is the root or not below it."""
    return _find(root, target) or ""


def _find(root: Json, target: object) -> str | None:
    waiting: list[tuple[str, Json]] = [("", root)]
    while waiting:
        at, value = waiting.pop()
        if value is target:
            return at
        waiting += [(f"{at}/{escape(part)}", child) for part, child in children(value)]
    return None
