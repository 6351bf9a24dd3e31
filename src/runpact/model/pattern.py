"""Regular expressions from a contract, matched in bounded time.

Knows: which constructs are refused, which of a pattern's parts compete for the same characters, and how much
of a text they can be tried on.
Does not know: where patterns or texts come from.

The engine of Python tries every way to part a text among repetitions that compete, as in `a*a*a*b`. How
many ways there are is counted beforehand, for each text; a text with too many of them is matched by a slower
engine whose time grows with the text alone, and one that is too long for that is not matched at all.
"""

from __future__ import annotations

import functools
import re
import warnings

from runpact.model.automaton import MOST_STATES, Automaton, size_of
from runpact.model.regextree import competing, tree_of

_MAX_LENGTH = 500
_UNSAFE = re.compile(r"\\[1-9]|\(\?[P<=!>(]|[+*}]\)?[+*{]|\)[+*{]")
"""Backreferences, look-around, conditions, and a repetition of something repeated."""
MOST_STEPS = 1 << 27
"""Most steps for all texts that one matcher sees; some hundredths of a second for each million."""
_FREE = 8
"""Ways to part a text that cost too little to be counted."""
_SLOW = 128
"""How much longer a step of the slower engine takes."""


class UnsafePatternError(ValueError):
    """A regular expression is broken or may never end; the message says which."""


class CostlyMatchError(ValueError):
    """A text is too long for its pattern; the message says so."""


class Pattern:
    """A regular expression that is matched against whole texts."""

    def __init__(self, source: str) -> None:
        """Compile it.

        Raises:
            re.error, OverflowError, RecursionError: It is broken.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("error", FutureWarning)  # what may mean something else soon is refused
            self._compiled = re.compile(source)
        self.source = source
        self.groups = self._compiled.groups
        self._tree = tree_of(source)
        self._competing = competing(self._tree)
        self._size = size_of(self._tree)

    def matcher(self) -> Matcher:
        """Return what matches texts one after the other; what they cost together is bounded."""
        return Matcher(self)

    def fullmatch(self, text: str) -> tuple[str, ...] | None:
        """Return the whole text and its groups, empty where they took no part; None when it does not match.

        Raises:
            CostlyMatchError: The text is too long for the pattern.
        """
        return self.matcher().fullmatch(text)

    @property
    def has_competition(self) -> bool:
        """Whether any of its parts compete for the same characters."""
        return bool(self._competing)

    def costs(self, text: str) -> tuple[int, int]:
        """Return what a text may cost the fast engine and the slow one; nothing where that is little."""
        ways = self._ways(text)
        if ways <= _FREE:
            return 0, 0
        fast = len(text) * ways
        return fast, fast if self._size > MOST_STATES else (len(text) + 1) * self._size * _SLOW

    def slow(self, text: str) -> tuple[str, ...] | None:
        """Match by the engine whose time grows with the text alone."""
        return self._automaton.fullmatch(text)

    def fast(self, text: str) -> tuple[str, ...] | None:
        """Match by the engine of Python."""
        found = self._compiled.fullmatch(text)
        return None if found is None else (found[0], *(group or "" for group in found.groups()))

    def _ways(self, text: str) -> int:
        """Return how many ways there may be to part a text among what competes for it."""
        ways = 1
        for each in self._competing:
            ways *= each.ways(text)
            if ways > MOST_STEPS:
                break
        return ways

    @functools.cached_property
    def _automaton(self) -> Automaton:
        return Automaton(self._tree, self.groups)


class Matcher:
    """Matches texts against a pattern, and stops before they cost too much."""

    def __init__(self, pattern: Pattern) -> None:
        """Store the pattern; nothing is spent yet."""
        self.pattern = pattern
        self._left = MOST_STEPS

    def fullmatch(self, text: str) -> tuple[str, ...] | None:
        """Return what `Pattern.fullmatch` does.

        Raises:
            CostlyMatchError: The texts so far are too long for the pattern.
        """
        if not self.pattern.has_competition:
            return self.pattern.fast(text)
        fast, slow = self.pattern.costs(text)
        self._left -= min(fast, slow)
        if self._left < 0:
            message = f"a text of {len(text):,} characters is too long for `{self.pattern.source[:80]}`"
            raise CostlyMatchError(message)
        return self.pattern.fast(text) if fast <= slow else self.pattern.slow(text)


@functools.lru_cache(maxsize=1024)
def compile_pattern(source: str) -> Pattern:
    """Return a compiled regular expression.

    Raises:
        UnsafePatternError: It is too long, broken, or may never end.
    """
    if len(source) > _MAX_LENGTH or _UNSAFE.search(source):
        raise UnsafePatternError("the regular expression may never end")
    try:
        return Pattern(source)
    except (re.error, OverflowError, RecursionError, FutureWarning, ValueError) as error:
        message = f"the regular expression is broken: {error}"
        raise UnsafePatternError(message) from error
