"""Files that are no telemetry database, or one of another time."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from integration.telemetry.events import EIGHT, INTO_EIGHT, INTO_SIX, SIX, event, make, original_row
from runpact.model.errors import UnknownVersionError
from runpact.telemetry import StorageError, TelemetryError, init_stats_db, open_stats_db

MOMENT = "2025-01-01T12:00:00+00:00"


@pytest.mark.requirement("D10.7")
def test_a_database_of_the_original_shape_is_migrated(database: Path) -> None:
    rows = [original_row(3, MOMENT, MOMENT), original_row(7, "yesterday-ish", "2025-01-02T12:00:00+00:00")]
    make(database, EIGHT, "CREATE INDEX idx_ts ON stats_events (ts_utc)", rows=(INTO_EIGHT, rows))
    with pytest.raises(TelemetryError, match="older shape"):
        open_stats_db(database)
    with init_stats_db(database) as store:
        found = store.recent()
        assert [each.id for each in found] == [7, 3]
        assert found[0].ts_utc == "2025-01-02T12:00:00.000000Z"
        assert found[1].counts_by_class == {"seven": 2}
        store.insert(event(1))
        assert store.recent(1)[0].id == 8
    with open_stats_db(database) as store:
        assert store.overview().events_total == 3


@pytest.mark.requirement("D10.7")
def test_a_table_of_six_columns_without_a_version_is_taken_over(database: Path) -> None:
    make(database, SIX, rows=(INTO_SIX, [(1, "camera", MOMENT, 2, '{"a": 2}', 1.5)]))
    with init_stats_db(database) as store:
        assert store.recent()[0].ts_utc == "2025-01-01T12:00:00.000000Z"


@pytest.mark.requirement("D10.7")
@pytest.mark.parametrize(
    "row",
    [
        (1, "camera", "yesterday-ish", 2, '{"a": 2}', 1.5),
        (1, "camera", MOMENT, 3, '{"a": 2}', 1.5),
        (1, "camera", MOMENT, 2, "not JSON", 1.5),
    ],
)
def test_an_older_event_that_cannot_be_kept_is_named_and_nothing_changes(
    database: Path, row: tuple[object, ...]
) -> None:
    make(database, SIX, rows=(INTO_SIX, [row]))
    with pytest.raises(TelemetryError, match="damaged") as caught:
        init_stats_db(database)
    assert caught.value.got.startswith("event 1: ")
    connection = sqlite3.connect(database)
    assert connection.execute("SELECT count(*) FROM stats_events").fetchone() == (1,)
    assert connection.execute("PRAGMA user_version").fetchone() == (0,)
    connection.close()


@pytest.mark.requirement("D10.7")
@pytest.mark.parametrize(
    "statements",
    [
        ("CREATE TABLE stats_events (id INTEGER PRIMARY KEY, other TEXT)",),
        ("CREATE TABLE songs (title TEXT)",),
        (SIX, "CREATE TRIGGER t AFTER INSERT ON stats_events BEGIN DELETE FROM stats_events; END"),
        ("CREATE TABLE a (b TEXT)", "CREATE VIEW stats_events AS SELECT 1 AS id, b FROM a"),
        ("PRAGMA user_version = 1",),
        (EIGHT, "PRAGMA user_version = 1"),
    ],
)
def test_another_programs_database_is_refused_and_left_alone(
    database: Path, statements: tuple[str, ...]
) -> None:
    make(database, *statements)
    before = database.read_bytes()
    with pytest.raises(TelemetryError) as caught:
        init_stats_db(database)
    assert "begin anew" in caught.value.hint
    assert database.read_bytes() == before


def test_a_database_of_a_later_runpact_is_refused(database: Path) -> None:
    make(database, SIX, "PRAGMA user_version = 2")
    with pytest.raises(UnknownVersionError, match="later"):
        init_stats_db(database)


def test_an_empty_file_becomes_a_database(database: Path) -> None:
    database.parent.mkdir()
    database.touch()
    with init_stats_db(database) as store:
        store.insert(event(1))
        assert store.overview().events_total == 1


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"SQLite format 3\x00" + b"\xff" * 5000])
def test_what_is_no_database_is_refused_and_left_alone(database: Path, content: bytes) -> None:
    database.parent.mkdir()
    database.write_bytes(content)
    for ask in (init_stats_db, open_stats_db):
        with pytest.raises(TelemetryError, match="damaged") as caught:
            ask(database)
        assert "begin anew" in caught.value.hint
    assert database.read_bytes() == content


def test_a_folder_or_pipe_is_refused_at_once(database: Path) -> None:
    database.mkdir(parents=True)
    with pytest.raises(TelemetryError, match="no file"):
        init_stats_db(database)
    pipe = database / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(TelemetryError, match="no file"):
        open_stats_db(pipe)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "stats").write_text("in the way")
    with pytest.raises(StorageError, match="telemetry database"):
        init_stats_db(tmp_path / "stats" / "stats.db")


@pytest.mark.parametrize(
    "change",
    [
        "counts_by_class = 'not JSON'",
        'counts_by_class = \'{"a": "many"}\'',
        "total_detections = 'many'",
        "source_id = x'ff'",
    ],
)
def test_rows_that_others_damaged_are_told_and_never_believed(database: Path, change: str) -> None:
    with init_stats_db(database) as store:
        store.insert(event(1))
        make(database, f"UPDATE stats_events SET {change}")
        with pytest.raises(TelemetryError, match="damaged"):
            store.recent()


def test_damaged_counts_are_told_when_classes_are_added_up(database: Path) -> None:
    with init_stats_db(database) as store:
        store.insert(event(1))
        make(database, "UPDATE stats_events SET counts_by_class = 'not JSON'")
        with pytest.raises(TelemetryError, match="damaged"):
            store.per_class()
        make(database, "UPDATE stats_events SET source_id = x'ff'")
        with pytest.raises(TelemetryError, match="damaged"):
            store.per_source()


def test_a_database_cut_in_half_is_damaged(database: Path) -> None:
    with init_stats_db(database) as store:
        store.insert_many(event(n) for n in range(2000))
    with database.open("r+b") as file:
        file.truncate(20_000)
    with pytest.raises(TelemetryError, match="damaged"), init_stats_db(database) as store:
        store.recent(2000)
