"""Regular expressions from a contract, from a subset that always ends soon.

Knows: which constructs can take exponential time.
Does not know: what is matched.
"""

from __future__ import annotations

import functools
import re

_MAX_LENGTH = 500
_UNSAFE = re.compile(r"\\[1-9]|\(\?[P<=!]|[+*}]\)?[+*{]|\)[+*{]")
"""Backreferences, look-around, and a repetition of something repeated."""


class UnsafePatternError(ValueError):
    """A regular expression is broken or may never end; the message says which."""


@functools.lru_cache(maxsize=1024)
def compile_pattern(source: str) -> re.Pattern[str]:
    """Return a compiled regular expression, to be used with `fullmatch`.

    Raises:
        UnsafePatternError: It is too long, broken, or may never end.
    """
    if len(source) > _MAX_LENGTH or _UNSAFE.search(source):
        raise UnsafePatternError("the regular expression may never end")
    try:
        return re.compile(source)
    except (re.error, OverflowError) as error:
        message = f"the regular expression is broken: {error}"
        raise UnsafePatternError(message) from error
