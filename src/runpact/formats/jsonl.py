"""JSON Lines: one strict JSON document a line.

Knows: how to stream the lines, and that a blank one is a fault.
Does not know: what a line should contain.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from runpact.formats import jsondoc
from runpact.formats.limits import MAX_ITEMS, MAX_SIZE
from runpact.model.facts import DocumentFact, FormatFault, Json

MAX_JSONL = 4 * MAX_SIZE
"""Most bytes held as rows of one document."""


def rows(stream: BinaryIO) -> Iterator[DocumentFact | FormatFault]:
    """Yield each line's document; a fault names the line, from 0, and ends the rows."""
    number = 0
    while line := stream.readline(MAX_SIZE + 2):
        row = _row(line, number)
        yield row
        if isinstance(row, FormatFault):
            return
        number += 1


def inspect(stream: BinaryIO) -> DocumentFact | FormatFault:
    """Report all rows as one list."""
    values: list[Json] = []
    try:
        for row in rows(stream):
            if isinstance(row, FormatFault):
                return row
            values.append(row.value)
            if len(values) > MAX_ITEMS or stream.tell() > MAX_JSONL:
                return FormatFault("too-large", f"more than {MAX_ITEMS} rows or {MAX_JSONL} bytes")
    except OSError as error:
        return FormatFault("unreadable", f"cannot be read: {error.strerror or error}")
    return DocumentFact(values, is_rows=True)


def _row(line: bytes, number: int) -> DocumentFact | FormatFault:
    if len(line) > MAX_SIZE + 1:
        return FormatFault("too-large", f"a line of more than {MAX_SIZE} bytes", f"/{number}")
    if not line.strip():
        return FormatFault("invalid-jsonl", "a blank line", f"/{number}")
    row = jsondoc.parse(line.rstrip(b"\r\n"))
    if isinstance(row, FormatFault):
        code = "invalid-jsonl" if row.code == "invalid-json" else row.code
        return FormatFault(code, row.message, f"/{number}{row.pointer}")
    return row
