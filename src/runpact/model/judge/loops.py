"""`foreach`: one frame for each item of a list or map.

Knows: how bindings nest, where each item stands.
Does not know: what is done for an item.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import msgspec

from runpact.model.expression import Undecided
from runpact.model.judge.frame import EMPTY, Frame, Located, Stuck
from runpact.model.judge.view import View
from runpact.model.reference import pointer_of, references


def frames(subject: View, bindings: Mapping[str, str], outer: Frame = EMPTY) -> Iterator[Frame | Stuck]:
    """Yield a frame for each combination of items, or why a list of them could not be told."""
    if not bindings:
        yield outer
        return
    (name, text), *rest = bindings.items()
    items = subject.evaluate(text, outer)
    if isinstance(items, Undecided):
        yield Stuck(Undecided(f"`{text}`: {items.reason}"), outer)
        return
    if not isinstance(items, list | dict):
        yield Stuck(Undecided(f"`{text}` is no list and no map"), outer)
        return
    source, is_whole = source_of(subject, text, outer)
    if not is_whole:
        source = msgspec.structs.replace(source, is_loose=True)
    previous: object = None
    for index, (value, place) in enumerate(_items(items, source, is_whole=is_whole)):
        inner = outer.bound(name, value, place, index=index, previous=previous)
        yield from frames(subject, dict(rest), inner)
        previous = value


def source_of(subject: View, text: str, frame: Frame) -> tuple[Located, bool]:
    """Return where the list that an expression yields stands, and whether it is whole and in order."""
    found = references(text)
    place = subject.place_of(text, frame) or Located("")
    is_whole = len(found) == 1 and is_chain(text)
    return place, is_whole


def is_chain(text: str) -> bool:
    """Whether an expression is nothing but a chain of names."""
    return _CHAIN.fullmatch(text.strip()) is not None


_CHAIN = re.compile(r"""[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[\d+\]|\["[^"]*"\]|\['[^']*'\])*""")


def _items(
    items: list[object] | dict[str, object], source: Located, *, is_whole: bool
) -> Iterator[tuple[object, Located]]:
    if isinstance(items, dict):
        for key, value in items.items():
            place = Located(source.path, source.pointer + pointer_of([key]), is_pair=True)
            yield {"key": key, "value": value}, place if is_whole else source
        return
    for index, value in enumerate(items):
        yield value, _place_of_item(value, index, source, is_whole=is_whole)


def _place_of_item(value: object, index: int, source: Located, *, is_whole: bool) -> Located:
    """Return where an item stands: a file, a leaf, or an element of its list."""
    if isinstance(value, dict) and "path" in value and (not source.path or value.keys() >= _FILE):
        return Located(str(value["path"]))
    if isinstance(value, dict) and set(value) == _LEAF:
        return Located(source.path, str(value["pointer"]), is_pair=True)
    return Located(source.path, f"{source.pointer}/{index}") if is_whole else source


_FILE = {"path", "size", "mode"}
_LEAF = {"pointer", "key", "value"}
