"""Values of arrays, where a claim asks for them.

Knows: which claims need values, how a slice is spelled.
Does not know: how values are read or compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from runpact.model.contract.language import Array
from runpact.model.expression import Undecided
from runpact.model.facts import ArrayValues
from runpact.model.finding import Severity
from runpact.model.judge.frame import Frame
from runpact.model.judge.grade import Fault
from runpact.model.judge.presence import undecided
from runpact.model.judge.subject import Subject

_UNFIT = (TypeError, ValueError, IndexError, RuntimeError, OverflowError, MemoryError)
"""What comparing values raises that have no order, are no numbers, or are too many."""
_SLICE = re.compile(r"(?P<name>[^\[\]]+)(?:\[(?P<start>-?\d*):(?P<stop>-?\d*)\])?")


def needs_values(clause: Array) -> bool:
    """Whether a clause cannot be judged by a header alone."""
    bounds = (
        clause.order,
        clause.first,
        clause.last,
        clause.minimum,
        clause.maximum,
        clause.equals,
        clause.step,
    )
    return clause.finite or any(bound is not None for bound in bounds)


def value_faults(
    subject: Subject, clause: Array, path: str, name: str, place: str, frame: Frame
) -> Iterator[Fault]:
    """Yield what is wrong with the values of one array.

    Args:
        subject: The run.
        clause: What it must be.
        path: The file that holds it.
        name: Its name there.
        place: What findings name.
        frame: Symbols and bindings.
    """
    values = subject.tree.values(path, name)
    if isinstance(values, str):
        yield _unread(place, values)
        return
    try:
        yield from _judged(subject, clause, values, path, place, frame)
    except _UNFIT as error:
        yield _unread(place, f"a value of this type has no such thing: {str(error)[:120]}")


def _judged(
    subject: Subject, clause: Array, values: ArrayValues, path: str, place: str, frame: Frame
) -> Iterator[Fault]:
    if clause.finite and not values.is_finite():
        yield _wrong(place, "it holds NaN or an infinity", "finite values")
    if clause.order is not None:
        index = values.first_out_of_order(clause.order)
        if index is not None:
            expected = clause.order.replace("_", " ")
            yield _wrong(place, f"its values are out of order at index {index}", expected)
    yield from _bounds(clause, values, place)
    if clause.step is not None:
        yield from _steps(subject, clause, clause.step, values, place, frame)
    if clause.equals is not None:
        yield from _equality(subject, clause.equals, values, path, place)


def _bounds(clause: Array, values: ArrayValues, place: str) -> Iterator[Fault]:
    for wanted, got, word in (
        (clause.first, values.first() if clause.first is not None else None, "first"),
        (clause.last, values.last() if clause.last is not None else None, "last"),
    ):
        if wanted is not None and got != wanted:
            yield _wrong(place, f"its {word} value is another one", f"{wanted:g}", str(got))
    least, greatest = (
        values.range() if clause.minimum is not None or clause.maximum is not None else (None, None)
    )
    if clause.minimum is not None and least is not None and least < clause.minimum:
        yield _wrong(place, "a value is too small", f"at least {clause.minimum:g}", str(least))
    if clause.maximum is not None and greatest is not None and greatest > clause.maximum:
        yield _wrong(place, "a value is too large", f"at most {clause.maximum:g}", str(greatest))


def _steps(
    subject: Subject, clause: Array, text: str, values: ArrayValues, place: str, frame: Frame
) -> Iterator[Fault]:
    step = subject.evaluate(text, frame)
    if isinstance(step, Undecided) or not isinstance(step, int | float):
        answer = step if isinstance(step, Undecided) else Undecided("it is no number")
        yield undecided(subject, place, answer, (text,), "its step", frame)
    elif not values.is_progression(clause.first or 0.0, float(step)):
        first = clause.first or 0
        yield _wrong(
            place, "its values do not rise in equal steps, bit for bit", f"{first:g} + arange(n) * {step!r}"
        )


def _equality(subject: Subject, equals: str, values: ArrayValues, path: str, place: str) -> Iterator[Fault]:
    found = _SLICE.fullmatch(equals.strip())
    other = (
        subject.tree.values(path, found["name"].strip()) if found is not None else f"`{equals}` is no array"
    )
    if isinstance(other, str) or found is None:
        yield _unread(place, str(other))
        return
    start = int(found["start"]) if found["start"] else None
    stop = int(found["stop"]) if found["stop"] else None
    if not values.equals(other, start, stop):
        yield _wrong(place, "its values are not those of another array", equals)


def _unread(place: str, reason: str) -> Fault:
    return Fault(
        code="undecided",
        severity=Severity.INCOMPLETE,
        path=place,
        message=f"its values could not be judged: {reason}",
        hint="install runpact with its extra `arrays` where numpy is missing",
    )


def _wrong(place: str, message: str, expected: str, got: str | None = None) -> Fault:
    return Fault(code="values", path=place, message=message, expected=expected, got=got)
