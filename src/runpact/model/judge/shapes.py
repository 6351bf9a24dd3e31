"""Shapes of arrays, with symbols that a whole run shares.

Knows: how symbols take their values.
Does not know: files, values of arrays.
"""

from __future__ import annotations

import re
from collections import Counter

_SYMBOL = re.compile(r"[A-Za-z_]\w*")


def is_symbol(size: int | str) -> bool:
    """Whether a size of a shape is a bare symbol, as in `N`."""
    return isinstance(size, str) and _SYMBOL.fullmatch(size) is not None


class Symbols:
    """Values of the symbols of a run.

    A symbol has the value that most arrays give it, so that the one array that differs has the fault.
    """

    def __init__(self, fixed: dict[str, int]) -> None:
        """Begin with the values that documents fix."""
        self._fixed = dict(fixed)
        self._seen: dict[str, Counter[int]] = {}
        self._first: dict[tuple[str, int], str] = {}

    def see(self, symbol: str, value: int, place: str) -> None:
        """Note that an array gives a symbol a value."""
        self._seen.setdefault(symbol, Counter())[value] += 1
        self._first.setdefault((symbol, value), place)

    def values(self) -> dict[str, int]:
        """Return the value of every symbol that has one."""
        voted = {symbol: counter.most_common(1)[0][0] for symbol, counter in self._seen.items()}
        return {**voted, **self._fixed}

    def told_by(self, symbol: str) -> str:
        """Return where a symbol's value comes from."""
        if symbol in self._fixed:
            return "the contract's dimensions"
        value = self.values().get(symbol)
        return self._first.get((symbol, value), "") if value is not None else ""
