"""How files are to be read, as far as entries say more than their names do.

Knows: formats and spellings that entries declare, and the types of columns.
Does not know: how anything is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

import msgspec

from runpact.model.contract.language import Column, Entry
from runpact.model.facts import AS_NAMED, Form
from runpact.model.judge.cells import Read, is_empty, reader_of
from runpact.model.template import PathTemplate, compile_glob

_SLOT = re.compile(r"\{[^{}]*\}|\*+")
_TYPED = frozenset({"integer", "number", "boolean", "json"})


class _Said(msgspec.Struct, frozen=True):
    """What one entry says about the files it speaks of."""

    fits: Callable[[str], object]
    form: Form
    columns: dict[str, Column]


class Forms:
    """What the entries of a kind say about reading."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        """Keep the entries that say anything."""
        said = [_Said(_fits(entry), _form(entry), _columns(entry)) for entry in entries]
        self._said = [each for each in said if each.form != AS_NAMED or each.columns]

    def form_of(self, path: str) -> Form:
        """Return how a file is to be read."""
        return next((each.form for each in self._said if each.form != AS_NAMED and each.fits(path)), AS_NAMED)

    def typed(self, path: str, rows: Iterable[dict[str, object]]) -> list[dict[str, object]]:
        """Return rows with the cells of typed columns as values; an empty one is null, a wrong one stays."""
        columns: dict[str, Column] = {}
        for each in self._said:
            if each.columns and each.fits(path):
                columns |= each.columns
        found = list(rows)
        readers = _readers(columns, found[0]) if found and columns else {}
        return [_converted(row, readers) for row in found] if readers else found


def _fits(entry: Entry) -> Callable[[str], object]:
    if entry.foreach:
        loose = [
            re.compile(".*".join(map(re.escape, _SLOT.split(path))), re.DOTALL)
            for path in entry.paths or (entry.path,)
        ]
        return lambda path: any(each.fullmatch(path) for each in loose)
    if entry.pattern is not None:
        template = PathTemplate.pattern(entry.pattern)
        return lambda path: template.match(path) is not None
    return entry.paths.__contains__


def _form(entry: Entry) -> Form:
    named = entry.format_ if isinstance(entry.format_, str) else ""
    table = entry.table
    if table is None:
        return Form(named)
    return Form(named, table.delimiter, table.comment, None if table.header else tuple(table.columns))


def _columns(entry: Entry) -> dict[str, Column]:
    columns = entry.table.columns if entry.table is not None else {}
    if not isinstance(columns, dict):
        return {}
    return {name: column for name, column in columns.items() if column.type in _TYPED}


def _readers(columns: Mapping[str, Column], row: Mapping[str, object]) -> dict[str, Read]:
    readers: dict[str, Read] = {}
    for name, column in columns.items():
        glob = compile_glob(name)
        readers |= {each: reader_of(column) for each in row if each == name or glob.fullmatch(each)}
    return readers


def _converted(row: dict[str, object], readers: Mapping[str, Read]) -> dict[str, object]:
    return row | {name: _read(row.get(name), read) for name, read in readers.items() if name in row}


def _read(value: object, read: Read) -> object:
    if is_empty(value):
        return None
    try:
        return read(value)
    except ValueError:
        return value
