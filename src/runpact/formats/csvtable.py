"""Tables as text: header and rows.

Knows: how to stream a table without trusting its lines to be short.
Does not know: what its columns should be.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import BinaryIO

from runpact.model.facts import DamagedRowError, Form, FormatFault, TableFact, TableRows

MAX_LINE = 1024 * 1024
"""Longest line, bytes."""


_COMMAS, _TABS = Form(delimiter=","), Form(delimiter="\t")
_WHITESPACE = "whitespace"


def has_dialect(form: Form) -> bool:
    """Whether a form says how a table is spelled."""
    return bool(form.delimiter or form.comment or form.columns is not None)


def inspect(stream: BinaryIO, *, form: Form = _COMMAS) -> TableFact | FormatFault:
    """Report header and row count; every row must be as wide as the header."""
    table = read_table(stream, form=form)
    if isinstance(table, FormatFault):
        return table
    try:
        return TableFact(table.columns or (), sum(1 for _row in table.rows))
    except DamagedRowError as error:
        return error.fault


def inspect_tsv(stream: BinaryIO) -> TableFact | FormatFault:
    """Report header and row count of a table whose columns are parted by tabs."""
    return inspect(stream, form=_TABS)


def read_table(stream: BinaryIO, *, form: Form = _COMMAS) -> TableRows | FormatFault:
    """Return header and rows as a stream; every row must be as wide as the header."""
    reader = _reader(_rows_only(_lines(stream), form.comment), form.delimiter or ",")
    if form.columns is not None:
        return TableRows(form.columns, _as_wide(_guarded(reader), len(form.columns)))
    try:
        header = next(_guarded(reader), None)
    except DamagedRowError as error:
        return error.fault
    if not header:
        return FormatFault("invalid-csv", "there is no header")
    twice = _first_repeated(header)
    if twice is not None:
        return FormatFault("invalid-csv", f"the column `{twice[:80]}` stands twice")
    return TableRows(tuple(header), _as_wide(_guarded(reader), len(header)))


def _first_repeated(names: list[str]) -> str | None:
    known: set[str] = set()
    for name in names:
        if name in known:
            return name
        known.add(name)
    return None


def read_table_tsv(stream: BinaryIO) -> TableRows | FormatFault:
    """Return header and rows of a table whose columns are parted by tabs."""
    return read_table(stream, form=_TABS)


def _reader(lines: Iterator[str], delimiter: str) -> Iterator[list[str]]:
    if delimiter == _WHITESPACE:
        return (cells for line in lines if (cells := line.split()))
    return csv.reader(lines, delimiter=delimiter, strict=True)


def _rows_only(lines: Iterator[str], comment: str) -> Iterator[str]:
    return (line for line in lines if not line.startswith(comment)) if comment else lines


def _as_wide(rows: Iterator[list[str]], width: int) -> Iterator[list[str]]:
    for number, row in enumerate(rows):
        if len(row) != width:
            message = f"a row of {len(row)} cells below a header of {width}"
            raise DamagedRowError(FormatFault("invalid-csv", message, f"/{number}"))
        yield row


def _guarded(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    """Yield rows; whatever stops the reader becomes a fault."""
    try:
        yield from reader
    except (_RefusedError, csv.Error) as error:
        raise DamagedRowError(FormatFault("invalid-csv", str(error))) from error
    except UnicodeDecodeError as error:
        raise DamagedRowError(FormatFault("invalid-csv", f"not UTF-8: {error.reason}")) from error
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
        raise DamagedRowError(FormatFault("unreadable", message)) from error


class _RefusedError(Exception):
    """A line that is no text of a table; the message says why."""


def _lines(stream: BinaryIO) -> Iterator[str]:
    is_first = True
    while line := stream.readline(MAX_LINE + 1):
        if len(line) > MAX_LINE:
            raise _RefusedError(f"a line of more than {MAX_LINE} bytes")
        if b"\0" in line:
            raise _RefusedError("it holds NUL bytes")
        if is_first and line.startswith(b"\xef\xbb\xbf"):
            raise _RefusedError("begins with a byte order mark")
        is_first = False
        yield line.decode("utf-8")
