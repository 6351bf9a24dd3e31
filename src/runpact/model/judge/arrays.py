"""Arrays: names, types, shapes, and the values where a claim asks for them.

Knows: which clause speaks of which array, how symbols are shared.
Does not know: how a header or a value is read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import msgspec

from runpact.model.contract.clause import Clause
from runpact.model.contract.language import Array, Entry
from runpact.model.dtypes import fits_dtype
from runpact.model.expression import Undecided
from runpact.model.facts import ArrayFact, ArraysFact, FormatFault
from runpact.model.finding import Finding, Severity
from runpact.model.judge.arrayvalues import needs_values, value_faults
from runpact.model.judge.claims import slots_filled
from runpact.model.judge.frame import EMPTY, Frame, Stuck
from runpact.model.judge.grade import Fault
from runpact.model.judge.loops import frames
from runpact.model.judge.presence import undecided
from runpact.model.judge.shapes import Symbols, is_symbol
from runpact.model.judge.subject import Subject
from runpact.model.reference import pointer_of
from runpact.model.template import compile_glob


class _Asked(msgspec.Struct, frozen=True):
    """One clause, and the array it speaks of."""

    entry: Entry
    clause: Array
    path: str
    array: ArrayFact
    frame: Frame

    @property
    def place(self) -> str:
        """Where a finding about the array is."""
        return place_of(self.path, self.array.name)

    @property
    def scope(self) -> str:
        """Who shares the symbols of its shape: the run, or the file alone."""
        return self.path if self.entry.symbols == "file" else ""


def place_of(path: str, name: str) -> str:
    """Return the place of an array; the file itself for the one array of an NPY file."""
    return f"{path}#{pointer_of([name])}" if name else path


def judge_arrays(subject: Subject) -> Iterator[Finding]:
    """Yield every fault of every array that an entry speaks of."""
    fixed: dict[str, int] = {}
    for name, text in subject.kind.dimensions.items():
        value = subject.evaluate(text)
        if isinstance(value, int) and not isinstance(value, bool):
            fixed[name] = value
        else:
            yield _unfixed(subject, name, text, value)
    shared: dict[str, Symbols] = defaultdict(lambda: Symbols(fixed))
    asked: list[_Asked] = []
    for entry in subject.kind.entries:
        if entry.arrays is not None:
            for claim in subject.contents(entry):
                found = list(_of_file(subject, entry, claim.path, claim.frame))
                yield from (each for each in found if isinstance(each, Finding))
                asked += [each for each in found if isinstance(each, _Asked)]
    for each in asked:
        _note(shared[each.scope], each)
    for each in asked:
        yield from _judge(subject, each, shared[each.scope])


def _unfixed(subject: Subject, name: str, text: str, value: object) -> Finding:
    answer = value if isinstance(value, Undecided) else Undecided("it is no whole number")
    place = subject.place_of(text)
    path = place.text if place is not None else ""
    fault = undecided(subject, path, answer, (text,), f"the dimension {name}", EMPTY)
    return subject.finding(Clause(), f"dimensions/{name}", fault)


def _of_file(subject: Subject, entry: Entry, path: str, frame: Frame) -> Iterator[Finding | _Asked]:
    facts = subject.tree.arrays(path)
    if isinstance(facts, FormatFault):
        if path not in subject.reported:
            message = f"it cannot be read: {facts.message}"
            fault = Fault(code=facts.code, path=path, message=message, expected="arrays")
            yield subject.finding(entry, entry.rule, fault)
        return
    known = {array.name: array for array in facts.arrays}
    named: set[str] = set()
    globs: list[str] = []
    for key, clause in (entry.arrays or {}).items():
        for bound in frames(subject, clause.foreach, frame):
            if isinstance(bound, Stuck):
                texts = tuple(clause.foreach.values())
                yield _finding(
                    subject,
                    entry,
                    clause,
                    undecided(subject, path, bound.answer, texts, "which arrays", frame),
                )
                continue
            if "*" in key or "?" in key:
                globs.append(key)
                fitting = [array for name, array in known.items() if compile_glob(key).fullmatch(name)]
                yield from (_Asked(entry, clause, path, array, bound) for array in fitting)
                continue
            name = slots_filled(key, bound)
            named.add(name)
            if name in known:
                yield _Asked(entry, clause, path, known[name], bound)
            elif clause.required:
                yield _finding(subject, entry, clause, _missing(path, name))
    yield from _whole(subject, entry, path, facts, named)


def _whole(
    subject: Subject, entry: Entry, path: str, facts: ArraysFact, named: set[str]
) -> Iterator[Finding]:
    for array in facts.arrays:
        if array.pickle:
            message = "it holds objects, which execute when they are read"
            fault = Fault(
                code="object-array", path=place_of(path, array.name), message=message, expected="plain values"
            )
            yield subject.finding(entry, entry.rule, fault)
        elif entry.extra_arrays == "refused" and array.name not in named:
            message = "no array of this name belongs here"
            fault = Fault(
                code="extra-array", path=place_of(path, array.name), message=message, got=array.name
            )
            yield subject.finding(entry, entry.rule, fault)


def _note(symbols: Symbols, asked: _Asked) -> None:
    """Let an array vote for the symbols of its shape."""
    shape = _of_rank(asked.clause.shape or (), len(asked.array.shape))
    if len(shape) != len(asked.array.shape):
        return
    for wanted, size in zip(shape, asked.array.shape, strict=True):
        if is_symbol(wanted) and wanted not in asked.frame.variables:
            symbols.see(str(wanted), size, asked.place)


def _judge(subject: Subject, asked: _Asked, symbols: Symbols) -> Iterator[Finding]:
    clause, array = asked.clause, asked.array
    if array.pickle:
        return
    faults: list[Fault] = []
    if clause.dtype is not None and not fits_dtype(array.dtype, clause.dtype):
        expected = clause.dtype if isinstance(clause.dtype, str) else " or ".join(clause.dtype)
        message = "its values have another type"
        faults.append(
            Fault(code="dtype", path=asked.place, message=message, expected=expected, got=array.dtype)
        )
    if clause.shape is not None:
        faults += _shape(subject, asked, clause.shape, symbols)
    if not faults and needs_values(clause):
        values = symbols.values()
        frame = Frame({**values, **asked.frame.variables}, asked.frame.places)
        faults += value_faults(subject, clause, asked.path, array.name, asked.place, frame)
    yield from (_finding(subject, asked.entry, clause, fault) for fault in faults)


def _shape(subject: Subject, asked: _Asked, told: tuple[int | str, ...], symbols: Symbols) -> Iterator[Fault]:
    wanted: list[str] = []
    shape = _of_rank(told, len(asked.array.shape))
    is_right = len(shape) == len(asked.array.shape)
    frame = Frame({**symbols.values(), **asked.frame.variables}, asked.frame.places)
    for number, size in enumerate(shape):
        value: object = size
        if isinstance(size, str) and size != "*":
            value = subject.evaluate(size, frame)
            if isinstance(value, Undecided):
                yield undecided(subject, asked.place, value, (size,), "its shape", frame)
                return
        wanted.append(str(value) if value == size else f"{size} = {value}")
        if is_right and value != "*" and value != asked.array.shape[number]:
            is_right = False
    if not is_right:
        sources = [
            f"{size} as in {symbols.told_by(str(size))}" for size in shape if symbols.told_by(str(size))
        ]
        yield Fault(
            code="shape",
            path=asked.place,
            message="its shape is not what it must be" + (f" ({', '.join(sources)})" if sources else ""),
            expected=f"({', '.join(wanted)})",
            got=str(asked.array.shape).replace(",)", ")"),
        )


def _of_rank(shape: tuple[int | str, ...], rank: int) -> tuple[int | str, ...]:
    """Return a shape with a final `...` written out as as many free sizes as the array has."""
    if shape[-1:] != ("...",):
        return shape
    return shape[:-1] + ("*",) * max(0, rank - len(shape) + 1)


def _missing(path: str, name: str) -> Fault:
    return Fault(
        code="missing-array",
        severity=Severity.INCOMPLETE,
        path=place_of(path, name),
        message="the array is missing",
        expected=f"an array `{name}`",
        got="nothing",
    )


def _finding(subject: Subject, entry: Entry, clause: Array, fault: Fault) -> Finding:
    weighing: Clause = clause if clause.says_how_to_tell else entry
    return subject.finding(weighing, clause.ids.get(fault.code) or clause.id or entry.rule, fault)
