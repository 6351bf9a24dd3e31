"""A telemetry store takes events and answers questions."""

from __future__ import annotations

import itertools
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from integration.telemetry.events import event
from runpact.model.errors import UsageError
from runpact.telemetry import (
    StorageError,
    TelemetryError,
    ValueRefusedError,
    init_stats_db,
    open_stats_db,
)

WRITER = """\
import sys
from runpact.telemetry import init_stats_db
store = init_stats_db(sys.argv[1])
for number in range(int(sys.argv[3])):
    store.insert({"source_id": sys.argv[2], "ts_utc": "2025-01-01T12:00:00Z", "total_detections": 1,
                  "counts_by_class": {"seven": 1}, "latency_ms": 1.0})
    print(number + 1, flush=True)
"""


@pytest.mark.requirement("D10.1", "D10.2", "D10.4", "D10.6", "D2.8")
def test_the_first_use_makes_the_table_of_the_contract(database: Path) -> None:
    with init_stats_db(database) as store:
        assert store.overview().events_total == 0
    connection = sqlite3.connect(database)
    columns = [tuple(row[1:4]) for row in connection.execute("PRAGMA table_info(stats_events)")]
    assert columns == [
        ("id", "INTEGER", 0),
        ("source_id", "TEXT", 1),
        ("ts_utc", "TEXT", 1),
        ("total_detections", "INTEGER", 1),
        ("counts_by_class", "TEXT", 1),
        ("latency_ms", "REAL", 1),
    ]
    (made,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'stats_events'").fetchone()
    assert "AUTOINCREMENT" in made
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


@pytest.mark.requirement("D10.5")
def test_ten_thousand_events_take_less_than_two_and_a_half_megabytes(database: Path) -> None:
    with init_stats_db(database) as store:
        assert store.insert_many(event(n, one=1, seven=2, nine=3) for n in range(10_000)) == 10_000
    assert [path.name for path in database.parent.iterdir()] == ["stats.db"]
    assert database.stat().st_size <= 2_500_000


@pytest.mark.requirement("D10.9")
def test_recent_events_come_newest_first_and_their_number_is_bounded(database: Path) -> None:
    with init_stats_db(database) as store:
        store.insert_many(event(n, source=f"camera-{n % 2}") for n in range(2100))
        assert [found.id for found in store.recent(3)] == [2100, 2099, 2098]
        assert len(store.recent(5000)) == 2000
        assert len(store.recent(-5)) == 1
        assert {found.source_id for found in store.recent(9, source="camera-1")} == {"camera-1"}
        assert store.recent(1)[0].counts_by_class == {"seven": 1}


@pytest.mark.requirement("D10.9")
def test_an_overview_has_five_figures(database: Path) -> None:
    with init_stats_db(database) as store:
        empty = store.overview()
        assert (empty.events_total, empty.detections_total, empty.source_count) == (0, 0, 0)
        assert (empty.avg_latency_ms, empty.last_event_ts_utc) == (None, None)
        store.insert(event(60, latency=1.0, one=2))
        store.insert(event(5, latency=4.0, source="b", seven=1))
        full = store.overview()
        assert (full.events_total, full.detections_total, full.source_count) == (2, 3, 2)
        assert (full.avg_latency_ms, full.last_event_ts_utc) == (2.5, "2025-01-01T00:01:00.000000Z")


@pytest.mark.requirement("D10.9")
def test_classes_are_counted_over_the_last_events(database: Path) -> None:
    with init_stats_db(database) as store:
        store.insert(event(0, old=9))
        store.insert_many(event(n, source=f"camera-{n % 2}", one=1, seven=3) for n in range(500))
        assert store.per_class() == {"seven": 1500, "one": 500}
        assert store.per_class(None)["old"] == 9
        assert store.per_class(0, source="camera-0") == {"seven": 3, "one": 1}


def test_sources_have_totals(database: Path) -> None:
    with init_stats_db(database) as store:
        store.insert_many(
            [event(1, source="b", one=2), event(2, source="a"), event(3, source="b", latency=4)]
        )
        found = [
            (each.source_id, each.events, each.detections, each.avg_latency_ms) for each in store.per_source()
        ]
        assert found == [("a", 1, 1, 2.0), ("b", 2, 3, 3.0)]


def test_stretches_of_time_are_added_up(database: Path) -> None:
    with init_stats_db(database) as store:
        store.insert_many([event(0), event(59, latency=4.0), event(60), event(3599, source="b")])
        minutes = [(each.start_ts_utc[11:19], each.events) for each in store.buckets(60)]
        assert minutes == [("00:00:00", 2), ("00:01:00", 1), ("00:59:00", 1)]
        assert store.buckets(60)[0].avg_latency_ms == 3.0
        odd = [(each.start_ts_utc[11:19], each.events) for each in store.buckets(45, limit=2)]
        assert odd == [("00:00:45", 2), ("00:59:15", 1)]
        within = store.buckets(3600, since="2025-01-01T00:00:59Z", until="2025-01-01T00:59:59Z")
        assert [each.events for each in within] == [2]
        assert [each.events for each in store.buckets(3600, source="b")] == [1]
        with pytest.raises(UsageError, match="no length"):
            store.buckets(0)
        with pytest.raises(UsageError, match="time"):
            store.buckets(since="yesterday-ish")


def test_questions_that_no_database_can_answer_are_refused(database: Path) -> None:
    with init_stats_db(database) as store:
        store.insert(event(1))
        for ask in (
            lambda: store.buckets(10**30),
            lambda: store.per_class(10**30),
            lambda: store.recent(source="\ud800"),
        ):
            with pytest.raises(UsageError, match="cannot be asked for"):
                ask()
        assert store.overview().events_total == 1


def test_a_refused_event_takes_nothing_with_it_but_its_batch(database: Path) -> None:
    with init_stats_db(database) as store:
        with pytest.raises(ValueRefusedError):
            store.insert_many(itertools.chain((event(n) for n in range(10_000)), [event(1), {"bad": 1}]))
        assert store.overview().events_total == 10_000
        with pytest.raises(ValueRefusedError):
            store.insert({"ts_utc": "yesterday-ish"})


def test_a_stream_stores_in_batches_by_time_and_at_its_end(database: Path) -> None:
    with init_stats_db(database) as store:
        with store.stream(batch=3, seconds=60) as stream:
            for number in range(7):
                stream.push(event(number))
            assert (stream.stored, store.overview().events_total) == (6, 6)
        assert (stream.stored, stream.flush()) == (7, 7)
        with store.stream(seconds=0.0) as hasty:
            hasty.push(event(1))
            assert hasty.stored == 1


def test_what_is_pending_is_stored_when_the_stream_ends_with_an_error(database: Path) -> None:
    pushes = [event(1), {"bad": 1}]
    with init_stats_db(database) as store:
        with pytest.raises(ValueRefusedError), store.stream() as stream:
            list(map(stream.push, pushes))
        assert store.overview().events_total == 1


@pytest.mark.requirement("D10.3")
def test_a_store_that_was_stopped_and_deleted_begins_anew(database: Path) -> None:
    with init_stats_db(database) as store:
        store.insert(event(1))
    database.unlink()
    with init_stats_db(database) as store:
        store.insert(event(2))
        assert [found.id for found in store.recent()] == [1]


@pytest.mark.requirement("D10.8", "D10.3")
@pytest.mark.parametrize("gone", [("",), ("", "-wal", "-shm"), ("", "-wal")])
def test_a_database_deleted_in_use_is_made_again(database: Path, gone: tuple[str, ...]) -> None:
    with init_stats_db(database) as store, init_stats_db(database) as other:
        store.insert(event(1))
        other.insert(event(2))
        for end in gone:
            Path(f"{database}{end}").unlink()
        store.insert(event(3))
        other.insert(event(4))
        assert [found.ts_utc[17:19] for found in store.recent()] == ["04", "03"]
        assert other.overview().events_total == 2


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b""])
def test_what_takes_the_place_of_a_database_in_use_is_no_database(database: Path, content: bytes) -> None:
    with init_stats_db(database) as store:
        store.insert(event(1))
        database.unlink()  # the journal stays, and SQLite would believe it
        database.write_bytes(content)
        if content:
            with pytest.raises(TelemetryError, match="damaged"):
                store.insert(event(2))
            assert database.read_bytes() == content
        else:
            store.insert(event(2))
            assert store.overview().events_total == 1


@pytest.mark.requirement("D10.8")
def test_a_folder_deleted_in_use_is_made_again(database: Path) -> None:
    with init_stats_db(database) as store:
        store.insert(event(1))
        for path in database.parent.iterdir():
            path.unlink()
        database.parent.rmdir()
        store.insert_many([event(2)])
        assert store.overview().events_total == 1


def test_several_processes_write_at_once_and_lose_nothing(database: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(database)]
    children = [
        subprocess.Popen([*command, f"camera-{n}", "50"], stdout=subprocess.DEVNULL) for n in range(4)
    ]
    assert [child.wait() for child in children] == [0, 0, 0, 0]
    with open_stats_db(database) as store:
        assert [each.events for each in store.per_source()] == [50, 50, 50, 50]


def test_a_killed_process_loses_nothing_that_it_was_told_is_stored(database: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(database), "camera", "100000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for _number in range(20):
            told = child.stdout.readline()
        child.send_signal(signal.SIGKILL)
        told = (child.stdout.read().splitlines() or [told])[-1]
    with init_stats_db(database) as store:
        assert store.overview().events_total >= int(told)


def test_threads_share_a_store(database: Path) -> None:
    with init_stats_db(database) as store:
        threads = [
            threading.Thread(target=store.insert_many, args=([event(n) for n in range(100)],))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert store.overview().events_total == 400


def test_a_forked_child_has_a_connection_of_its_own(database: Path) -> None:
    with init_stats_db(database) as store:
        store.insert(event(1))
        child = os.fork()
        if child == 0:
            store.insert(event(2))
            store.close()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        store.insert(event(3))
        assert store.overview().events_total == 3


def test_a_reader_makes_nothing_and_writes_nothing(database: Path) -> None:
    with pytest.raises(TelemetryError, match="no telemetry database"):
        open_stats_db(database)
    assert not database.parent.exists()
    with init_stats_db(database) as store:
        store.insert(event(1))
    with open_stats_db(database) as reader:
        assert reader.overview().events_total == 1
        with pytest.raises(StorageError, match="readonly"):
            reader.insert(event(2))


def test_a_database_that_others_keep_is_busy(database: Path) -> None:
    with init_stats_db(database) as store:
        other = sqlite3.connect(database, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        store._connection.execute("PRAGMA busy_timeout = 10")
        began = time.monotonic()
        with pytest.raises(StorageError, match="busy"):
            store.insert_many([event(1)])
        other.close()
        assert time.monotonic() - began < 5
        assert store.insert_many([event(1)]) == 1
