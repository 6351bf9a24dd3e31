"""Rows: events of a detector in service, stored and asked for."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable

from contest import Contest, Way, compete
from row import Scale, row

TABLE = (
    "CREATE TABLE stats_events (id INTEGER PRIMARY KEY AUTOINCREMENT, source_id TEXT NOT NULL, "
    "ts_utc TEXT NOT NULL, total_detections INTEGER NOT NULL, counts_by_class TEXT NOT NULL, "
    "latency_ms REAL NOT NULL)"
)
INSERT = (
    "INSERT INTO stats_events (source_id, ts_utc, total_detections, counts_by_class, latency_ms) "
    "VALUES (?, ?, ?, ?, ?)"
)
BATCH = 1000
WHY = "times, names and counts are checked, an index by time is kept; the floor writes rows that are ready"


def documents(count: int) -> list[dict[str, object]]:
    """Return events as a service parses them."""
    return [
        {
            "source_id": f"camera-{number % 4}",
            "ts_utc": f"2025-01-{number // 86400 % 28 + 1:02}T{number // 3600 % 24:02}:"
            f"{number // 60 % 60:02}:{number % 60:02}.250000+00:00",
            "total_detections": 5,
            "counts_by_class": {"3": 2, "7": 3},
            "latency_ms": 12.5,
        }
        for number in range(count)
    ]


def _by_hand(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(TABLE)
    return connection


def _against_floor(place: str, scale: Scale, ours: Callable[[list[dict[str, object]]], object]) -> Contest:
    count = scale.of(50_000, 5_000)
    events = documents(count)
    rows = [
        (
            e["source_id"],
            e["ts_utc"],
            e["total_detections"],
            json.dumps(e["counts_by_class"]),
            e["latency_ms"],
        )
        for e in events
    ]
    connection = _by_hand(os.path.join(place, "floor.db"))

    def floor(_number: int) -> None:
        for start in range(0, count, BATCH):
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(INSERT, rows[start : start + BATCH])
            connection.execute("COMMIT")

    try:
        ways = {"runpact": Way(lambda _number: ours(events)), "floor": Way(floor)}
        return compete(ways, repetitions=scale.of(12, 3), units=count)
    finally:
        connection.close()


@row(
    "telemetry",
    "events stored in batches, from parsed documents",
    goal=50_000,
    unit="events",
    why=WHY,
)
def telemetry_batches(place: str, scale: Scale) -> Contest:
    """Hand many events over at once."""
    from runpact.telemetry import init_stats_db

    with init_stats_db(os.path.join(place, "stats", "stats.db")) as store:
        return _against_floor(place, scale, store.insert_many)


@row(
    "telemetry-stream",
    "events pushed one by one into a stream that stores them by the thousand",
    goal=50_000,
    unit="events",
    why=WHY,
)
def telemetry_stream(place: str, scale: Scale) -> Contest:
    """Hand events over as they come."""
    from runpact.telemetry import init_stats_db

    with init_stats_db(os.path.join(place, "stats", "stats.db")) as store:

        def ours(events: list[dict[str, object]]) -> None:
            with store.stream(batch=BATCH) as stream:
                for event in events:
                    stream.push(event)

        return _against_floor(place, scale, ours)
