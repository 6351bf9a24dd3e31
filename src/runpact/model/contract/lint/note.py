"""A fault of a contract before it has a line and a column.

Knows: how a JSON pointer leads to a place in the document.
Does not know: any rule.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import msgspec

from runpact.model.contract.node import Node
from runpact.model.errors import Fault, RunpactError
from runpact.model.names import check_relative
from runpact.model.template import PathTemplate

_LONGEST, _MOST_KNOWN = 80, 500
"""How much is compared to guess what was meant."""


class Note(msgspec.Struct, frozen=True):
    """A fault without its place in the file."""

    at: str
    message: str
    expected: str = ""
    got: str = ""
    hint: str = ""
    is_about_names: bool = False
    """It may follow from a fault anywhere in the same kind."""


def placed(note: Note, tree: Node, file: str) -> Fault:
    """Return the fault with the line and column of the deepest node on the way to its pointer."""
    node = _find(tree, note.at.split("/")[1:])
    return Fault(note.message, file, node.line, node.column, note.at, note.expected, note.got, note.hint)


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a hint that names the known word most like this one; empty when none is like it."""
    import difflib  # noqa: PLC0415 - only a fault pays for it

    near = difflib.get_close_matches(word[:_LONGEST], list(itertools.islice(known, _MOST_KNOWN)), n=1)
    return f"did you mean `{near[0]}`?" if near else ""


def template_notes(text: str, at: str) -> Iterator[Note]:
    """Yield why a path template cannot be read."""
    try:
        PathTemplate.pattern(text)
    except RunpactError as error:
        yield Note(at, error.message, error.expected, error.got)


def relative_notes(path: str, at: str) -> Iterator[Note]:
    """Yield why a path is not a relative one that stays inside."""
    try:
        check_relative(path.rstrip("/"), what="path")
    except RunpactError as error:
        yield Note(at, error.message, error.expected, error.got)


def escaped(key: str) -> str:
    """Return a key as a JSON pointer writes it."""
    return key.replace("~", "~0").replace("/", "~1")


def _find(node: Node, parts: list[str]) -> Node:
    """Return the deepest node on the way to a pointer; inherited parts end where the document does."""
    for part in parts:
        below = _child(node, part.replace("~1", "/").replace("~0", "~"))
        if below is None:
            return node
        node = below
    return node


def _child(node: Node, part: str) -> Node | None:
    if node.pairs is not None:
        return next((value for key, value in node.pairs if str(key.scalar) == part), None)
    if node.items is not None and part.isdigit() and int(part) < len(node.items):
        return node.items[int(part)]
    return None
