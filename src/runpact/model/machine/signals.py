"""Lifecycle signals: one line of JSON when a request begins, one when it ends.

Knows: the fields of a line, and what the lines of a file tell about each request.
Does not know: the file, the clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from runpact.model.machine.answer import Answer, encode
from runpact.model.machine.application import SCHEMA_VERSION

STARTED = "SESSION_STARTED"
COMPLETED = "SESSION_COMPLETED"
FAILED = "SESSION_FAILED"

RUNNING, SUCCESS, ERROR, UNKNOWN = "running", "success", "error", "unknown"
STATUS = {STARTED: RUNNING, COMPLETED: SUCCESS, FAILED: ERROR}
NO_MODE = "unknown"
"""Mode of what was no request."""

OF_RESULT = (
    *("run_id", "session_id", "artifacts_path", "report_path", "summary"),
    *("runs_index_root", "runs_index_csv", "runs_index_json", "runs_index_md"),
)
"""Keys of a result that the line of an end repeats."""


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """What all lines of one request share."""

    mode: str
    """The command that was asked for; `unknown` when nothing could be told."""
    request_id: str | None
    invocation: str
    """Tells the lines of one process from those of others in the same file."""


def signal_line(event: str, moment: Moment, timestamp: str, /, **fields: object) -> bytes:
    """Return one line, with its newline.

    Args:
        event: `SESSION_STARTED`, `SESSION_COMPLETED` or `SESSION_FAILED`.
        moment: Whose it is.
        timestamp: RFC 3339, UTC.
        fields: What the event has besides; values that are no JSON are told as text.
    """
    common = {
        "schema_version": SCHEMA_VERSION,
        "event": event,
        "status": STATUS[event],
        "timestamp": timestamp,
        "mode": moment.mode,
        "request_id": moment.request_id,
        "invocation": moment.invocation,
    }
    more = {name: value for name, value in fields.items() if name not in common}
    return encode(common | more, str) + b"\n"


def failed_fields(answer: Answer, word: str = "", reason: str = "") -> dict[str, object]:
    """Return what a line of a bad end says besides.

    Args:
        answer: Of the command.
        word: Of what sort it is, where it is no error and still no success.
        reason: Why; by default what its result gives as `reason`.
    """
    failure = answer.error
    if failure is not None:
        told = {"error_type": failure.type, "error_code": failure.code, "message": failure.message}
    else:
        given = answer.result.get("reason") if isinstance(answer.result, Mapping) else None
        message = reason or (given if isinstance(given, str) else "") or "the answer is no success"
        told = {"error_type": word, "error_code": "failure", "message": message}
    return {"exit_code": answer.exit_code, **told}


def completed_fields(result: object) -> dict[str, object]:
    """Return what the line of an end takes over from a result."""
    if not isinstance(result, Mapping):
        return {}
    return {name: result[name] for name in OF_RESULT if result.get(name) is not None}


class Signalled(msgspec.Struct, frozen=True, kw_only=True):
    """What the lines of a file tell about one request."""

    status: str
    """`success`, `error`, or `unknown`: it never said how it ended, so it may be running or gone."""
    mode: str
    request_id: str | None
    started: str | None
    """When it began; None for what was no request."""
    ended: str | None
    fields: dict[str, object]
    """All that its last line says."""


def read_lines(lines: Iterable[bytes]) -> tuple[Signalled, ...]:
    """Return what lines tell of each request, the first heard of first; other lines are passed over."""
    heard: dict[str, list[dict[str, object]]] = {}
    for number, line in enumerate(lines):
        fields = _fields(line)
        if fields is not None:
            heard.setdefault(str(fields.get("invocation", number)), []).append(fields)
    return tuple(_signalled(each) for each in heard.values())


def _fields(line: bytes) -> dict[str, object] | None:
    try:
        fields = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    is_signal = isinstance(fields, dict) and fields.get("event") in STATUS
    return fields if is_signal else None


def _signalled(lines: list[dict[str, object]]) -> Signalled:
    begun = next((each for each in lines if each["event"] == STARTED), None)
    over = next((each for each in lines if each["event"] != STARTED), None)
    last = over or lines[0]
    return Signalled(
        status=STATUS[str(over["event"])] if over else UNKNOWN,
        mode=str(last.get("mode", NO_MODE)),
        request_id=None if last.get("request_id") is None else str(last["request_id"]),
        started=None if begun is None else str(begun.get("timestamp")),
        ended=None if over is None else str(over.get("timestamp")),
        fields=last,
    )
