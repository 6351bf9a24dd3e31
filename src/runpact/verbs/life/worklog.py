"""Tell the log of all runs what happens in one.

Knows: which events belong there, and that a log that cannot be written keeps no run from its work.
Does not know: how lines reach the file.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping

from runpact.disk.surroundings import CommonLog
from runpact.host import clock
from runpact.model.contract.language import Contract, Kind
from runpact.model.contract.surroundings import WorkspaceLog
from runpact.model.errors import RunpactError
from runpact.model.recordmasker import RecordMasker
from runpact.model.run import Outcome, RunRecord, State
from runpact.model.variables import run_variables
from runpact.model.worklog import LEVELS, is_said, is_wanted, level_of, log_line

_STAGE = "stage"


class WorkLog:
    """What one run tells the log of all runs."""

    def __init__(self, log: CommonLog, record: RunRecord, *, least: str, masker: RecordMasker) -> None:
        """Store the log and whose lines it gets; `begin_worklog` makes one.

        Args:
            log: Of the workspace.
            record: Of the run.
            least: Level that lines begin at.
            masker: Masks what a failure says.
        """
        self._log = log
        self._least = least
        self._masker = masker
        self._topic = _STAGE if record.stage is not None else record.kind
        self._whose: dict[str, object] = {"run_id": record.id, "kind": record.kind}
        if record.stage is not None:
            self._whose |= {"experiment": record.captures, "stage": record.stage, "attempt": record.attempt}
        self.refusal: str | None = None
        """Why a line could not be written; None while all could."""
        self.failure: str | None = None
        """The traceback of the exception that the run ends with."""

    def began(self, record: RunRecord) -> None:
        """Write that the run started."""
        message = f"run {record.id} started"
        self._tell(record.started, "INFO", f"{self._topic}.start", message, {"uid": record.uid})

    def said(self, moment: str, event: str, fields: Mapping[str, object]) -> None:
        """Write an event of the program; its fields `level` and `message` are those of the line."""
        others = {key: value for key, value in fields.items() if key not in {"level", "message"}}
        message = fields.get("message")
        self._tell(
            moment, level_of(fields.get("level")), event, message if isinstance(message, str) else "", others
        )

    def forwarded(self, events: Iterable[Mapping[str, object]]) -> None:
        """Write what the processes of the run's command said, which do not write here themselves."""
        for entry in events:
            event = entry.get("event")
            if isinstance(event, str) and is_said(event):
                fields = {key: entry[key] for key in entry if key not in {"seq", "time", "event", "crc"}}
                self.said(str(entry.get("time", "")), event, fields)

    def ended(self, outcome: Outcome, *, status: str) -> None:
        """Write how the run ended: that it failed, if it did, and in any case that it is done."""
        elapsed = {"status": status, "elapsed_ms": round(outcome.duration_seconds * 1000, 3)}
        if outcome.state is not State.FINISHED:
            told = {"error": outcome.error, "exit_code": outcome.exit_code, "signal": outcome.signal}
            told |= {"traceback": self._masker.text("error", self.failure) if self.failure else None}
            message = f"run {self._whose['run_id']} {outcome.state.value}: {outcome.error or 'no reason'}"
            known = {key: value for key, value in told.items() if value is not None}
            self._tell(outcome.ended, "ERROR", f"{self._topic}.failed", message, {**elapsed, **known})
        message = f"run {self._whose['run_id']} ended"
        self._tell(outcome.ended, "INFO", f"{self._topic}.done", message, elapsed)
        self._log.close()

    def _tell(self, moment: str, level: str, event: str, message: str, fields: Mapping[str, object]) -> None:
        if not is_wanted(level, self._least):
            return
        line = log_line(moment or clock.now(), level, event, message, {**fields, **self._whose})
        try:
            self._log.append(line)
        except RunpactError as error:
            self.refusal = self.refusal or f"the log of all runs lacks a line: {error.message}"


def begin_worklog(
    root: str, contract: Contract, record: RunRecord, kind: Kind, masker: RecordMasker
) -> WorkLog | None:
    """Return what a run tells the log of all runs, with its first line written; None where there is no log.

    Args:
        root: Absolute data root.
        contract: Names the log, and the level that it begins at.
        record: Of the run.
        kind: The run's.
        masker: Masks what a failure says.
    """
    wanted = contract.workspace.shared_log
    if wanted is None:
        return None
    log = CommonLog(posixpath.join(root, wanted.file))
    worklog = WorkLog(log, record, least=_least(wanted, record, kind), masker=masker)
    worklog.began(record)
    return worklog


def _least(wanted: WorkspaceLog, record: RunRecord, kind: Kind) -> str:
    """Return the level that lines begin at; what cannot be told means the usual one."""
    if wanted.level in LEVELS:
        return wanted.level
    from runpact.model.expression import Scope  # noqa: PLC0415 - a level that is a word needs no expressions

    state = State.RUNNING
    said = run_variables(record, state, kind.state_words.get(state.value, state.value))
    return level_of(Scope({"run": said}).written(wanted.level))
