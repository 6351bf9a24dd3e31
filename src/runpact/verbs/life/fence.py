"""What the command of a run may do.

Knows: which folders of a run, its workspace and this machine a fence opens.
Does not know: how a fence is put up; what became of it (`confine` records that).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, MutableMapping

from runpact.disk.layout import CACHE
from runpact.host.fence import fence_this_process
from runpact.host.openings import open_paths
from runpact.host.reach import demand, reachable
from runpact.host.realpath import real_path
from runpact.model.confinement import DECLARED, W1, W2, W3, Fence, Stray, Wanted
from runpact.model.territory import is_below
from runpact.verbs.life.nest import CONFINEMENT
from runpact.verbs.life.opened import OpenRun, Traced

_NESTED_GAP = (
    "the folders that runs stand in were open, since the command makes runs: other runs are not held"
)


def demand_reach(wanted: Wanted, *, environ: Mapping[str, str]) -> None:
    """Make sure that what a caller demands of the fence can be had, before anything is created.

    Raises:
        ConfinementError: It cannot be enforced; less was not accepted.
        CannotStartError: The command is to be traced and there is nothing to trace it with.
    """
    if wanted.is_traced:
        from runpact.host.strace import strace_program  # noqa: PLC0415 - only a traced command pays for it

        strace_program(environ)
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
        readable: Absolute paths that were declared to be read.
        environ: The environment of the command.
    """
    held = run.held
    declared = tuple(map(real_path, readable))
    if held is None or (wanted.level < W2 and not wanted.is_traced):
        reads = declared if wanted.reads == DECLARED else None
        return Fence(level=wanted.level, readable=reads, has_network=wanted.has_network)
    openings = held.territory.openings(held.caches)
    run.writer.make_places(openings.own)
    opened = open_paths(
        (*openings.caches, posixpath.join(run.root, CACHE), *(held.homes if wanted.is_nested else ())),
        declared=openings.declared,
        closed=openings.closed,
        watched=held.watched,
        environ=environ,
        is_private=wanted.level >= W3 or wanted.is_traced,
    )
    gaps = [f"the cache `{glob}` opens all of its folder" for glob in openings.wide]
    gaps += [_NESTED_GAP] * wanted.is_nested
    return Fence(
        level=wanted.level,
        least=wanted.least,
        writable=(*openings.own, *opened.writable),
        readable=(*openings.own, *opened.writable, *declared) if wanted.reads == DECLARED else None,
        has_network=wanted.has_network,
        private_in=opened.private_in,
        shown=(*held.watched, *declared),
        closed=openings.closed,
        traced=_calls() if wanted.is_traced else (),
        gaps=tuple(gaps),
    )


def _calls() -> tuple[str, ...]:
    from runpact.formats.stracelog import CALLS  # noqa: PLC0415 - only a traced command pays for it

    return CALLS


def note_trace(
    run: OpenRun,
    argv: tuple[str, ...],
    lines: Iterable[str],
    *,
    readable: Iterable[str],
    cwd: str,
    environ: Mapping[str, str],
) -> None:
    """Keep what the command was seen to write outside, and to read without its being declared.

    Args:
        run: An open run that is held.
        argv: Its command.
        lines: What strace wrote.
        readable: Absolute paths that were declared.
        cwd: Absolute directory that the command ran in.
        environ: Its environment.
    """
    from runpact.formats.stracelog import read_accesses  # noqa: PLC0415 - only a traced command pays for it
    from runpact.host.toolchain import toolchain  # noqa: PLC0415 - only a traced command pays for it
    from runpact.model.trace import Trace  # noqa: PLC0415 - only a traced command pays for it

    held = run.held
    if held is None:
        return
    territory, trace = held.territory, Trace()
    trace.add(read_accesses(lines, cwd=real_path(cwd)))
    declared = tuple(real_path(path) for path in (*readable, *toolchain(argv[0], environ)))
    run.traced = Traced(
        writes=tuple(
            Stray(path=territory.shown(path), action=call, seen_by="trace", refused=refused)
            for path, call, refused in trace.written(
                lambda path, refused: territory.ignores(path) if refused else territory.allows(path)
            )
        ),
        undeclared=tuple(
            territory.shown(path)
            for path in trace.undeclared(lambda path: is_below(path, declared) or territory.allows(path))
        ),
        is_complete=trace.is_complete,
    )


def fence_process(run: OpenRun, wanted: Wanted, *, environ: MutableMapping[str, str]) -> None:
    """Restrict this process, the calling thread and all that it will start, to an open run for good.

    Args:
        run: An open run that is held.
        wanted: What the caller asks for.
        environ: The environment of this process.

    Raises:
        ConfinementError: What is demanded at least cannot be enforced.
    """
    run.wanted = wanted.level
    run.enforced = fence_this_process(fence_of(run, wanted, environ=environ), environ)
    if run.enforced.level >= W2:
        environ[CONFINEMENT] = run.enforced.level
