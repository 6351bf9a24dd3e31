"""How many steps an expression may take.

Knows: that loops inside each other multiply, and which of them do.
Does not know: how an expression is evaluated.

The bound is in steps, not seconds, so that a verdict never hangs on how fast a machine is.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable

import msgspec

from runpact.model.reference import references

MOST_STEPS = 4_000_000
"""About two seconds; only loops inside each other can reach it."""

_LOOP = re.compile(r"\.(?:all|exists|exists_one|map|filter)\(\s*([A-Za-z_]\w*)\s*,")
_STRING = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'""")
_OPENERS = {")": "(", "]": "["}


class _Loop(msgspec.Struct, frozen=True):
    variable: str
    over: str
    start: int
    end: int


@functools.lru_cache(maxsize=4096)
def nested_ranges(text: str) -> tuple[tuple[str, ...], ...]:
    """Return, for each loop inside another one, the lists they go over, outermost first.

    A loop over part of the outer loop's item, as in `rows.all(r, r.tags.all(t, …))`, sees each part once:
    it multiplies nothing and is left out.
    """
    blank = _STRING.sub(lambda found: " " * len(found[0]), text)
    loops = [_loop(text, blank, found) for found in _LOOP.finditer(blank)]
    chains = []
    for loop in loops:
        around = [each for each in loops if each.start < loop.start and loop.end <= each.end]
        variables = {each.variable for each in around}
        chain = tuple(each.over for each in (*around, loop) if _root(each.over) not in variables)
        if len(chain) > 1:
            chains.append(chain)
    return tuple(chains)


def steps(text: str, size: Callable[[str], object]) -> int:
    """Return the most steps that loops inside each other may take; 0 without any.

    Args:
        text: The expression.
        size: Returns how long the list is that a chain of names leads to; anything else for what is no list.
    """
    return max((math.prod(_length(over, size) for over in chain) for chain in nested_ranges(text)), default=0)


def _length(over: str, size: Callable[[str], object]) -> int:
    sizes = (size(reference.text) for reference in references(over))
    return max((each for each in sizes if isinstance(each, int)), default=1)


def _loop(text: str, blank: str, found: re.Match[str]) -> _Loop:
    opened = blank.index("(", found.start())
    start = _receiver_start(blank, found.start())
    return _Loop(found[1], text[start : found.start()], opened, _closing(blank, opened))


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
