"""What runs made, side by side: by digest first, and by value where the digests differ.

Knows: which formats have values, how a file's rows follow from them.
Does not know: how a file is read.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from runpact.model.compare.allowance import Allowance, FileAllowance
from runpact.model.compare.arrays import array_differences, remark_on
from runpact.model.compare.row import ABSENT, Likeness, Row, row_of, worst_of
from runpact.model.compare.side import Side
from runpact.model.compare.values import differences
from runpact.model.facts import Apart, ArraysFact, Deviation, DocumentFact, FormatFault, Json, TableFact
from runpact.model.judge.forms import Forms
from runpact.model.manifest import FileRecord

MOST_ROWS = 1000
"""Most differing values of one file that are kept."""


class Found(NamedTuple):
    """One place of a file where a run is not the same as the first."""

    pointer: str
    first: Json
    other: Json
    likeness: Likeness
    remark: str = ""
    deviation: Deviation | None = None


class _File(msgspec.Struct, frozen=True):
    """What is needed to compare one file."""

    path: str
    allowance: FileAllowance
    forms: Forms


class _Answer(NamedTuple):
    """How one run's file stands to that of the first."""

    likeness: Likeness
    remark: str = ""
    found: tuple[Found, ...] = ()
    differing: int = 0
    """Values that differ, whether they are kept or not."""


def artifact_rows(sides: Sequence[Side], allowance: Allowance, forms: Forms) -> Iterator[Row]:
    """Yield a row for each file that any run has, each followed by the values of it that differ."""
    for path in sorted({path for side in sides for path in side.files}):
        file = _File(path, allowance.of_file(path), forms)
        answers = [_Answer(Likeness.SAME), *(_compare(file, sides[0], side) for side in sides[1:])]
        worst = worst_of(answer.likeness for answer in answers)
        deciding = [answer for answer in answers if answer.likeness is worst]
        remark = max(deciding, key=lambda answer: answer.differing).remark
        yield row_of(path, [_shown(side.files.get(path)) for side in sides], worst, remark)
        yield from _value_rows(path, answers)


def _shown(record: FileRecord | None) -> Json:
    return ABSENT if record is None else record.digest or "not readable"


def _value_rows(path: str, answers: Sequence[_Answer]) -> Iterator[Row]:
    """Yield one row for each place where any run differs; a run that does not has the first one's value."""
    runs = [{each.pointer: each for each in answer.found} for answer in answers]
    for pointer in dict.fromkeys(pointer for run in runs for pointer in run):
        found = [run.get(pointer) for run in runs]
        known = next(each for each in found if each is not None)
        values = [known.first if each is None else each.other for each in found]
        worst = worst_of(each.likeness for each in found if each is not None)
        telling = [each for each in found if each is not None and each.likeness is worst]
        yield row_of(f"{path}#{pointer}", values, worst, *_told(telling))


def _told(telling: Sequence[Found]) -> tuple[str, Apart | None]:
    """Return what is said of a place where runs differ from the first, and one value of the farthest."""
    deviations = [each.deviation for each in telling if each.deviation is not None]
    if not deviations:
        return telling[0].remark, None
    farthest = max(deviations, key=lambda each: each.largest or 0.0)
    return remark_on(deviations), farthest.apart


def _compare(file: _File, first: Side, other: Side) -> _Answer:
    one, two = first.files.get(file.path), other.files.get(file.path)
    if one is not None and two is not None and one.digest == two.digest and one.digest:
        return _Answer(Likeness.SAME)
    if file.allowance.is_volatile(()):
        return _Answer(Likeness.VOLATILE)
    if one is None or two is None:
        return _Answer(Likeness.DIFFERENT, "not in every run")
    if not (one.digest and two.digest):
        return _Answer(Likeness.UNDECIDED, "it could not be read when the run was sealed")
    return _by_value(file, first, other)


def _by_value(file: _File, first: Side, other: Side) -> _Answer:
    form = file.forms.form_of(file.path)
    one, two = first.contents.facts(file.path, form), other.contents.facts(file.path, form)
    fault = next((fact for fact in (one, two) if isinstance(fact, FormatFault)), None)
    if fault is not None:
        return _unread(file, fault)
    if isinstance(one, DocumentFact) and isinstance(two, DocumentFact):
        found = (
            Found(each.pointer, each.first, each.other, each.likeness)
            for each in differences(one.value, two.value, file.allowance)
        )
        return _answer(found, "values")
    if isinstance(one, TableFact) and isinstance(two, TableFact):
        return _by_row(file, first, other)
    if isinstance(one, ArraysFact) and isinstance(two, ArraysFact):
        return _answer(_in_arrays(file, (one, two), first, other), "arrays")
    return _Answer(Likeness.DIFFERENT, "other bytes")


def _by_row(file: _File, first: Side, other: Side) -> _Answer:
    form = file.forms.form_of(file.path)
    tables: list[Json] = []
    for side in (first, other):
        rows = side.contents.rows(file.path, form)
        if isinstance(rows, FormatFault):
            return _unread(file, rows)
        tables.append(file.forms.typed(file.path, rows))
    one, two = tables
    found = (
        Found(each.pointer, each.first, each.other, each.likeness)
        for each in differences(one, two, file.allowance, is_table=True)
    )
    return _answer(found, "cells")


def _in_arrays(
    file: _File, facts: tuple[ArraysFact, ArraysFact], first: Side, other: Side
) -> Iterator[Found]:
    contents = (first.contents, other.contents)
    for each in array_differences(*facts, file.path, file.allowance, contents):
        yield Found(*each)


def _unread(file: _File, fault: FormatFault) -> _Answer:
    """Say what other bytes mean that cannot be looked into: undecided, where the contract allows anything."""
    if fault.code == "not-a-document":
        return _Answer(Likeness.DIFFERENT, "other bytes")
    likeness = Likeness.UNDECIDED if file.allowance.says_anything else Likeness.DIFFERENT
    return _Answer(likeness, f"not compared by value: {fault.message}")


def _answer(found: Iterator[Found], what: str) -> _Answer:
    kept = tuple(itertools.islice(found, MOST_ROWS))
    rest = [each.likeness for each in found]
    likeness = worst_of([*(each.likeness for each in kept), *rest])
    if not kept:
        return _Answer(Likeness.TOLERATED, f"the same {what}, other bytes")
    count = len(kept) + len(rest)
    told = f"{count:,} {what} differ" if count > 1 else f"1 {what[:-1]} differs"
    told += f", {MOST_ROWS:,} of them listed" if rest else ""
    if likeness is Likeness.VOLATILE:
        likeness = Likeness.TOLERATED
    allowed = ", as the contract allows" if likeness is Likeness.TOLERATED else ""
    return _Answer(likeness, told + allowed, kept, count)
