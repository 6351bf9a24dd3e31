"""Events for tests, and databases as they were before there was a version."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from runpact.telemetry import StatsEvent

SIX = (
    "CREATE TABLE stats_events (id INTEGER PRIMARY KEY AUTOINCREMENT, source_id TEXT NOT NULL, "
    "ts_utc TEXT NOT NULL, total_detections INTEGER NOT NULL, counts_by_class TEXT NOT NULL, "
    "latency_ms REAL NOT NULL)"
)
EIGHT = (
    "CREATE TABLE stats_events (id INTEGER PRIMARY KEY AUTOINCREMENT, ts_received_utc TEXT NOT NULL, "
    "ts_utc TEXT NOT NULL, source_id TEXT NOT NULL, total_detections INTEGER NOT NULL, "
    "latency_ms REAL NOT NULL, counts_by_class_json TEXT NOT NULL, payload_json TEXT NOT NULL)"
)


def event(number: int = 0, *, source: str = "camera-1", latency: float = 2.0, **counts: int) -> StatsEvent:
    """Return an event of the `number`th second of a day."""
    counted = counts or {"seven": 1}
    return StatsEvent(
        source_id=source,
        ts_utc=f"2025-01-01T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}Z",
        total_detections=sum(counted.values()),
        counts_by_class=counted,
        latency_ms=latency,
    )


def make(path: Path, *statements: str, rows: tuple[str, list[tuple[object, ...]]] | None = None) -> None:
    """Write a database by hand."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    if rows is not None:
        connection.executemany(*rows)
    connection.commit()
    connection.close()


def original_row(number: int, moment: str, received: str) -> tuple[object, ...]:
    """Return a row of the eight columns."""
    counts = json.dumps({"seven": 2})
    return (number, received, moment, "camera-1", 2, 3.5, counts, json.dumps({"counts": counts}))


INTO_EIGHT = "INSERT INTO stats_events VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
INTO_SIX = "INSERT INTO stats_events VALUES (?, ?, ?, ?, ?, ?)"
