"""What the command of a run may do.

Knows: which folders of a run, its workspace and this machine a fence opens.
Does not know: how a fence is put up; what became of it (`confine` records that).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping

from runpact.disk.layout import CACHE
from runpact.host.openings import open_paths
from runpact.host.reach import demand, reachable
from runpact.host.realpath import real_path
from runpact.model.confinement import DECLARED, W1, W2, W3, Fence, Wanted
from runpact.verbs.opened import OpenRun

_NESTED_GAP = (
    "the folders that runs stand in were open, since the command makes runs: other runs are not held"
)


def demand_reach(wanted: Wanted, *, environ: Mapping[str, str]) -> None:
    """Make sure that what a caller demands of the fence can be enforced, before anything is created.

    Raises:
        ConfinementError: It cannot; less was not accepted.
    """
    if wanted.least > W1:
        fence = Fence(level=wanted.level, least=wanted.least, has_network=wanted.has_network)
        demand(fence, reachable(wanted.level, environ))


def fence_of(
    run: OpenRun, wanted: Wanted, *, readable: Iterable[str] = (), environ: Mapping[str, str]
) -> Fence:
    """Return what a command of this run may do, for `host.child.run_child`.

    Keep what it answers in `run.enforced` and `run.wanted`, so that `settle_confinement` can record it.
    Declared caches, the run's places and the usual cache folder are made when they are missing: what
    is not there cannot be opened.

    Args:
        run: An open run that is held.
        wanted: What the caller asks for.
        readable: Absolute paths that may be read, where only what is declared may.
        environ: The environment of the command.
    """
    held = run.held
    if held is None or wanted.level < W2:
        return Fence(level=wanted.level)
    openings = held.territory.openings(held.caches)
    run.writer.make_places(openings.own)
    opened = open_paths(
        (*openings.caches, posixpath.join(run.root, CACHE), *(held.homes if wanted.is_nested else ())),
        declared=openings.declared,
        closed=openings.closed,
        watched=held.watched,
        environ=environ,
        is_apart=wanted.level >= W3,
    )
    gaps = [f"the cache `{glob}` opens all of its folder" for glob in openings.wide]
    gaps += [_NESTED_GAP] * wanted.is_nested
    return Fence(
        level=wanted.level,
        least=wanted.least,
        writable=(*openings.own, *opened.writable),
        readable=(*openings.own, *opened.writable, *map(real_path, readable))
        if wanted.reads == DECLARED
        else None,
        has_network=wanted.has_network,
        private_in=opened.private_in,
        shown=held.watched,
        closed=openings.closed,
        gaps=tuple(gaps),
    )
