"""Sessions: that their lifecycle can be told.

Knows: which parts of a kind must agree for runpact to write its lifecycle document.
Does not know: the document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from runpact.model.contract.language import Kind, Session, States
from runpact.model.contract.lint.note import Note
from runpact.model.contract.sessions import ENDS, lifecycle_entry, word_of
from runpact.model.run import State

_PREFIX = re.compile(r"[A-Z][A-Z0-9_]*")


def lint_session(kind: Kind, at: str) -> Iterator[Note]:
    """Yield what keeps a kind from being a session."""
    if kind.session is None:
        return
    yield from _prefix(kind.session, f"{at}/session")
    if kind.sealed == "by_stage":
        message = "a session is sealed as a whole"
        yield Note(f"{at}/session", message, "`sealed: whole`", "`sealed: by_stage`")
    if kind.states is None:
        yield Note(f"{at}/session", "a session has a table of moves", "`states`", "nothing")
        return
    entry = lifecycle_entry(kind)
    if entry is None or entry.written != "change":
        yield Note(
            f"{at}/states/word",
            "runpact does not write the document that it speaks of",
            "a `doc.NAME…` of an entry `NAME` with one `file`, `fields` and `written: change`",
            kind.states.word,
            "`fields: run.lifecycle` is all that the document needs",
        )
    yield from _moves(kind, kind.states, f"{at}/states")


def _prefix(session: Session, at: str) -> Iterator[Note]:
    if session.alerts and not _PREFIX.fullmatch(session.alerts):
        yield Note(f"{at}/alerts", "codes are capitals, digits and _", "as in PAPER_SESSION", session.alerts)


def _reasons(kind: Kind, states: States, at: str) -> Iterator[Note]:
    """Yield that a session whose process was gone would be told as one that somebody ended."""
    word = word_of(kind, State.INTERRUPTED)
    told = states.reasons.get(word, ())
    if states.reason is not None and len(told) == 1:
        yield Note(
            f"{at}/{word}",
            "a session that somebody ended and one whose process was gone have the same reason",
            "two reasons, the last for a process that was gone",
            told[0],
            f"as in `{word}: [{told[0]}, process_gone]`",
        )


def _moves(kind: Kind, states: States, at: str) -> Iterator[Note]:
    """Yield each move that a run makes and the table does not know."""
    first = word_of(kind, State.RUNNING)
    for word in (first, *(word_of(kind, end) for end in ENDS)):
        if word not in states.moves:
            yield Note(
                f"{at}/moves", f"a session may be `{word}`", f"`{word}` among the states", "no such state"
            )
        if states.reason is not None and not states.reasons.get(word):
            place = f"{at}/reasons"
            yield Note(place, f"runpact writes a reason for `{word}`", f"reasons of `{word}`", "none")
    yield from _reasons(kind, states, f"{at}/reasons")
    for end in ENDS:
        word = word_of(kind, end)
        if word not in states.moves.get(first, ()):
            place, message = f"{at}/moves/{first}", f"a session that is `{first}` may become `{word}`"
            yield Note(
                place, message, f"`{word}` among them", ", ".join(states.moves.get(first, ())) or "nothing"
            )
        if states.moves.get(word):
            place, message = f"{at}/moves/{word}", f"`{word}` is the end of a session"
            yield Note(place, message, "no state", ", ".join(states.moves[word]))
