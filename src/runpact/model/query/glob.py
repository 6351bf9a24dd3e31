"""Globs, in time that grows with the text and not with the number of stars.

Knows: that `*` is any text, `?` any character, all else itself.
Does not know: where the text comes from.

Between two stars the leftmost place is as good as any other, so nothing is ever tried twice.
"""

from __future__ import annotations

import functools
import re

LONGEST = 1_000
"""Characters of the longest glob."""


def glob_holds(glob: str, text: object) -> bool:
    """Whether a glob holds for the whole of a text; never for what is none."""
    return isinstance(text, str) and _glob_of(glob).holds(text)


def is_plain_glob(glob: str) -> bool:
    """Whether no star but one leaves anything to be tried, and no character ends texts early elsewhere."""
    return glob.rstrip("*").count("*") <= 1 and "\0" not in glob


class _Piece:
    """What stands between two stars."""

    def __init__(self, text: str) -> None:
        self.length = len(text)
        self._text = text
        pattern = "".join("(?s:.)" if each == "?" else re.escape(each) for each in text)
        self._pattern = re.compile(pattern) if "?" in text else None

    def stands_at(self, text: str, position: int) -> bool:
        if self._pattern is None:
            return text.startswith(self._text, position)
        return self._pattern.match(text, position) is not None

    def end_after(self, text: str, position: int, end: int) -> int:
        """Return where the first such piece from a position on ends; -1 when there is none."""
        if self._pattern is None:
            found = text.find(self._text, position, end)
            return found + self.length if found >= 0 else -1
        match = self._pattern.search(text, position, end)
        return match.end() if match is not None else -1


class _Glob:
    def __init__(self, glob: str) -> None:
        self._first, *self._later = (_Piece(text) for text in glob.split("*"))

    def holds(self, text: str) -> bool:
        if not self._first.stands_at(text, 0):
            return False
        if not self._later:
            return len(text) == self._first.length
        *middle, last = self._later
        position, end = self._first.length, len(text) - last.length
        for piece in middle:
            position = piece.end_after(text, position, end) if position <= end else -1
            if position < 0:
                return False
        return position <= end and last.stands_at(text, end)


@functools.lru_cache(maxsize=256)
def _glob_of(glob: str) -> _Glob:
    return _Glob(glob)
