"""What stands in a workspace, and how that differs from what stood there before.

Knows: which paths are nobody's concern: caches, version control.
Does not know: how files are listed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from runpact.model.confinement import is_cache_name
from runpact.model.template import compile_glob

_UNCONCERNED = frozenset({".git", ".runpact-cache"})

Stamp = tuple[int, ...]
"""Tells a file from what stood there before, unread."""


def concern(free: Iterable[str]) -> Callable[[str], bool]:
    """Return what says whether a path is to be looked at.

    Args:
        free: Further globs that may change, relative to the workspace.
    """
    globs = tuple(map(compile_glob, free))

    def is_of_concern(path: str) -> bool:
        name = path.rpartition("/")[2]
        is_free = name in _UNCONCERNED or is_cache_name(name)
        return not is_free and not any(glob.fullmatch(path) for glob in globs)

    return is_of_concern


def differences(before: Mapping[str, Stamp], after: Mapping[str, Stamp]) -> list[str]:
    """Return what was made, changed and removed, a line each, sorted by path."""
    told = dict.fromkeys(after.keys() - before.keys(), "was made")
    told |= dict.fromkeys(before.keys() - after.keys(), "was removed")
    told |= {path: "was changed" for path in before.keys() & after.keys() if before[path] != after[path]}
    return [f"`{path}` {word}" for path, word in sorted(told.items())]
