"""What is seen of a session from outside: its records, its document, whether it lives.

Knows: which of them is believed for what; when a session is stale.
Does not know: how they are read.

The state is computed from lock, process and seal. The document is what the session last told; where both
can be had and disagree, the state is right.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from runpact.model.contract.language import Kind
from runpact.model.contract.sessions import reason_place, status_place, word_of
from runpact.model.facts import FormatFault
from runpact.model.run import State
from runpact.model.summary import RunSummary


class Health(enum.Enum):
    """How a session is."""

    RUNNING = "running"
    ENDED = "ended"
    """It succeeded."""
    FAILED = "failed"
    ABORTED = "aborted"
    STALE = "stale"
    """It tells of a life that is over, or that has not been heard of for too long where nobody can look."""
    QUIET = "quiet"
    """Nobody can look whether it lives, and it was heard of not long ago."""
    DAMAGED = "damaged"


class SeenSession(msgspec.Struct, frozen=True, kw_only=True):
    """One session."""

    id: str
    path: str
    """Relative to the workspace."""
    kind: str
    uid: str | None
    """None of a directory that runpact did not make."""
    health: Health
    state: State
    """Computed."""
    status: str | None
    """What its document tells; None where there is none."""
    status_reason: str | None
    terminal: bool | None
    """Whether its document says that it is over."""
    started_at: str | None
    updated_at: str | None
    finished_at: str | None
    duration_seconds: float | None
    error_type: str | None
    message: str | None
    age_seconds: float | None
    """Since it was heard of last; None where that is not known."""
    why: str
    """Why it has this state; may be empty."""


def seen_session(
    run: RunSummary,
    kind: Kind,
    document: object,
    *,
    now: datetime,
    stale_seconds: float,
) -> SeenSession:
    """Return what is seen of a session.

    Args:
        run: Its records and its computed state.
        kind: Its kind.
        document: Its lifecycle document; None where there is none, why not where it cannot be read.
        now: The moment of the question.
        stale_seconds: A session of which nobody can tell whether it lives is stale when it was heard of
            longer ago; one of which that can be told is stale when its process is gone, at once.
    """
    told: Mapping[str, object] = document if isinstance(document, Mapping) else {}
    status = _text(_at(told, status_place(kind)))
    terminal = told.get("terminal")
    updated = _text(told.get("updated_at")) or run.ended or run.started
    age = _age(updated, now)
    is_over = terminal is True or (status is not None and not _moves(kind, status))
    health = _health(run, kind, status if is_over else None, age=age, stale_seconds=stale_seconds)
    doubt = _doubt(run, kind, status) if run.uid is not None else _foreign_doubt(kind, status, document)
    seconds = told.get("duration_seconds")
    return SeenSession(
        id=run.id,
        path=run.path,
        kind=run.kind or "",
        uid=run.uid,
        health=Health.DAMAGED if doubt else health,
        state=run.state,
        status=status,
        status_reason=_text(_at(told, reason_place(kind))),
        terminal=terminal if isinstance(terminal, bool) else None,
        started_at=run.started or _text(told.get("started_at")),
        updated_at=updated,
        finished_at=run.ended or _text(told.get("finished_at")),
        duration_seconds=run.duration_seconds
        if run.duration_seconds is not None or not isinstance(seconds, int | float)
        else float(seconds),
        error_type=_text(told.get("error_type")),
        message=_text(told.get("message")),
        age_seconds=age,
        why=doubt or run.reason,
    )


def _doubt(run: RunSummary, kind: Kind, status: str | None) -> str:
    """Return why the document of a session that runpact made cannot be right; empty where it can."""
    if run.state in {State.RUNNING, State.CORRUPT}:
        return ""
    if status is None:
        return "its lifecycle document cannot be read"
    is_sealed = run.ended is not None and run.state in _OF_SEALED
    return f"it is {run.state.value}, and its document tells `{status}`" * (
        is_sealed and status != word_of(kind, run.state)
    )


def _foreign_doubt(kind: Kind, status: str | None, document: object) -> str:
    """Return why the document of a session that runpact did not make tells nothing; empty where it does."""
    if isinstance(document, FormatFault):
        return f"its lifecycle document cannot be read: {document.message}"
    if document is not None and not isinstance(document, Mapping):
        return "its lifecycle document is no object"
    words = kind.states.moves if kind.states is not None else {}
    if status is not None and words and status not in words:
        return f"its document tells `{status}`, which is none of {', '.join(words)}"
    return ""


_OF_SEALED = {State.FINISHED: Health.ENDED, State.FAILED: Health.FAILED, State.INTERRUPTED: Health.ABORTED}


def _health(
    run: RunSummary, kind: Kind, end: str | None, *, age: float | None, stale_seconds: float
) -> Health:
    """Return how a session is; `end` is the word that its document ends with, None while it tells of life."""
    if run.state is State.CORRUPT:
        return Health.DAMAGED
    if run.state is State.RUNNING:
        return Health.RUNNING
    if run.ended is not None and run.state in _OF_SEALED:
        return _OF_SEALED[run.state]
    if run.state is State.UNKNOWN:
        if end is not None and run.uid is None:
            return _OF_SEALED[_state_of(kind, end)]
        return Health.STALE if age is None or age >= stale_seconds else Health.QUIET
    return Health.STALE


def _state_of(kind: Kind, word: str) -> State:
    """Return the state that a terminal word stands for; one that stands for none is no success."""
    return next(
        (state for state in _OF_SEALED if kind.state_words.get(state.value, state.value) == word),
        State.FAILED,
    )


def _moves(kind: Kind, word: str) -> tuple[str, ...]:
    """Return where a word may lead; one that the table does not know tells of no end."""
    return kind.states.moves.get(word, (word,)) if kind.states is not None else (word,)


def _at(document: Mapping[str, object], place: object) -> object:
    value: object = document
    for part in getattr(place, "parts", ())[1:]:
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _age(moment: str | None, now: datetime) -> float | None:
    try:
        told = datetime.fromisoformat(moment or "")
    except ValueError:
        return None
    aware = told if told.tzinfo is not None else told.replace(tzinfo=UTC)
    return max((now - aware).total_seconds(), 0.0)
