"""Write into a run from the processes of its command.

Knows: how such a process finds its run, and what the process that seals it takes over.
Does not know: how processes take turns.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import posixpath
import sys
from collections.abc import Iterable, Mapping
from types import TracebackType

from runpact.disk.layout import CONTRACT, RunPaths
from runpact.disk.reader import read_run
from runpact.disk.sharedlog import AttachedWriter
from runpact.disk.storedlog import StoredLog
from runpact.host import clock
from runpact.model.contract.language import Kind
from runpact.model.errors import RunpactError, UsageError
from runpact.model.evidence.announced import announced_in
from runpact.model.frames import logged_frames
from runpact.model.inputs import inputs_of
from runpact.model.recovery import labels_of
from runpact.model.reproduction import STARTED
from runpact.model.run import RunRecord, Standing, State
from runpact.model.session.lifecycle import BEAT
from runpact.verbs.capturing.mask import find_secrets, marked_settings, outer_config, patterns_in
from runpact.verbs.contracts.load_contract import load_copy
from runpact.verbs.life.active import ActiveRun
from runpact.verbs.life.inputs import settle_inputs
from runpact.verbs.life.nest import DIRECTORY, ROOT, UID, outer_in
from runpact.verbs.life.opened import KeptInput, OpenRun


class AttachedRun(ActiveRun):
    """The run of the command that this process belongs to; the process that started it seals it."""

    def finish(self, state: State = State.FINISHED, *, error: str | None = None) -> Standing:
        """Refuse: a run is sealed by the process that started it.

        Raises:
            UsageError: Always.
        """
        del state, error
        raise UsageError(
            "the run is not this process's to seal",
            expected="the end of the command",
            hint="`runpact run` seals it when the command ends",
        )

    def beat(self) -> None:
        """Log that the session is alive; its document is written by the process that started it alone."""
        self.note(BEAT)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Do nothing: the end of a block is not the end of the command."""


def attached_run(environ: Mapping[str, str]) -> AttachedRun | None:
    """Return the run of the command that this process belongs to; None outside one.

    It is opened once a process; a run that has ended meanwhile refuses what is written to it.
    """
    uid, directory = environ.get(UID, ""), environ.get(DIRECTORY, "")
    if not uid or not directory:
        return None
    with contextlib.suppress(LookupError):
        return _attach(uid, directory, environ.get(ROOT, ""))
    return None


@functools.lru_cache(maxsize=4)
def _attach(uid: str, directory: str, root: str) -> AttachedRun:
    outer = outer_in({UID: uid, DIRECTORY: directory}, root="/")
    record = read_run(outer.directory).record if outer is not None else None
    if outer is None or record is None:
        raise LookupError(uid)
    events = _events(outer.directory, record)
    if not any(event.get("event") == STARTED for event in events):
        raise LookupError(uid)
    loaded = load_copy(posixpath.join(outer.directory, CONTRACT))
    kind = loaded.contract.kinds.get(record.kind, Kind(at=""))
    told = outer_config(os.environ)
    config = told if isinstance(told, dict) else record.provenance.config.resolved
    writer = AttachedWriter(RunPaths(outer.directory, record.records), is_durable=record.durability != "none")
    run = AttachedRun(
        writer,
        record,
        kind,
        root=root or posixpath.dirname(outer.directory),
        began=clock.monotonic(),
        config=config,
        masker=find_secrets(
            os.environ,
            (*loaded.contract.workspace.secrets, *patterns_in(os.environ)),
            config=config,
            command=tuple(sys.orig_argv),
            marked=marked_settings(kind, config, loaded.schemas),
        ),
    )
    run.announced = announced_in(os.environ)
    _remember_inputs(run, events)
    atexit.register(_settle, run, os.getpid())
    return run


def _remember_inputs(run: AttachedRun, events: Iterable[Mapping[str, object]]) -> None:
    """Take over the inputs that the log names, so that none is named twice."""
    for each in inputs_of(events):
        place = posixpath.join(run.root, each.path) if each.path else ""
        run.inputs[each.name] = KeptInput(each, place, ())
        run.input_at.setdefault(place, each.name)


def _settle(run: AttachedRun, pid: int) -> None:
    """Compare this process's inputs when it ends; the one that seals could only hash them all again."""
    own = {name: kept for name, kept in run.inputs.items() if kept.stamp}
    if own and pid == os.getpid() and run.writer.is_open:
        run.inputs = own
        with contextlib.suppress(RunpactError):
            settle_inputs(run)


def adopt(run: OpenRun) -> None:
    """Take over what the processes of the command wrote; afterwards none of them may write any more.

    Raises:
        StorageError: The logs cannot be read.
    """
    before = run.writer.events.count
    if not run.writer.adopt_logs():
        return
    events = _events(run.dir, run.record)[before:]
    if run.worklog is not None:
        run.worklog.forwarded(events)
    run.labels |= labels_of(events)
    for frame in logged_frames(events).values():
        run.frames.setdefault(frame.about, {})[frame.path] = frame.frame
    run.adopted = tuple(each for each in inputs_of(events) if each.name not in run.inputs)


def _events(directory: str, record: RunRecord) -> tuple[dict[str, object], ...]:
    return tuple(StoredLog(directory, record.records["events"]).entries())
