"""SQLite databases, by their schema.

Knows: how to ask for tables and columns without changing, locking or executing anything.
Does not know: rows. What stands in a write-ahead log beside the file is not seen.

Source:
    https://www.sqlite.org/fileformat2.html, 1.3; https://www.sqlite.org/uri.html, "immutable";
    https://www.sqlite.org/security.html
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, BinaryIO

from runpact.formats.headerbytes import DamagedHeaderError, HeaderBytes, read_header
from runpact.model.facts import FormatFault, HeaderFact, Json

if TYPE_CHECKING:
    import sqlite3

_DESCRIPTORS = "/dev/fd"
"""Where open files can be opened once more, without going by their names."""
_ENCODINGS = {1: "UTF-8", 2: "UTF-16le", 3: "UTF-16be"}
_MOST_STEPS = 1_000
"""Rounds of `_STEP` instructions after which an answer is no longer waited for."""
_STEP = 10_000
_MOST_NAMES = 10_000
_COLUMNS = "SELECT name, type, pk FROM pragma_table_xinfo(?) ORDER BY cid"
_NAMES = "SELECT type, name, coalesce(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite!_%' ESCAPE '!'"


def inspect(stream: BinaryIO) -> HeaderFact | FormatFault:
    """Report versions, tables with their columns, views and indexes."""
    return read_header(stream, "invalid-sqlite", _database)


def _database(source: HeaderBytes) -> Json:
    head = source.at(0, 100)
    if head[:16] != b"SQLite format 3\0":
        raise DamagedHeaderError("it does not begin as SQLite does")
    page_size = int.from_bytes(head[16:18], "big")
    told: dict[str, Json] = {
        "user_version": int.from_bytes(head[60:64], "big", signed=True),
        "application_id": int.from_bytes(head[68:72], "big"),
        "page_size": 65_536 if page_size == 1 else page_size,
        "encoding": _ENCODINGS.get(int.from_bytes(head[56:60], "big"), "none"),
    }
    return told | _schema(source.stream)


def _schema(stream: BinaryIO) -> dict[str, Json]:
    import sqlite3  # noqa: PLC0415 - only a claim about a database pays for it

    place = f"file:{_DESCRIPTORS}/{stream.fileno()}?mode=ro&immutable=1"
    if not os.path.exists(_DESCRIPTORS):
        raise DamagedHeaderError("this system does not let it be opened without its name")
    try:
        connection = sqlite3.connect(place, uri=True, isolation_level=None)
    except sqlite3.Error as error:
        raise DamagedHeaderError(f"it cannot be opened: {error}") from error
    try:
        return _read(connection)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise DamagedHeaderError(f"it cannot be read: {error}") from error
    finally:
        connection.close()


def _read(connection: sqlite3.Connection) -> dict[str, Json]:
    rounds = iter(range(_MOST_STEPS))
    connection.set_progress_handler(lambda: next(rounds, None) is None, _STEP)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    found = connection.execute(_NAMES).fetchmany(_MOST_NAMES + 1)
    if len(found) > _MOST_NAMES:
        raise DamagedHeaderError(f"it has more than {_MOST_NAMES} tables, views and indexes")
    tables = {name: sql for sort, name, sql in found if sort == "table"}
    return {
        "tables": {name: _table(connection, name, sql) for name, sql in tables.items()},
        "views": sorted(name for sort, name, _sql in found if sort == "view"),
        "indexes": sorted(name for sort, name, _sql in found if sort == "index"),
    }


def _table(connection: sqlite3.Connection, name: str, sql: str) -> Json:
    """Return the columns of a table; of a virtual one none, as asking would start its module."""
    if sql[:20].upper().startswith("CREATE VIRTUAL"):
        return {"columns": {}, "key": [], "virtual": True}
    columns = connection.execute(_COLUMNS, (name,)).fetchall()
    keys = sorted((place, column) for column, _type, place in columns if place)
    return {
        "columns": {column: sort for column, sort, _place in columns},
        "key": [column for _place, column in keys],
        "virtual": False,
    }
