"""What an expression refers to.

Knows: how names, keys and indices are spelled in CEL, and the JSON pointer they come to.
Does not know: what any name stands for.
"""

from __future__ import annotations

import functools
import re

import msgspec

# Texts: a contract from the shelf needs none of these patterns made.
_WORD = (
    r"""(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
    r"""|(?<![\w.])(?P<root>[A-Za-z_]\w*)"""
    r"""(?P<parts>(?:\.[A-Za-z_]\w*|\[\d+\]|\["[^"\\\]]*"\]|\['[^'\\\]]*'\])*)(?P<call>\s*\()?"""
)
_STRING = r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'"""
_SPOKEN = r"\{((?:doc|run)\.[A-Za-z_][\w.]*)\}"
_CALL = r"\b(?!in\b)([A-Za-z_]\w*)\s*\("
_PART = r"""\.([A-Za-z_]\w*)|\[(\d+)\]|\["([^"]*)"\]|\['([^']*)'\]"""
NAMED = ("doc", "files", "rows", "present", "leaves", "text", "lines")
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
        """The chain as an expression says it."""
        return self.root + "".join(map(_link, self.parts))


def _link(part: str) -> str:
    if part.isdigit():
        return f"[{part}]"
    return f".{part}" if part.isidentifier() else f'["{part}"]'


@functools.lru_cache(maxsize=4096)
def references(text: str) -> tuple[Reference, ...]:
    """Return what an expression refers to, in order, each once; names of functions are left out."""
    found: list[Reference] = []
    for token in re.finditer(_WORD, text):
        root = token["root"]
        parts = tuple("".join(part) for part in re.findall(_PART, token["parts"] or ""))
        if root is None or (token["call"] and not parts):
            continue
        found.append(Reference(root, parts[:-1] if token["call"] else parts))
    return tuple(dict.fromkeys(found))


@functools.lru_cache(maxsize=4096)
def calls(text: str) -> tuple[str, ...]:
    """Return the names of the functions, methods and macros that an expression calls, each once."""
    return tuple(dict.fromkeys(re.findall(_CALL, re.sub(_STRING, "", text))))


@functools.lru_cache(maxsize=4096)
def literals(text: str) -> tuple[str, ...]:
    """Return the texts in quotes that an expression holds."""
    return tuple(token["string"][1:-1] for token in re.finditer(_WORD, text) if token["string"])


def slots_of(path: str) -> tuple[str, ...]:
    """Return what documents and the run are asked for in the slots of a path: `{doc.config.model}.pt`."""
    return tuple(re.findall(_SPOKEN, path))


def pointer_of(parts: tuple[object, ...] | list[object]) -> str:
    """Return a JSON pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def parts_of(pointer: str) -> tuple[str, ...]:
    """Return the parts of a JSON pointer; none for the whole document."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


def at_pointer(document: object, pointer: str) -> object:
    """Return the value at a JSON pointer.

    Raises:
        KeyError: There is none.
    """
    value = document
    for part in parts_of(pointer):
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            raise KeyError(pointer)
    return value


def replaced_at(
    document: object, parts: tuple[str, ...], value: object, *, is_removed: bool = False
) -> object:
    """Return a document with another value at a place, or without that place.

    A key that is not there is added; the index after the last adds an item.

    Raises:
        KeyError: The way there does not exist.
    """
    if not parts:
        return value
    first, rest = parts[0], parts[1:]
    if isinstance(document, dict):
        if is_removed and not rest:
            return {key: item for key, item in document.items() if key != first}
        inner = document[first] if rest else None
        return {**document, first: replaced_at(inner, rest, value, is_removed=is_removed)}
    if isinstance(document, list) and first.isdigit() and int(first) <= len(document):
        index = int(first)
        after = document[index + 1 :]
        if is_removed and not rest:
            return [*document[:index], *after]
        inner = document[index] if index < len(document) else None
        return [*document[:index], replaced_at(inner, rest, value, is_removed=is_removed), *after]
    raise KeyError(first)
