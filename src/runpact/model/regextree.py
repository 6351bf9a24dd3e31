"""What a regular expression consists of, and which of its parts compete for the same characters.

Knows: how Python reads regular expressions; sets of characters and whether two of them meet.
Does not know: how anything is matched.
"""

from __future__ import annotations

import functools
import importlib
import re
from collections.abc import Iterator
from typing import Any

import msgspec

_parser = importlib.import_module("re._parser")  # Python's own reader; it has no public name
ENDLESS = int(_parser.MAXREPEAT)
_CATEGORIES = {"DIGIT": r"\d", "SPACE": r"\s", "WORD": r"\w"}
_CATEGORIES |= {f"NOT_{name}": source.upper() for name, source in _CATEGORIES.items()}
_PLACES = {
    "AT_BEGINNING": "^",
    "AT_BEGINNING_STRING": r"\A",
    "AT_END": "$",
    "AT_END_STRING": r"\Z",
    "AT_BOUNDARY": r"\b",
    "AT_NON_BOUNDARY": r"\B",
}
_FLAGS = {re.IGNORECASE: "i", re.MULTILINE: "m", re.DOTALL: "s", re.ASCII: "a"}


class Chars(msgspec.Struct, frozen=True):
    """A set of characters, as a regular expression of one character."""

    source: str


class Spot(msgspec.Struct, frozen=True):
    """A place between characters, as `^` and `$`."""

    source: str


class Several(msgspec.Struct, frozen=True):
    """Parts one after the other, captured as a group or not."""

    parts: tuple[Tree, ...]
    group: int | None = None


class Either(msgspec.Struct, frozen=True):
    """The first of several ways that leads on."""

    ways: tuple[Tree, ...]


class Repeat(msgspec.Struct, frozen=True):
    """A part several times: as often as possible, or as seldom."""

    part: Tree
    least: int
    most: int
    is_lazy: bool


Tree = Chars | Spot | Several | Either | Repeat


class Choice(msgspec.Struct, frozen=True):
    """A part of a pattern that can go on in several ways at one character."""

    most: int
    """Ways that it can have on any text, beside the one that is always there."""
    shared: str = ""
    """The characters at which it can stop as well as go on; nothing where the text does not matter."""

    def ways(self, text: str) -> int:
        """Return how many ways it has on a text."""
        if not self.shared:
            return self.most + 1
        return 1 + min(self.most, len(re.findall(self.shared, text)))


def tree_of(source: str) -> Tree:
    """Return what a regular expression consists of.

    Raises:
        ValueError: It has a part that cannot be matched in bounded time.
    """
    parsed = _parser.parse(source)
    return _several(parsed, int(parsed.state.flags))


def _several(parsed: Any, flags: int, group: int | None = None) -> Several:  # noqa: ANN401 - of a private module
    return Several(tuple(_part(str(word), told, flags) for word, told in parsed), group)


def _part(word: str, told: Any, flags: int) -> Tree:  # noqa: ANN401 - of a private module
    match word:
        case "LITERAL" | "NOT_LITERAL":
            return Chars(_scoped(f"[{'^' * (word != 'LITERAL')}{_escaped(told)}]", flags))
        case "ANY":
            return Chars(_scoped(".", flags))
        case "IN":
            return Chars(_scoped(f"[{''.join(_item(str(kind), item) for kind, item in told)}]", flags))
        case "AT" if str(told) in _PLACES:
            return Spot(_scoped(_PLACES[str(told)], flags))
        case "SUBPATTERN":
            group, added, removed, inner = told
            return _several(inner, (flags | added) & ~removed, group)
        case "BRANCH":
            return Either(tuple(_several(way, flags) for way in told[1]))
        case "MAX_REPEAT" | "MIN_REPEAT":
            least, most, inner = told
            return Repeat(_single(inner, flags), int(least), int(most), word == "MIN_REPEAT")
    message = f"{word.lower()} is not part of the accepted expressions"
    raise ValueError(message)


def _single(parsed: Any, flags: int) -> Tree:  # noqa: ANN401 - of a private module
    whole = _several(parsed, flags)
    return whole.parts[0] if len(whole.parts) == 1 else whole


def _item(kind: str, told: Any) -> str:  # noqa: ANN401 - of a private module
    if kind == "NEGATE":
        return "^"
    if kind == "RANGE":
        return f"{_escaped(told[0])}-{_escaped(told[1])}"
    return _escaped(told) if kind == "LITERAL" else _CATEGORIES[str(told).removeprefix("CATEGORY_")]


def _escaped(code: int) -> str:
    return f"\\U{code:08x}"


def _scoped(source: str, flags: int) -> str:
    letters = "".join(letter for flag, letter in _FLAGS.items() if flags & flag)
    return f"(?{letters}:{source})"


_First = frozenset[tuple[str, ...]]
"""What may come first: sets of characters that follow each other; nothing at the end of the text."""
_END: _First = frozenset({()})
_AHEAD, _FORKS = 8, 4
"""How far and how broadly what follows is told."""


def competing(tree: Tree) -> tuple[Choice, ...]:
    """Return the choices of a pattern that one character does not settle."""
    found: list[Choice] = []
    _follow(tree, _END, found)
    return tuple(found)


def _follow(tree: Tree, after: _First, found: list[Choice]) -> _First:
    """Note the choices in a part that `after` may follow; return the characters that may come first."""
    match tree:
        case Chars():
            tails = after if len(after) <= _FORKS else _END
            return frozenset({(tree.source, *tail[: _AHEAD - 1]) for tail in tails})
        case Spot():
            return after
        case Several():
            for part in reversed(tree.parts):
                after = _follow(part, after, found)
            return after
        case Either():
            firsts = [_follow(way, after, found) for way in tree.ways]
            is_met = any(_meet(one, other) for number, one in enumerate(firsts) for other in firsts[:number])
            if is_met or sum(map(is_empty, tree.ways)) > 1:
                found.append(Choice(len(firsts) - 1))
            return frozenset().union(*firsts)
        case _:
            return _repeated(tree, after, found)


def _repeated(tree: Repeat, after: _First, found: list[Choice]) -> _First:
    is_simple = isinstance(tree.part, Chars)
    inner = _follow(tree.part, _END if is_simple else after, found)
    span = tree.most - tree.least
    if span and isinstance(tree.part, Chars):
        if _meet(inner, after):
            ahead = "|".join(sorted({"".join(each) for each in after if each}))
            found.append(Choice(span, f"(?={tree.part.source})(?={ahead})"))
    elif span and (is_empty(tree.part) or _meet(inner, after)):
        found.append(Choice(span))
    return inner | after if tree.least == 0 or is_empty(tree.part) else inner


def is_empty(tree: Tree) -> bool:
    """Whether a part may match nothing."""
    match tree:
        case Chars():
            return False
        case Spot():
            return True
        case Several():
            return all(map(is_empty, tree.parts))
        case Either():
            return any(map(is_empty, tree.ways))
        case _:
            return tree.least == 0 or is_empty(tree.part)


def _meet(one: _First, other: _First) -> bool:
    heads = {each[0] for each in one if each}
    others = {each[0] for each in other if each}
    return any(_overlap(*sorted((left, right))) for left in heads for right in others)


@functools.lru_cache(maxsize=4096)
def _overlap(one: str, other: str) -> bool:
    """Whether two sets have a character in common."""
    both = re.compile(f"(?={one}){other}")
    return any(both.search(characters) for characters in _characters())


def _characters() -> Iterator[str]:
    yield "".join(map(chr, range(128)))
    yield _beyond_ascii()


@functools.cache
def _beyond_ascii() -> str:
    return "".join(map(chr, range(128, 0x3000)))
