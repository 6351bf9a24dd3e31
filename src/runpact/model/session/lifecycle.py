"""The lifecycle document of a session: which word and which reason a state has, what the document says.

Knows: the table of moves of the contract, and how a state of a run becomes a move in it.
Does not know: when the document is written, or how.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import msgspec

from runpact.model.contract.language import Kind
from runpact.model.contract.sessions import ENDS, word_of
from runpact.model.run import Outcome, RunRecord, State

MOVED = "session.moved"
"""Event of a session's log, written before the document: from then on the end is settled."""
BEAT = "session.beat"
"""Event of a session's log, of a process of its command: it is alive."""
_THROWN = re.compile(r"([A-Za-z_][\w.]*)(?:: (.*))?", re.DOTALL)
_WITHOUT_TYPE = {State.FAILED: "Failure", State.INTERRUPTED: "Interruption"}


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """Where a session has come to."""

    status: str
    """The layout's own word."""
    reason: str | None
    is_terminal: bool


def move_to(kind: Kind, state: State, *, is_lost: bool = False) -> Move:
    """Return where a session of this kind comes to in a state.

    Args:
        kind: Its kind, whose table allows the move: a contract where it does not is malformed.
        state: Of the run.
        is_lost: Its process was gone, which the last of the word's reasons tells; the first, any other end.
    """
    word = word_of(kind, state)
    reasons = kind.states.reasons.get(word, ()) if kind.states is not None else ()
    reason = (reasons[-1] if is_lost else reasons[0]) if reasons else None
    return Move(status=word, reason=reason, is_terminal=state in ENDS)


def lifecycle(
    record: RunRecord, move: Move, *, moment: str, outcome: Outcome | None = None
) -> dict[str, object]:
    """Return what the lifecycle document says; what cannot be known yet is left out.

    Args:
        record: Birth record of the session.
        move: Where it has come to.
        moment: When that was, RFC 3339.
        outcome: How it ended; None while it lives.
    """
    told: dict[str, object] = {
        "session_id": record.id,
        "status": move.status,
        "status_reason": move.reason,
        "terminal": move.is_terminal,
        "started_at": record.started,
        "updated_at": moment,
    }
    if outcome is not None:
        told |= {"finished_at": outcome.ended, "duration_seconds": outcome.duration_seconds}
        if outcome.state is not State.FINISHED:
            told |= _why(outcome)
    return told


def _why(outcome: Outcome) -> dict[str, object]:
    text = outcome.error or "no reason was recorded"
    thrown = _THROWN.fullmatch(text)
    if thrown is None:
        return {"error_type": _WITHOUT_TYPE[outcome.state], "message": text}
    return {"error_type": thrown[1], "message": thrown[2] or text}


def settled_end(events: Iterable[Mapping[str, object]], outcome: Outcome) -> Outcome:
    """Return how a session ended that another process seals: as its log settled it, else by `outcome`.

    Its own process had told its end before it died, and an end is final.
    """
    moves = [event for event in events if event.get("event") == MOVED]
    told = next((state for state in ENDS if moves and moves[-1].get("state") == state.value), None)
    if told is None:
        return outcome
    seconds, error = moves[-1].get("duration_seconds"), moves[-1].get("error")
    return msgspec.structs.replace(
        outcome,
        state=told,
        duration_seconds=float(seconds) if isinstance(seconds, int | float) else outcome.duration_seconds,
        error=error if isinstance(error, str) else None,
    )
