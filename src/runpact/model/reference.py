"""What an expression refers to.

Knows: how names, keys and indices are spelled in CEL, and the JSON pointer they come to.
Does not know: what any name stands for.
"""

from __future__ import annotations

import functools
import re

import msgspec

_TOKEN = re.compile(
    r"""(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
    r"""|(?<![\w.])(?P<root>[A-Za-z_]\w*)"""
    r"""(?P<parts>(?:\.[A-Za-z_]\w*|\[\d+\]|\["[^"\\\]]*"\]|\['[^'\\\]]*'\])*)(?P<call>\s*\()?"""
)
_PART = re.compile(r"""\.([A-Za-z_]\w*)|\[(\d+)\]|\["([^"]*)"\]|\['([^']*)'\]""")
NAMED = ("doc", "files", "rows", "present", "leaves")
"""Roots whose first part is the name of an entry."""


class Reference(msgspec.Struct, frozen=True):
    """One chain of names, as in `doc.metrics.loss` or `row["a b"]`."""

    root: str
    parts: tuple[str, ...] = ()

    @property
    def name(self) -> str | None:
        """The entry it speaks of, None when its root names none."""
        return self.parts[0] if self.root in NAMED and self.parts else None

    @property
    def text(self) -> str:
        """The chain with dots."""
        return ".".join((self.root, *self.parts))


@functools.lru_cache(maxsize=4096)
def references(text: str) -> tuple[Reference, ...]:
    """Return what an expression refers to, in order, each once; names of functions are left out."""
    found: list[Reference] = []
    for token in _TOKEN.finditer(text):
        root = token["root"]
        parts = tuple("".join(part) for part in _PART.findall(token["parts"] or ""))
        if root is None or (token["call"] and not parts):
            continue
        found.append(Reference(root, parts[:-1] if token["call"] else parts))
    return tuple(dict.fromkeys(found))


@functools.lru_cache(maxsize=4096)
def literals(text: str) -> tuple[str, ...]:
    """Return the texts in quotes that an expression holds."""
    return tuple(token["string"][1:-1] for token in _TOKEN.finditer(text) if token["string"])


def pointer_of(parts: tuple[object, ...] | list[object]) -> str:
    """Return a JSON pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def at_pointer(document: object, pointer: str) -> object:
    """Return the value at a JSON pointer.

    Raises:
        KeyError: There is none.
    """
    value = document
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        else:
            raise KeyError(pointer)
    return value
