"""Find the run that another one is part of.

Knows: what `runpact run` tells its children, and when that is still true.
Does not know: how a run is started.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

import msgspec

from runpact.model.errors import CannotStartError
from runpact.model.run import State
from runpact.verbs.finding.standing import stand
from runpact.verbs.life.opened import OpenRun

UID, DIRECTORY, ROOT = "RUNPACT_RUN_UID", "RUNPACT_RUN_DIR", "RUNPACT_RUN_ROOT"
"""Environment variables by which a child finds the run that it works for."""
REPRODUCES = "RUNPACT_REPRODUCES"
"""Names, by its uid, the run that is being made again."""
INPUTS = "RUNPACT_INPUTS"
"""Variable with the absolute paths of what a command was given to read, as JSON, by name."""
STAGE = "RUNPACT_STAGE"
"""Variable with the id of the stage whose program a process is."""
CONFINEMENT = "RUNPACT_CONFINEMENT"
"""The level of confinement that was asked for it."""


class Outer(msgspec.Struct, frozen=True):
    """The run that a new one is part of."""

    uid: str
    directory: str
    """Absolute."""
    path: str | None
    """Relative to the workspace; None when it stands elsewhere."""
    is_attempt: bool = False
    """It is an attempt at a stage."""
    is_closed: bool | None = None
    """Its kind takes no inner runs; None when nobody looked."""


def outer_of(run: OpenRun, *, root: str) -> Outer | None:
    """Return an open run of this process as the outer one; None when it has ended."""
    if run.standing.state is not State.RUNNING:
        return None
    is_closed = run.kind.inner_runs == "refused"
    return Outer(run.uid, run.dir, _inside(run.dir, root), is_closed=is_closed)


def outer_in(environ: Mapping[str, str], *, root: str) -> Outer | None:
    """Return the run that this process is a child of; None when there is none or it has ended."""
    uid, directory = environ.get(UID, ""), environ.get(DIRECTORY, "")
    if not uid or not posixpath.isabs(directory):
        return None
    reading, standing = stand(posixpath.normpath(directory))
    if reading.record is None or reading.record.uid != uid or standing.state is not State.RUNNING:
        return None
    inside = _inside(reading.directory, root)
    return Outer(uid, reading.directory, inside, is_attempt=reading.record.stage is not None)


def outer_for_new(environ: Mapping[str, str], *, root: str) -> Outer | None:
    """Return the run that this process is a child of, for a new run of the workspace to be part of.

    Raises:
        CannotStartError: It is an attempt at a stage of this workspace; what its program makes is its own.
    """
    outer = outer_in(environ, root=root)
    if outer is not None and outer.is_attempt and outer.path is not None:
        raise CannotStartError(
            "the program of a stage makes no runs: its own is handed to it",
            at=outer.path,
            expected="`with runpact.stage() as st:`, or the variables RUNPACT_STAGE_DIR and so on",
            hint="write into the directory of the stage, or declare a stage for what is to be a run",
        )
    return outer


def _inside(directory: str, root: str) -> str | None:
    prefix = root.rstrip("/") + "/"
    return directory.removeprefix(prefix) if directory.startswith(prefix) else None
