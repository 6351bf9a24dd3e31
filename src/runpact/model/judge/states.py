"""The states a layout's own documents record.

Knows: the table of moves.
Does not know: where a state is written.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from runpact.model.contract.language import States
from runpact.model.expression import Undecided
from runpact.model.finding import Finding
from runpact.model.judge.frame import EMPTY, Located
from runpact.model.judge.grade import Fault
from runpact.model.judge.presence import undecided
from runpact.model.judge.subject import Subject


def judge_states(subject: Subject) -> Iterator[Finding]:
    """Yield unknown states, moves that are not allowed, reasons that do not fit."""
    states = subject.kind.states
    if states is not None:
        for fault in _judge(subject, states):
            yield subject.finding(states, states.ids.get(fault.code) or states.id or "states", fault)


def _judge(subject: Subject, states: States) -> Iterator[Fault]:
    word = subject.evaluate(states.word)
    if isinstance(word, Undecided):
        yield undecided(subject, _place(subject, states.word), word, (states.word,), "the state", EMPTY)
        return
    if not isinstance(word, str) or word not in states.moves:
        yield _fault(subject, states.word, "it is no state", " or ".join(states.moves), str(word))
        return
    if states.history is not None:
        yield from _history(subject, states, states.history, word)
    if states.reason is not None and word in states.reasons:
        yield from _reason(subject, states, states.reason, word)


def _history(subject: Subject, states: States, text: str, word: str) -> Iterator[Fault]:
    rows = subject.evaluate(text)
    if isinstance(rows, Undecided) or not isinstance(rows, list):
        answer = rows if isinstance(rows, Undecided) else Undecided("it is no list")
        yield undecided(subject, _place(subject, text), answer, (text,), "the history", EMPTY)
        return
    passed = [row.get(states.field) if isinstance(row, dict) else None for row in rows]
    if passed and states.initial and str(passed[0]) not in states.initial:
        place = _row(subject, text, 0, states.field)
        message, first = "a history does not begin so", " or ".join(states.initial)
        yield Fault(code="transition", path=place, message=message, expected=first, got=str(passed[0]))
    for index, (before, after) in enumerate(itertools.pairwise(passed), start=1):
        allowed = states.moves.get(str(before), ())
        if str(after) not in allowed:
            place = _row(subject, text, index, states.field)
            yield Fault(
                code="transition",
                path=place,
                message=f"no move leads from {before} to {after}",
                expected=" or ".join(allowed) or "nothing: it is final",
                got=str(after),
            )
    if passed and passed[-1] != word:
        yield _fault(subject, states.word, "the history ends in another state", str(passed[-1]), word)


def _reason(subject: Subject, states: States, text: str, word: str) -> Iterator[Fault]:
    reason = subject.evaluate(text)
    if isinstance(reason, Undecided):
        yield undecided(subject, _place(subject, text), reason, (text,), "the reason", EMPTY)
    elif reason not in states.reasons[word]:
        allowed = " or ".join(states.reasons[word])
        yield _fault(subject, text, f"it is no reason for {word}", allowed, str(reason))


def _fault(subject: Subject, text: str, message: str, expected: str, got: str) -> Fault:
    return Fault(code="state", path=_place(subject, text), message=message, expected=expected, got=got)


def _row(subject: Subject, text: str, index: int, field: str) -> str:
    place = subject.place_of(text) or Located("")
    return Located(place.path, f"{place.pointer}/{index}/{field}").text


def _place(subject: Subject, text: str) -> str:
    place = subject.place_of(text)
    return place.text if place is not None else ""
