"""Tables: CSV, TSV, JSONL and JSON lists of objects, in one pass.

Knows: which columns a claim speaks of, in which order rows stand, what identifies a row.
Does not know: how a table is read, what a cell must be.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from runpact.model.contract.clause import Clause
from runpact.model.contract.language import Column, Entry, Table
from runpact.model.expression import Undecided
from runpact.model.facts import DamagedRowError, FormatFault, TableRows
from runpact.model.finding import Finding, Severity
from runpact.model.judge.cells import is_empty
from runpact.model.judge.claim import Claim
from runpact.model.judge.claims import pattern_filled
from runpact.model.judge.columns import ColumnJudge, as_spelled
from runpact.model.judge.grade import Fault
from runpact.model.judge.presence import counted, undecided, unmatched
from runpact.model.judge.subject import Subject
from runpact.model.reference import pointer_of
from runpact.model.template import compile_glob

MOST_FAULTS = 20
"""Faults told of one column; the rest are counted."""


def judge_tables(subject: Subject) -> Iterator[Finding]:
    """Yield every fault of every table that an entry speaks of."""
    for entry in subject.kind.entries:
        if entry.table is not None:
            for claim in subject.contents(entry):
                yield from _Judgement(subject, entry, entry.table, claim).findings()


class _Judgement:
    """One claim about one table."""

    def __init__(self, subject: Subject, entry: Entry, table: Table, claim: Claim) -> None:
        self.subject = subject
        self.entry = entry
        self.table = table
        self.claim = claim
        self.told: Counter[str] = Counter()
        self.count = 0
        self.keys: set[tuple[object, ...]] = set()
        self.last: tuple[object, ...] | None = None
        self.is_ordered = True

    def findings(self) -> Iterator[Finding]:
        """Yield every fault of the table."""
        source = self._source()
        if isinstance(source, FormatFault):
            if self.claim.path not in self.subject.reported:
                yield self._of_entry(_unreadable(self.claim.path, source))
            return
        judges = list(self._judges(source))
        yield from self._header(source)
        try:
            yield from self._rows(source, judges)
        except DamagedRowError as error:
            if self.claim.path not in self.subject.reported:
                yield self._of_entry(_unreadable(self.claim.path, error.fault))
            return
        yield from self._whole(source, judges)

    def _source(self) -> TableRows | FormatFault:
        if self.entry.rows is None:
            return self.subject.table(self.claim.path)
        rows = self.subject.names.rows_at(self.claim.path, self.entry.rows)
        if not isinstance(rows, list):
            return FormatFault("not-a-document", "there is no list of rows", self.entry.rows.get("at", ""))
        return TableRows(None, iter(row if isinstance(row, dict) else {} for row in rows))

    def _judges(self, source: TableRows) -> Iterator[ColumnJudge]:
        """Yield a judge for each column that the claim speaks of and the table has, or may have."""
        if isinstance(self.table.columns, tuple):
            yield from (ColumnJudge(name, Column()) for name in self.table.columns)
            return
        for name, column in self.table.columns.items():
            names = [name]
            if "*" in name or "?" in name:
                glob = compile_glob(name)
                names = [each for each in source.columns or () if glob.fullmatch(each)]
            for each in names:
                yield ColumnJudge(each, self._bound(column), self._equal_to(column))

    def _bound(self, column: Column) -> Column:
        if column.pattern is None:
            return column
        return msgspec.structs.replace(column, pattern=pattern_filled(column.pattern, self.claim.frame))

    def _equal_to(self, column: Column) -> object:
        if column.equals is None:
            return None
        value = self.subject.evaluate(column.equals, self.claim.frame)
        return None if isinstance(value, Undecided) else value

    def _header(self, source: TableRows) -> Iterator[Finding]:
        yield from self._undecided()
        if source.columns is None:
            return
        named = self._named()
        for name, column in named.items():
            if column.required and name not in source.columns:
                yield self._of_column(column, _missing(f"{self.claim.path}#{pointer_of([name])}", name))
        if self.table.extra == "refused":
            for name in source.columns:
                if not self._is_named(name):
                    place = f"{self.claim.path}#{pointer_of([name])}"
                    message = "no column of this name belongs here"
                    yield self._of_entry(Fault(code="extra-column", path=place, message=message, got=name))
        given = [name for name in named if name in source.columns]
        if self.table.column_order == "given" and given != [name for name in source.columns if name in named]:
            expected = ", ".join(given)
            message = "its columns stand in another order"
            yield self._of_entry(
                Fault(code="order", path=self.claim.path, message=message, expected=expected)
            )

    def _undecided(self) -> Iterator[Finding]:
        for column in self._named().values():
            if column.equals is not None:
                value = self.subject.evaluate(column.equals, self.claim.frame)
                if isinstance(value, Undecided):
                    texts, frame = (column.equals,), self.claim.frame
                    what = "what its cells equal"
                    fault = undecided(self.subject, self.claim.path, value, texts, what, frame)
                    yield self._of_column(column, fault)

    def _named(self) -> dict[str, Column]:
        """Return the columns that are named, not globbed."""
        if isinstance(self.table.columns, tuple):
            return {name: Column() for name in self.table.columns}
        return {
            name: column for name, column in self.table.columns.items() if "*" not in name and "?" not in name
        }

    def _is_named(self, name: str) -> bool:
        return any(compile_glob(each).fullmatch(name) for each in self.table.columns)

    def _rows(self, source: TableRows, judges: list[ColumnJudge]) -> Iterator[Finding]:
        places = {name: index for index, name in enumerate(source.columns or ())}
        if source.columns is not None:
            judges = [judge for judge in judges if judge.name in places]
        for judge in judges:
            judge.is_seen = source.columns is not None
        for row in source.rows:
            for judge in judges:
                value = _cell(row, judge, places)
                expected = judge.see(value)
                if expected:
                    yield from self._wrong(judge, value, expected)
            if self.table.order or self.table.key:
                yield from self._placed(row, places)
            self.count += 1

    def _wrong(self, judge: ColumnJudge, value: object, expected: str) -> Iterator[Finding]:
        self.told[judge.name] += 1
        if self.told[judge.name] > MOST_FAULTS:
            return
        place = f"{self.claim.path}#/{self.count}{pointer_of([judge.name])}"
        message = "the cell is empty" if is_empty(value) else "the cell is not what its column demands"
        fault = Fault(code="cell", path=place, message=message, expected=expected, got=repr(value)[:120])
        yield self._of_column(judge.column, fault)

    def _placed(
        self, row: Sequence[str] | Mapping[str, object], places: Mapping[str, int]
    ) -> Iterator[Finding]:
        if self.table.key:
            key = tuple(_value(row, name, places) for name in self.table.key)
            if key in self.keys:
                place = f"{self.claim.path}#/{self.count}{pointer_of([self.table.key[0]])}"
                message = f"{', '.join(self.table.key)} together stand here a second time"
                yield self._of_entry(Fault(code="duplicate", path=place, message=message, got=repr(key)))
            self.keys.add(key)
        if self.table.order and self.is_ordered:
            values = tuple(as_spelled(_value(row, name, places)) for name in self.table.order)
            if self.last is not None and not _ascends(self.last, values):
                self.is_ordered = False
                message = f"row {self.count} does not ascend by {', '.join(self.table.order)}"
                place = self.claim.path
                before, after = (", ".join(map(str, each)) for each in (self.last, values))
                yield self._of_entry(
                    Fault(
                        code="order", path=place, message=message, expected=f"not before {before}", got=after
                    )
                )
            self.last = values

    def _whole(self, source: TableRows, judges: list[ColumnJudge]) -> Iterator[Finding]:
        """Yield what can only be told of the table as a whole."""
        for judge in judges:
            more = self.told[judge.name] - MOST_FAULTS
            if more > 0:
                place, message = (
                    f"{self.claim.path}#{pointer_of([judge.name])}",
                    f"and {more} more cells of this column",
                )
                yield self._of_column(judge.column, Fault(code="cell", path=place, message=message))
            if judge.is_overflown:
                yield self._of_column(judge.column, _too_many(self.claim.path, judge.name))
            if judge.unmatched:
                place = f"{self.claim.path}#{pointer_of([judge.name])}"
                yield self._of_column(judge.column, unmatched(place, judge.unmatched))
            is_absent = (
                source.columns is None and not judge.is_seen and judge.column.required and self.count > 0
            )
            if is_absent and judge.column.empty:
                place = f"{self.claim.path}#{pointer_of([judge.name])}"
                yield self._of_column(judge.column, _missing(place, judge.name))
        if self.table.rows is not None:
            faults = counted(
                self.subject, self.table.rows, self.count, self.claim.path, "rows", frame=self.claim.frame
            )
            yield from (self._of_entry(fault) for fault in faults)

    def _of_entry(self, fault: Fault) -> Finding:
        return self.subject.finding(self.entry, self.entry.rule, fault)

    def _of_column(self, column: Column, fault: Fault) -> Finding:
        clause: Clause = column if column.says_how_to_tell else self.entry
        return self.subject.finding(clause, column.ids.get(fault.code) or column.id or self.entry.rule, fault)


def _cell(row: Sequence[str] | Mapping[str, object], judge: ColumnJudge, places: Mapping[str, int]) -> object:
    if isinstance(row, Mapping):
        judge.is_seen = judge.is_seen or judge.name in row
        return row.get(judge.name)
    return row[places[judge.name]]


def _value(row: Sequence[str] | Mapping[str, object], name: str, places: Mapping[str, int]) -> object:
    if isinstance(row, Mapping):
        value = row.get(name)
        return value if isinstance(value, str | int | float | bool | None) else repr(value)
    return row[places[name]] if name in places else None


def _ascends(above: tuple[object, ...], below: tuple[object, ...]) -> bool:
    try:
        return above <= below
    except TypeError:
        return tuple(map(str, above)) <= tuple(map(str, below))


def _missing(place: str, name: str) -> Fault:
    return Fault(
        code="missing-column",
        severity=Severity.INCOMPLETE,
        path=place,
        message="the column is missing",
        expected=f"a column `{name}`",
        got="nothing",
    )


def _too_many(path: str, name: str) -> Fault:
    return Fault(
        code="undecided",
        severity=Severity.INCOMPLETE,
        path=f"{path}#{pointer_of([name])}",
        message="the table has too many values to tell whether each stands once",
    )


def _unreadable(path: str, fault: FormatFault) -> Fault:
    return Fault(
        code=fault.code,
        path=f"{path}#{fault.pointer}" if fault.pointer else path,
        message=f"it cannot be read: {fault.message}",
        expected="a table",
    )
