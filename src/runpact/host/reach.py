"""Which level of confinement can be enforced here.

Knows: what each level needs, and how it is proven.
Does not know: runs; what is fenced.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from typing import NamedTuple

from runpact.host import landlock
from runpact.host.selftest import TEMPORARY, is_proven
from runpact.host.spawn import devices, start_restricted
from runpact.model.confinement import W1, W2, W3, Fence
from runpact.model.errors import ConfinementError


class Reach(NamedTuple):
    """The highest level that can be enforced here, up to the one asked for."""

    level: str
    abi: int = 0
    why: str = ""
    """Why it is not the one asked for."""
    tool: str = ""
    """The program that makes namespaces."""

    def meets(self, fence: Fence) -> bool:
        """Whether it is as much as a fence needs at least."""
        if fence.least <= W1:
            return True
        if self.level >= W3:
            return True
        is_whole = self.abi >= landlock.WHOLE and (fence.has_network or self.abi >= landlock.TCP_SINCE)
        return self.level >= fence.least and is_whole


def reachable(level: str, environ: Mapping[str, str]) -> Reach:
    """Return the level that can be enforced here, up to `level`; proven, not assumed.

    Args:
        level: One of `model.confinement.LEVELS`.
        environ: Where folders for temporary files and caches are looked up.
    """
    if level <= W1:
        return Reach(level)
    version = landlock.abi()
    if version < landlock.OLDEST:
        return Reach(W1, version, _why_none(version))
    if not is_proven(W2, version, start=_attack, environ=environ):
        return Reach(W1, version, "the kernel's Landlock let an attack pass, so it is not counted on")
    if level == W2:
        return Reach(W2, version)
    from runpact.host.isolate import bubblewrap  # noqa: PLC0415 - most commands are not isolated

    tool = bubblewrap(environ)
    if tool is None:
        return Reach(W2, version, "the program `bwrap` (bubblewrap) is not on PATH")
    if not is_proven(W3, version, tool=tool, start=_attack, environ=environ):
        return Reach(W2, version, "namespaces cannot be made here, or let an attack pass")
    return Reach(W3, version, tool=tool)


def _why_none(version: int) -> str:
    if version == 0:
        return "this kernel has no Landlock (Linux 5.19 or newer), or it is hidden from this container"
    return f"this kernel's Landlock is too old (ABI {version}): nothing could be moved between folders"


def demand(fence: Fence, reach: Reach) -> None:
    """Refuse to go on where a fence needs more than can be enforced here.

    Raises:
        ConfinementError: It does.
    """
    if not reach.meets(fence):
        raise ConfinementError(
            f"confinement {fence.least} cannot be enforced here",
            expected=fence.least if fence.has_network else f"{fence.least} without network",
            got=f"{reach.level}, Landlock ABI {reach.abi}",
            hint=f"{reach.why or 'this kernel is too old for that'}; nothing was started",
        )


def _attack(argv: tuple[str, ...], inside: str, tool: str) -> int:
    """Run a command fenced into one folder; what it prints is dropped."""
    rules = landlock.Rules(writable=(inside,), devices=devices())
    if tool:
        from runpact.host.isolate import Isolation, start_isolated  # noqa: PLC0415 - most commands are not isolated

        folder = os.path.dirname(inside)
        own = os.path.join(folder, TEMPORARY)
        isolation = Isolation(rules, temporary=own, shown=(folder,), program=tool)
        child = start_isolated(argv, isolation, _silent, cwd=inside).process
        return child.wait()
    child, fault = start_restricted(rules, lambda: _silent(list(argv), ()), is_strict=True)
    return child.wait() if not fault else 1


def _silent(argv: list[str], kept: tuple[int, ...]) -> subprocess.Popen[bytes]:
    silent = subprocess.DEVNULL
    return subprocess.Popen(argv, pass_fds=kept, stdin=silent, stdout=silent, stderr=silent)
