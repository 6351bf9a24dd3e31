"""How many steps an expression may take.

Knows: that loops inside each other multiply, and which of them do; what a loop looks through each time; what
grows; what functions take and give.
Does not know: how an expression is evaluated.

The bound is in steps, not seconds, so that a verdict never hangs on how fast a machine is.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable
from typing import Protocol

import msgspec

from runpact.model.functions import OF_CEL
from runpact.model.reference import Reference, references

MOST_STEPS = 4_000_000
"""About two seconds; only loops inside each other, and what they look through, can reach it."""
_IN_LIST, _IN_TEXT = 16, 1024
"""How many items, and how many characters, are passed in one step where nothing is evaluated."""

_IN_MAPPED, _IN_BUILT = 16, 2
"""How many items of the list that a `map` or `filter` makes are copied in one step: it is copied for each."""

_LOOP = re.compile(r"\.(?:all|exists|exists_one|map|filter)\(\s*([A-Za-z_]\w*)\s*,")
_STRING = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'""")
_NESTED, _FEW = 2, 4
_CALL = re.compile(r"(?<![\w])([A-Za-z_]\w*)\s*\(")
_BUILDS = re.compile(r"[+\[{]")
_MAKES = re.compile(r"(?<![\w\])])\[|\{")
_COMPUTED = re.compile(r"[(\[]")
_NAMES = r"(?<![\w.])[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*"
_INDEXED = re.compile(rf"{_NAMES}(?=\[)")
_LOOPED = re.compile(rf"{_NAMES}(?=\.(?:all|exists|exists_one|map|filter)\()")
_OPENERS = {")": "(", "]": "["}


class _Loop(msgspec.Struct, frozen=True):
    variable: str
    over: str
    start: int
    end: int
    name: str
    body: str

    @property
    def is_map(self) -> bool:
        return self.name == "map"

    @property
    def makes(self) -> bool:
        """Whether it makes a list."""
        return self.name in {"map", "filter"}


class Sizes(Protocol):
    """What is known of the values that an expression speaks of."""

    def size(self, reference: Reference) -> object:
        """Return the list, the text or the map that a chain of names leads to; None for anything else."""

    def length(self, over: str) -> object:
        """Return how many items an expression comes to; anything but a number when that cannot be told."""


@functools.lru_cache(maxsize=4096)
def nested_ranges(text: str) -> tuple[tuple[str, ...], ...]:
    """Return, for each loop inside another one, the lists they go over, outermost first.

    A loop over part of the outer loop's item, as in `rows.all(r, r.tags.all(t, …))`, sees each part once:
    it multiplies nothing and is left out.
    """
    return tuple(chain for _loop, chain in _chains(text) if len(chain) > 1)


@functools.lru_cache(maxsize=4096)
def _chains(text: str) -> tuple[tuple[_Loop, tuple[str, ...]], ...]:
    """Return each loop with the lists that it and the loops around it go over."""
    blank = _blank(text)
    loops = [_loop(text, blank, found) for found in _LOOP.finditer(blank)]
    chains = []
    for loop in loops:
        around = [each for each in loops if each.start < loop.start and loop.end <= each.end]
        variables = {each.variable for each in around}
        chain = tuple(each.over for each in (*around, loop) if _root(each.over) not in variables)
        chains.append((loop, chain))
    return tuple(chains)


def steps(text: str, sizes: Sizes) -> int:
    """Return the most steps that an expression may take beyond going once through what it speaks of."""
    taken = sum(_steps_of(loop, chain, sizes) for loop, chain in _chains(text))
    grown = max(_growth(text), handed_over(text) if handed_over(text) > _FEW else 0)
    if grown:
        taken = max(taken, grown * max(_passed(text, sizes, _IN_LIST), 1))
    return taken


def _steps_of(loop: _Loop, chain: tuple[str, ...], sizes: Sizes) -> int:
    builds = loop.is_map and "+" in loop.body
    looked_through = _passed(loop.body, sizes, _IN_LIST if loop.is_map else _IN_TEXT, is_kept=loop.is_map)
    if len(chain) < _NESTED and not looked_through:
        return _made(loop, sizes)
    if builds:
        looked_through += sum(_item_size(over, sizes) for over in chain)
    rounds = math.prod(_length(over, sizes) for over in chain)
    around = chain[:-1] if chain[-1:] == (loop.over,) else chain
    times = math.prod(_length(over, sizes) for over in around)
    return rounds * (1 + looked_through) + times * _made(loop, sizes)


def _made(loop: _Loop, sizes: Sizes) -> int:
    """Return how many steps it takes to make a list: the engine copies what there is for each item."""
    if not loop.makes:
        return 0
    items_in_step = _IN_BUILT if loop.is_map and _MAKES.search(_blank(loop.body)) else _IN_MAPPED
    return _length(loop.over, sizes) ** 2 // items_in_step


def _item_size(over: str, sizes: Sizes) -> int:
    """Return how many steps it takes to copy an item of a list, on an average."""
    size = 0
    for value in map(sizes.size, references(over)):
        if isinstance(value, list) and value:
            texts = [
                item for each in value for item in (each.values() if isinstance(each, dict) else (each,))
            ]
            size += sum(len(text) for text in texts if isinstance(text, str)) // len(value)
    return size // _IN_LIST


def _passed(text: str, sizes: Sizes, in_text: int, *, is_kept: bool = False) -> int:
    """Return how many steps it takes to pass through the lists and texts that an expression speaks of."""
    in_list = 1 if is_kept or handed_over(text) else _IN_LIST
    passed = 0
    for reference in _operands(text):
        value = sizes.size(reference)
        passed += len(value) // in_text if isinstance(value, str) else items_in(value) // in_list
    return passed + sum(items_in(sizes.size(each)) for each in _indexed(text))


@functools.lru_cache(maxsize=4096)
def _indexed(text: str) -> tuple[Reference, ...]:
    """Return the lists that an expression takes items of: the engine copies what stands behind a dot."""
    return tuple(
        reference
        for found in _INDEXED.findall(_blank(text))
        for reference in references(found)
        if reference.parts
    )


@functools.lru_cache(maxsize=4096)
def handed_over(text: str) -> int:
    """Return how often an expression calls functions that are not of CEL: values are copied for them."""
    return len([name for name in _CALL.findall(_blank(text)) if name not in OF_CEL and name != "in"])


def items_in(value: object) -> int:
    """Return how many values a list or a map holds, at every depth; no more are counted than steps are."""
    count = 0
    waiting = [value]
    while waiting and count <= MOST_STEPS:
        each = waiting.pop()
        if isinstance(each, dict | list | tuple) and each:
            count += len(each)
            waiting += each.values() if isinstance(each, dict) else each
    return count


@functools.lru_cache(maxsize=4096)
def _operands(text: str) -> tuple[Reference, ...]:
    """Return what an expression speaks of, without what it only takes an item of or loops over."""
    blank = _LOOPED.sub(" ", _INDEXED.sub(" ", _blank(text)))
    return references(blank)


def _growth(text: str) -> int:
    """Return how much what an expression builds may outgrow what it speaks of; 0 when it builds nothing."""
    blank = _blank(text)
    grown = blank.count("+")
    for loop, _chain in _chains(text):
        if loop.is_map and _BUILDS.search(loop.body):
            grown = max(grown, 1) * max(1, len(re.findall(rf"\b{loop.variable}\b", loop.body)))
    return grown


def _length(over: str, sizes: Sizes) -> int:
    found = [sizes.length(over)] if _COMPUTED.search(over) else []
    found += [len(value) for each in references(over) if isinstance(value := sizes.size(each), list | dict)]
    return max((each for each in found if isinstance(each, int)), default=1)


def _blank(text: str) -> str:
    return _STRING.sub(lambda found: " " * len(found[0]), text)


class Allowance:
    """Counts what the functions of one expression take and give, and stops it when that is too much."""

    def __init__(self) -> None:
        """Begin with everything."""
        self._left = MOST_STEPS

    def renew(self) -> None:
        """Begin anew, for the next expression."""
        self._left = MOST_STEPS

    def counted(self, function: Callable[..., object]) -> Callable[..., object]:
        """Return a function that counts its arguments and its result."""

        def call(*arguments: object) -> object:
            self._spend(arguments)
            result = function(*arguments)
            self._spend((result,))
            return result

        return call

    def _spend(self, values: tuple[object, ...]) -> None:
        waiting: list[object] = list(values)
        while waiting and self._left >= 0:
            value = waiting.pop()
            if isinstance(value, str | bytes):
                self._left -= len(value) // _IN_LIST
            elif isinstance(value, list | tuple | dict):
                self._left -= len(value)
                waiting += value.values() if isinstance(value, dict) else value
        if self._left < 0:
            message = f"its functions pass on more than {MOST_STEPS:,} values"
            raise ValueError(message)


def _loop(text: str, blank: str, found: re.Match[str]) -> _Loop:
    opened = blank.index("(", found.start())
    start = _receiver_start(blank, found.start())
    closed = _closing(blank, opened)
    body = text[found.end() : closed]
    return _Loop(found[1], text[start : found.start()], opened, closed, found[0][1:].partition("(")[0], body)


def _closing(blank: str, opened: int) -> int:
    depth = 0
    for place in range(opened, len(blank)):
        depth += {"(": 1, ")": -1}.get(blank[place], 0)
        if depth == 0:
            return place
    return len(blank)


def _receiver_start(blank: str, dot: int) -> int:
    place = dot
    while place and (blank[place - 1].isalnum() or blank[place - 1] in "_.)]"):
        place -= 1
        if blank[place] in _OPENERS:
            place = _opening(blank, place)
    return place


def _opening(blank: str, closed: int) -> int:
    closer = blank[closed]
    depth = 0
    for place in range(closed, -1, -1):
        depth += {closer: 1, _OPENERS[closer]: -1}.get(blank[place], 0)
        if depth == 0:
            return place
    return 0


def _root(over: str) -> str | None:
    return next((reference.root for reference in references(over)), None)
