"""What a command did to files, told call by call.

Knows: which calls say that something was read, written or refused.
Does not know: where they were seen, how they are written down.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

_COMPILED = re.compile(r"(.*/)__pycache__/([^/.]+)\.[^/]*\.pyc")
_Key = TypeVar("_Key")
REFUSALS = frozenset({"EACCES", "EPERM", "EROFS", "EXDEV"})
"""Errors that a fence answers with."""
MOST_PATHS = 20_000
"""Paths kept of one trace."""


class Access(NamedTuple):
    """One call on one path."""

    call: str
    path: str
    """Absolute; free of links when the call told so."""
    is_write: bool
    error: str = ""
    """Name of the error; empty when it was done."""


class Trace:
    """The distinct accesses of a command: whether each was refused, by path and call."""

    def __init__(self, most: int | None = None) -> None:
        """Begin with none, and with room for so many paths."""
        self._most = most or MOST_PATHS
        self.reads: dict[str, bool] = {}
        self.writes: dict[tuple[str, str], bool] = {}
        self.is_complete = True
        """There was room for all of them."""

    def add(self, accesses: Iterable[Access]) -> None:
        """Keep what was done or refused; what failed for another reason touched nothing."""
        for access in accesses:
            if access.error and access.error not in REFUSALS:
                continue
            if access.is_write:
                self._keep(self.writes, (access.path, access.call), is_refused=bool(access.error))
            else:
                self._keep(self.reads, access.path, is_refused=bool(access.error))

    def _keep(self, kept: dict[_Key, bool], key: _Key, *, is_refused: bool) -> None:
        if key not in kept and len(kept) >= self._most:
            self.is_complete = False
            return
        kept[key] = kept.get(key, True) and is_refused

    def undeclared(self, is_declared: Callable[[str], bool]) -> tuple[str, ...]:
        """Return the files that were read, or refused, without being declared; sorted.

        A compiled module stands for its source.
        """
        return tuple(sorted({path for path in map(_source_of, self.reads) if not is_declared(path)}))

    def written(self, is_free: Callable[[str, bool], bool]) -> tuple[tuple[str, str, bool], ...]:
        """Return path, call and whether it was refused, of the writes where none should be; sorted.

        Args:
            is_free: Whether a path may be written, or a refusal there is of no interest.
        """
        told = ((path, call, refused) for (path, call), refused in self.writes.items())
        return tuple(sorted(each for each in told if not is_free(each[0], each[2])))


def _source_of(path: str) -> str:
    found = _COMPILED.fullmatch(path)
    return f"{found[1]}{found[2]}.py" if found else path
