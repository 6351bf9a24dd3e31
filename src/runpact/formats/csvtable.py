"""Tables as text: header and number of rows.

Knows: how to stream a table without trusting its lines to be short.
Does not know: what its columns should be.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import BinaryIO

from runpact.model.facts import FormatFault, Json, TableFact

MAX_LINE = 1024 * 1024
"""Longest line, bytes."""


def inspect(stream: BinaryIO, *, delimiter: str = ",") -> TableFact | FormatFault:
    """Report header and row count; every row must be as wide as the header."""
    try:
        return _count(csv.reader(_lines(stream), delimiter=delimiter, strict=True))
    except _RefusedError as refusal:
        return FormatFault("invalid-csv", str(refusal))
    except UnicodeDecodeError as error:
        return FormatFault("invalid-csv", f"not UTF-8: {error.reason}")
    except csv.Error as error:
        return FormatFault("invalid-csv", str(error))
    except OSError as error:
        return FormatFault("unreadable", f"cannot be read: {error.strerror or error}")


def inspect_tsv(stream: BinaryIO) -> TableFact | FormatFault:
    """Report header and row count of a table whose columns are parted by tabs."""
    return inspect(stream, delimiter="\t")


class _RefusedError(Exception):
    """A line that is no text of a table; the message says why."""


def _count(reader: Iterator[list[str]]) -> TableFact | FormatFault:
    header = next(reader, None)
    if not header:
        return FormatFault("invalid-csv", "there is no header")
    count = 0
    for row in reader:
        if len(row) != len(header):
            message = f"a row of {len(row)} cells below a header of {len(header)}"
            return FormatFault("invalid-csv", message, f"/{count}")
        count += 1
    return TableFact(tuple(header), count)


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


MAX_ROWS = 1_000_000
"""Most rows held at once."""


def rows(stream: BinaryIO, *, delimiter: str = ",") -> list[dict[str, Json]] | FormatFault:
    """Return every row of a table by column; every row must be as wide as the header."""
    try:
        reader = csv.reader(_lines(stream), delimiter=delimiter, strict=True)
        return _by_column(reader)
    except _RefusedError as refusal:
        return FormatFault("invalid-csv", str(refusal))
    except UnicodeDecodeError as error:
        return FormatFault("invalid-csv", f"not UTF-8: {error.reason}")
    except csv.Error as error:
        return FormatFault("invalid-csv", str(error))
    except OSError as error:
        return FormatFault("unreadable", f"cannot be read: {error.strerror or error}")


def rows_tsv(stream: BinaryIO) -> list[dict[str, Json]] | FormatFault:
    """Return every row of a table whose columns are parted by tabs."""
    return rows(stream, delimiter="\t")


def _by_column(reader: Iterator[list[str]]) -> list[dict[str, Json]] | FormatFault:
    header = next(reader, None)
    if not header:
        return FormatFault("invalid-csv", "there is no header")
    found: list[dict[str, Json]] = []
    for row in reader:
        if len(row) != len(header):
            message = f"a row of {len(row)} cells below a header of {len(header)}"
            return FormatFault("invalid-csv", message, f"/{len(found)}")
        if len(found) >= MAX_ROWS:
            return FormatFault("too-large", f"more than {MAX_ROWS} rows")
        found.append(dict(zip(header, row, strict=True)))
    return found
