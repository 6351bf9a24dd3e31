"""Keep a run's writes inside, and say how well that went.

Knows: which folders a run may write, when guard and comparison are at work.
Does not know: how a write is noticed.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from runpact.disk.layout import ASIDE, CACHE, LEDGER, NOTES, TRASH
from runpact.host.caches import cache_folders, home_folder, temporary_folders
from runpact.host.guard import Guard, uncounted_starters
from runpact.host.realpath import real_path
from runpact.host.watch import Changes, changes_since, moment_of, output_files, repository_above
from runpact.model.confinement import (
    COMPARE,
    OFF,
    Enforcement,
    Stray,
    confinement_of,
    named_outside,
)
from runpact.model.contract.language import Contract
from runpact.model.contract.viewfiles import view_files
from runpact.model.territory import Territory
from runpact.verbs.finding.places import named_by, place_folders
from runpact.verbs.life.opened import Held, OpenRun

SHORTEST_COMPARED = 1.0
"""A run of this process that took fewer seconds is not compared: that would cost more than the run."""
_MOST_NAMES = 50_000
_MOST_PROGRAMS = 8
_OURS = (*(f"{folder}/**" for folder in (NOTES, CACHE, ASIDE, TRASH)), LEDGER)
_TOO_WIDE = "the home directory, or a folder as wide, was not compared"
_CUT_TRACE = "the trace named too many paths: not all of them were kept"
_WILD = re.compile(r"[*?]")
_LEAST_SECONDS, _SHARE, _MOST_SECONDS = 0.1, 0.05, 1.0
"""Time for the comparison: a share of the run's, within bounds."""


def hold(
    run: OpenRun,
    contract: Contract,
    mode: str,
    *,
    caches: Iterable[str],
    cwd: str,
    outer: str | None,
    environ: Mapping[str, str],
) -> None:
    """Begin to keep the writes of an open run inside.

    Args:
        run: The run, just published.
        contract: Says where runs stand.
        mode: One of `model.confinement.MODES`.
        caches: Globs that anyone may write.
        cwd: Absolute directory that the program works in.
        outer: Absolute directory of the run that this one is part of; it may be written too.
        environ: The environment of this process.
    """
    root, place = real_path(run.root), real_path(cwd)
    repository = repository_above(root)
    places = place_folders(run.kind, run.root, named_by(run.record)).values()
    watched = tuple(dict.fromkeys(path for path in (root, repository, place) if path))
    declared = (*caches, *contract.workspace.caches)
    territory = Territory(
        root=root,
        home=home_folder(environ),
        own=tuple(real_path(path) for path in (run.dir, outer, *places) if path),
        watched=watched,
        caches=cache_folders(environ),
        globs=(*declared, *_copies(run), *_shared(contract), *_OURS),
    )
    narrow = tuple(path for path in watched if not _is_wide(path, environ))
    run.around = watched
    run.held = Held(
        mode=mode,
        territory=territory,
        guard=Guard(territory, mode=mode),
        moment=moment_of(_nanoseconds(run.started), run.dir),
        homes=_homes(contract, root),
        roots=_outermost(narrow),
        gaps=() if narrow == watched else (_TOO_WIDE,),
        caches=declared,
        watched=watched,
    )
    run.held.guard.begin()


def discreet(run: OpenRun, text: str) -> str:
    """Return why an open run ended without the absolute paths of the writes that were refused or seen.

    A person reads the error with the whole path; the record tells it as it tells the stray.
    """
    if run.held is None or run.provenance.host is not None:
        return text
    told = {run.held.territory.shown(path) for path, _event in run.held.guard.strays}
    for path in sorted(told, key=len, reverse=True):
        text = text.replace(path, named_outside(path, around=run.around))
    return text


def settle_confinement(run: OpenRun, *, seconds: float) -> None:
    """Take the guard off, compare what is to be compared, and note how well the run was confined.

    Args:
        run: The run, about to be sealed.
        seconds: How long it was open.
    """
    held, run.held = run.held, None
    if held is None:
        return
    held.guard.end()
    compared, changes = _compare(held, seconds)
    run.writer.drop_empty_places()
    run.confinement = confinement_of(
        held.mode,
        compared=compared,
        strays=_strays(run, held, changes),
        gaps=_gaps(held, changes) + ((_CUT_TRACE,) if run.traced and not run.traced.is_complete else ()),
        wanted=run.wanted,
        enforced=_shown(run, held),
        undeclared=run.traced.undeclared if run.traced else None,
    )
    if run.left:
        run.confinement = msgspec.structs.replace(run.confinement, left_running=run.left)


def _strays(run: OpenRun, held: Held, changes: Changes | None) -> tuple[Stray, ...]:
    """Return what was written outside, each path as the first told it who saw it."""
    told = _seen_by_hook(held) + (run.traced.writes if run.traced else ())
    written = {stray.path for stray in told if not stray.refused}
    compared = _seen_by_comparison(run, held, changes)
    return (*told, *(stray for stray in compared if stray.path not in written))


def _shown(run: OpenRun, held: Held) -> Enforcement:
    """Return how the kernel held the command, with its paths as records show them."""
    enforced, shown = run.enforced, held.territory.shown
    own = {path.rstrip("/") for path in held.territory.own}
    return msgspec.structs.replace(
        enforced,
        opened=tuple(shown(path) for path in enforced.opened if path not in own),
        closed=tuple(path if _WILD.search(path) else shown(path) for path in enforced.closed),
    )


def _compare(held: Held, seconds: float) -> tuple[bool, Changes | None]:
    if held.mode == OFF or (held.mode != COMPARE and seconds < SHORTEST_COMPARED):
        return False, None
    changes = changes_since(
        held.moment,
        held.roots,
        is_free=lambda path: path in held.homes or held.territory.allows(path),
        most_names=_MOST_NAMES,
        most_seconds=min(max(_LEAST_SECONDS, _SHARE * seconds), _MOST_SECONDS),
        outputs=output_files(),
    )
    return changes.is_complete, changes


def _gaps(held: Held, changes: Changes | None) -> tuple[str, ...]:
    """Return what this run's confinement missed, beyond what its mechanisms always miss."""
    gaps = [*held.gaps]
    if held.mode == OFF:
        gaps.append("nothing was compared")
    elif changes is None:
        gaps.append(f"nothing was compared: the run took less than {SHORTEST_COMPARED:g} s")
    elif not changes.is_complete:
        gaps.append(f"the comparison stopped after {changes.looked_at} names")
    programs = held.guard.programs
    if programs:
        named = ", ".join(sorted(programs)[:_MOST_PROGRAMS])
        gaps.append(f"{sum(programs.values())} child processes were started: {named}")
    if held.guard.is_watching and (starters := uncounted_starters()):
        gaps.append(f"workers that this process started are not held and not counted: {', '.join(starters)}")
    return tuple(gaps)


def _seen_by_hook(held: Held) -> tuple[Stray, ...]:
    guard = held.guard
    strays = [
        Stray(path=held.territory.shown(path), action=event, seen_by="hook", refused=refused)
        for (path, event), refused in guard.strays.items()
    ]
    written = [
        Stray(path=held.territory.shown(path), action="changed", seen_by="hook")
        for path in guard.written_databases()
    ]
    return (*strays, *written)


def _seen_by_comparison(run: OpenRun, held: Held, changes: Changes | None) -> tuple[Stray, ...]:
    """Return the changes that the hook did not see, those on the way to the run itself apart."""
    if changes is None:
        return ()
    known = {path for (path, _event), refused in held.guard.strays.items() if not refused}
    known.update(held.guard.written_databases())
    inside = real_path(run.dir) + "/"
    removed = [path for path in changes.removed_in if not inside.startswith(f"{path.rstrip('/')}/")]
    pairs = [(path, "changed") for path in changes.changed] + [(path, "removed") for path in removed]
    return tuple(
        Stray(path=held.territory.shown(path), action=action, seen_by="comparison")
        for path, action in pairs
        if path not in known
    )


def _nanoseconds(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp() * 1_000_000) * 1000


def _homes(contract: Contract, root: str) -> frozenset[str]:
    """Return the folders that runs of each kind, and their places, stand in: other runs write there too."""
    kinds = contract.kinds.values()
    at = (*(kind.at for kind in kinds), *(place.at for kind in kinds for place in kind.places.values()))
    fixed = (each.partition("{")[0].rpartition("/")[0] for each in at)
    return frozenset(posixpath.join(root, folder) for folder in fixed if folder)


def _copies(run: OpenRun) -> tuple[str, ...]:
    """Return globs for the copies that the newest finished run of this kind leaves outside itself."""
    return tuple(re.sub(r"\{[^}]*\}", "*", latest.to) for latest in run.kind.latest)


def _shared(contract: Contract) -> tuple[str, ...]:
    """Return globs for the log of all runs and the files of registry views, which other runs write too."""
    rules = contract.workspace
    paths = (path for view in rules.indexes for path in view_files(view.files).values())
    log = (rules.shared_log.file,) if rules.shared_log else ()
    return (*log, *(glob for path in paths for glob in (path, f"{path}.tmp-*")))


def _is_wide(path: str, environ: Mapping[str, str]) -> bool:
    """Whether a folder belongs to all programs of the user rather than to a project."""
    home = home_folder(environ)
    return f"{home}/".startswith(f"{path.rstrip('/')}/") or path in temporary_folders(environ)


def _outermost(paths: Iterable[str]) -> tuple[str, ...]:
    """Return the folders that stand in no other of them."""
    chosen: list[str] = []
    for path in sorted(paths, key=len):
        if not any(path.startswith(f"{other}/") for other in chosen):
            chosen.append(path)
    return tuple(chosen)
