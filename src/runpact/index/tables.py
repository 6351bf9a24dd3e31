"""The tables of the index.

Knows: their columns, their indexes, how a row is written and read back.
Does not know: where the database stands.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable

import msgspec

from runpact.model.names import is_text
from runpact.model.query.tree import stored
from runpact.model.summary import COLUMNS, IndexedRun

FORMAT = "runpact.index/3"
_ORDERED = ("started", "ended", "duration", "name", "state", "kind")
"""Columns that runs are often ordered or counted by."""

_OWN = (
    "n INTEGER PRIMARY KEY",
    "place NOT NULL",
    "directory NOT NULL",
    "inode INTEGER",
    "is_open INTEGER",
    "stamps BLOB",
    "owner BLOB",
    "document BLOB",
    "crc INTEGER",
)

_OF_LINE = ("view INTEGER", "place", "line BLOB", "crc INTEGER")

TABLES = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID",
    "CREATE TABLE directories (path PRIMARY KEY, stamp BLOB) WITHOUT ROWID",
    f"CREATE TABLE runs ({', '.join((*_OWN, *COLUMNS))})",
    "CREATE TABLE notes (uid TEXT PRIMARY KEY, stamp BLOB) WITHOUT ROWID",
    "CREATE TABLE keys (n INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    "CREATE TABLE facts (key INTEGER, value, run INTEGER, PRIMARY KEY (key, value, run)) WITHOUT ROWID",
    f"CREATE TABLE lines ({', '.join(_OF_LINE)}, PRIMARY KEY (view, place)) WITHOUT ROWID",
)
INDEXES = (
    "CREATE UNIQUE INDEX runs_by_place ON runs (place)",
    "CREATE INDEX runs_by_directory ON runs (directory, place, inode)",
    "CREATE INDEX runs_by_open ON runs (n) WHERE is_open",
    "CREATE INDEX runs_by_path ON runs (path)",
    "CREATE INDEX runs_by_id ON runs (id)",
    "CREATE INDEX runs_by_uid ON runs (uid)",
    *(f"CREATE INDEX runs_by_{column} ON runs ({column}, path)" for column in _ORDERED),
)
WIDTH = len(_OWN) + len(COLUMNS)
"""Values of one row, its number included."""

Place = str | bytes
"""A path as it is stored: text, or bytes when it is no UTF-8."""
Stamps = dict[str, tuple[int, ...] | None]
"""What is known of each record of a run, by its path in the run: inode, size, time of change.

None when it is missing; empty when it is too young to prove anything."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One run, as the index keeps it."""

    place: str
    """Relative to the data root, as the system names it."""
    inode: int
    stamps: Stamps
    owner: bytes = b""
    """What the state of a run that is not sealed follows from, as its reader wants it back."""
    run: IndexedRun
    lines: dict[int, bytes] = {}
    """How the contract's views list it, by the number of the view."""


def place_key(path: str) -> Place:
    """Return a path in the form it is stored in."""
    return path if is_text(path) else os.fsencode(path)


def path_of(place: Place) -> str:
    """Return the path of a stored form."""
    return place if isinstance(place, str) else os.fsdecode(place)


_DOCUMENT = msgspec.json.Encoder()
_RUN = msgspec.json.Decoder(IndexedRun)
_STAMPS = msgspec.msgpack.Decoder(Stamps)


def row_values(number: int, row: Row) -> tuple[object, ...]:
    """Return the values of one row of `runs`."""
    document = _DOCUMENT.encode(row.run)
    directory = row.place.rpartition("/")[0]
    values = row.run.columns()
    return (
        number,
        place_key(row.place),
        place_key(directory),
        row.inode,
        int(row.run.is_open),
        msgspec.msgpack.encode(row.stamps),
        row.owner,
        document,
        zlib.crc32(document),
        *(values[column] for column in COLUMNS),
    )


def fact_values(row: Row) -> list[tuple[str, object]]:
    """Return name and stored value of each fact of a run."""
    return [(name, stored(value)) for name, value in row.run.facts.items()]


def line_values(place: str, number: int, line: bytes) -> tuple[object, ...]:
    """Return the values of one row of `lines`."""
    return (number, place_key(place), line, zlib.crc32(line))


def read_lines(rows: Iterable[tuple[bytes, int]]) -> list[bytes]:
    """Return how a view lists runs.

    Raises:
        ValueError: A row is damaged.
    """
    check, lines = zlib.crc32, []
    for line, crc in rows:
        if check(line) != crc:
            raise ValueError("the checksum of a line is wrong")
        lines.append(line)
    return lines


def read_stamps(data: bytes) -> Stamps:
    """Return stamps.

    Raises:
        ValueError: They are damaged.
    """
    return _STAMPS.decode(data)


def read_run(document: bytes, crc: int, place: Place) -> IndexedRun:
    """Return what is known of a run.

    Raises:
        ValueError: The row is damaged.
    """
    if zlib.crc32(document) != crc:
        raise ValueError("the checksum of a row is wrong")
    run = _RUN.decode(document)
    if isinstance(place, str):
        return run
    return msgspec.structs.replace(run, summary=msgspec.structs.replace(run.summary, path=path_of(place)))
