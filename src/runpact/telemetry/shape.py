"""The table of events: its shape, the older ones, the way from there.

Knows: `user_version` 1 and what databases without a version may look like.
Does not know: where the file stands, how events are asked for.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import msgspec

from runpact.model.errors import UnknownVersionError, ValueRefusedError
from runpact.model.telemetry import StatsEvent, utc_text
from runpact.telemetry.refusal import damaged, refused

VERSION = 1
_TABLE = """\
CREATE TABLE stats_events (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    source_id        TEXT    NOT NULL,
    ts_utc           TEXT    NOT NULL,
    total_detections INTEGER NOT NULL,
    counts_by_class  TEXT    NOT NULL,
    latency_ms       REAL    NOT NULL
)"""
_INDEX = "CREATE INDEX stats_events_by_time ON stats_events (ts_utc)"
INSERT = """\
INSERT INTO stats_events (source_id, ts_utc, total_detections, counts_by_class, latency_ms)
VALUES (?, ?, ?, ?, ?)"""
"""Takes `StatsEvent.row`."""
_KEPT = """\
INSERT INTO stats_events (id, source_id, ts_utc, total_detections, counts_by_class, latency_ms)
VALUES (?, ?, ?, ?, ?, ?)"""
_OWN = {"id", "source_id", "ts_utc", "total_detections", "counts_by_class", "latency_ms"}
_ORIGINAL = {"id", "ts_received_utc", "ts_utc", "source_id", "total_detections", "latency_ms"} | {
    "counts_by_class_json",
    "payload_json",
}
"""Columns of databases that were written before there was a version."""
_FROM_OWN = """\
SELECT id, source_id, ts_utc, total_detections, counts_by_class, latency_ms, ts_utc
FROM stats_events_before ORDER BY id"""
_FROM_ORIGINAL = """\
SELECT id, source_id, ts_utc, total_detections, counts_by_class_json, latency_ms, ts_received_utc
FROM stats_events_before ORDER BY id"""


def is_current(connection: sqlite3.Connection, path: str) -> bool:
    """Say whether the table has its present shape; False when it can be given it.

    Raises:
        TelemetryError: This is no telemetry database.
        UnknownVersionError: A later runpact made it.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise UnknownVersionError(
            "a later runpact made this telemetry database", at=path, expected=f"{VERSION}", got=f"{version}"
        )
    columns = _columns(connection, path)
    if version == VERSION and columns == _OWN:
        return True
    if version or (columns and columns not in (_OWN, _ORIGINAL)):
        raise refused(
            path,
            "`stats_events` has another shape than any that runpact knows",
            expected=", ".join(sorted(_OWN)),
            got=f"version {version}; {', '.join(sorted(columns)) or 'no table'}",
        )
    return False


def _columns(connection: sqlite3.Connection, path: str) -> set[str]:
    """Return the columns of the table; none when the database is empty.

    A view or trigger would answer in the table's place, or act on every event.
    """
    found = connection.execute("SELECT type, name FROM sqlite_master").fetchall()
    active = [f"{sort} {name}" for sort, name in found if sort not in {"table", "index"}]
    is_other = bool(found) and ("table", "stats_events") not in found
    if active or is_other:
        names = active or [name for _sort, name in found]
        raise refused(
            path,
            "this is no telemetry database",
            expected="a table `stats_events`, or nothing",
            got=f"{', '.join(names):.200}",
        )
    return {row[1] for row in connection.execute("PRAGMA table_info(stats_events)")}


def bring_up_to_date(connection: sqlite3.Connection, path: str) -> None:
    """Give a database its present shape, in one transaction; every event keeps its number.

    Raises:
        TelemetryError: An event of an older shape cannot be kept; nothing was changed.
    """
    execute = connection.execute
    execute("PRAGMA journal_mode = WAL")
    execute("BEGIN IMMEDIATE")
    try:
        if not is_current(connection, path):  # another process may have done it meanwhile
            before = _columns(connection, path)
            if before:
                execute("ALTER TABLE stats_events RENAME TO stats_events_before")
            execute(_TABLE)
            if before:
                old = execute(_FROM_ORIGINAL if before == _ORIGINAL else _FROM_OWN)
                connection.executemany(_KEPT, _kept(old, path))
                execute("DROP TABLE stats_events_before")
            execute(_INDEX)
            execute(f"PRAGMA user_version = {VERSION}")
        execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise


def _kept(rows: sqlite3.Cursor, path: str) -> Iterator[tuple[object, ...]]:
    """Yield the events of an older shape; one whose time is none gets that of its arrival."""
    for *stored, received in rows:
        try:
            utc_text(stored[2])
        except ValueRefusedError:
            stored[2] = received
        event = event_of(stored, path)
        yield (event.id, *event.row)


def event_of(row: list[object] | tuple[object, ...], path: str) -> StatsEvent:
    """Return the event that a row holds: its number, then the columns.

    Raises:
        TelemetryError: It holds none.
    """
    number, source, moment, total, counts, latency = row
    try:
        return msgspec.convert(
            {
                "id": number,
                "source_id": source,
                "ts_utc": moment,
                "total_detections": total,
                "counts_by_class": msgspec.json.decode(str(counts)),
                "latency_ms": latency,
            },
            StatsEvent,
        )
    except (ValueRefusedError, msgspec.MsgspecError) as error:
        told = f"{error}, got {error.got}" if isinstance(error, ValueRefusedError) else str(error)
        raise damaged(path, f"event {number}: {told}") from error
