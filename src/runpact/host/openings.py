"""What a fence opens, as it really stands on disk.

Knows: which folders are there, which are made so that they can be opened, where temporary files go.
Does not know: runs; what may be opened.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from runpact.host.caches import CACHES_OF_ALL, home_folder, named_caches, temporary_folders
from runpact.host.realpath import real_path
from runpact.model.confinement import CACHE_NAMES

_SHARED_MEMORY = "/dev/shm"  # noqa: S108 - named, never written by us


class Opened(NamedTuple):
    """Paths that a fence can open."""

    writable: tuple[str, ...]
    """Absolute, there, free of links."""
    private_in: str | None
    """Where a private folder for temporary files is needed, since the usual one stays closed."""


def open_paths(
    caches: Iterable[str],
    *,
    declared: Iterable[str],
    closed: Iterable[str],
    watched: Iterable[str],
    environ: Mapping[str, str],
    is_private: bool = False,
) -> Opened:
    """Return what is there of the folders that may be opened, those made that somebody named.

    Args:
        caches: Absolute paths that anyone may write.
        declared: Those of them that the contract or the caller named; made when missing.
        closed: Those that stay closed.
        watched: Folders in which those of other tools may stand, as `.pytest_cache`.
        environ: Where folders are named.
        is_private: A private folder for temporary files is needed in any case.
    """
    closed, home = set(closed), home_folder(environ)
    at_home = (os.path.join(home, ".cache"),) if home != "/" and os.path.isdir(home) else ()
    for path in (*declared, *named_caches(environ), *at_home):
        if real_path(path) not in closed:
            _make(path)
    found = [path for path in caches if path not in CACHES_OF_ALL and os.path.exists(path)]
    beside = [os.path.join(folder, name) for folder in watched for name in sorted(CACHE_NAMES)]
    found += [path for path in beside if os.path.isdir(path) and not os.path.islink(path)]
    found += [_SHARED_MEMORY] if os.path.isdir(_SHARED_MEMORY) else []
    first = next((path for path in temporary_folders(environ) if os.path.isdir(path)), None)
    return Opened(
        writable=tuple(dict.fromkeys(real_path(path) for path in found)),
        private_in=first if is_private or first in closed else None,
    )


def _make(path: str) -> None:
    """Make a folder for a cache; where that is impossible it stays closed, as it would for its program."""
    with contextlib.suppress(OSError):
        os.makedirs(path, mode=0o700, exist_ok=True)
