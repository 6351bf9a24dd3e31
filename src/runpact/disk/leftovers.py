"""Temporary files that stayed behind outside runs.

Knows: how the temporary file of a replacement is called.
Does not know: whether its writer lives.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

_TEMPORARY = re.compile(r"(?P<name>.+)\.tmp-(?P<pid>[0-9]{1,10})")


class Leftover(NamedTuple):
    """One of them."""

    path: str
    """Absolute."""
    pid: int
    changed: float
    """Seconds since 1970."""


def temporaries_in(folder: str, names: Collection[str]) -> Iterator[Leftover]:
    """Yield the files in a folder that were to take the place of one of these names."""
    try:
        found = sorted(os.listdir(folder))
    except OSError:
        return
    for name in found:
        match = _TEMPORARY.fullmatch(name)
        if match is not None and match["name"] in names:
            path = posixpath.join(folder, name)
            try:
                changed = os.lstat(path).st_ctime
            except OSError:
                continue
            yield Leftover(path, int(match["pid"]), changed)
