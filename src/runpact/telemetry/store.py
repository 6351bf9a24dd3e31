"""A telemetry store: takes events, answers questions.

Knows: when what was said is stored, that the file may vanish meanwhile.
Does not know: the shape of older files, how events arrive.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Self, TypeVar

import msgspec

from runpact.model.errors import UsageError, ValueRefusedError
from runpact.model.telemetry import (
    Overview,
    SourceTotals,
    StatsEvent,
    TimeBucket,
    read_event,
    utc_text,
)
from runpact.telemetry import questions
from runpact.telemetry.opening import Identity, identity_of, open_for_reading, open_for_writing
from runpact.telemetry.refusal import damaged, telling
from runpact.telemetry.shape import INSERT, event_of

T = TypeVar("T")
Row = TypeVar("Row", bound=msgspec.Struct)
Event = StatsEvent | Mapping[str, object]
MOST_LISTED = 2000
"""Events or buckets of one answer."""
_BATCH = 10_000
"""Events of one transaction: a long input neither fills memory nor keeps others waiting."""


class _ClassTotal(msgspec.Struct, frozen=True):
    class_name: str
    detections: int


class StatsStore:
    """A database of events, which several threads and processes may use at once.

    An insert that returned is stored: a killed process loses none of it.
    """

    def __init__(self, path: str | os.PathLike[str], *, is_reader: bool = False) -> None:
        """Store the path; `init_stats_db` and `open_stats_db` make a store that is ready.

        Args:
            path: The database.
            is_reader: It is asked only, and never made.
        """
        self.path = os.path.abspath(path)
        self._is_reader = is_reader
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._identity: Identity | None = None
        self._process = 0
        self._inherited: list[sqlite3.Connection | None] = []

    def ensure(self) -> None:
        """Open the database, made when it is missing.

        Raises:
            TelemetryError: Something else stands there, or it is damaged.
            StorageError: The file system refused.
        """
        self._do(lambda _connection: None)

    def close(self) -> None:
        """Close the database; the store opens it again when it is used."""
        self._notice_fork()
        with self._lock:
            self._drop()

    def __enter__(self) -> Self:
        """Return the store."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close the database."""
        self.close()

    def insert(self, event: Event) -> None:
        """Store one event.

        Raises:
            ValueRefusedError: It is none.
            StorageError: It was not stored.
        """
        row = read_event(event).row
        self._do(lambda connection: connection.execute(INSERT, row))

    def insert_many(self, events: Iterable[Event]) -> int:
        """Store events, ten thousand in a transaction; return how many.

        Raises:
            ValueRefusedError: One of them is none; of its ten thousand none is stored.
            StorageError: The last transaction was not stored.
        """
        count, rest = 0, iter(events)
        while rows := [read_event(event).row for event in itertools.islice(rest, _BATCH)]:
            self._do(functools.partial(_insert_all, rows=rows))
            count += len(rows)
        return count

    @contextlib.contextmanager
    def stream(self, *, batch: int = 1000, seconds: float = 0.2) -> Iterator[StatsStream]:
        """Take events one by one and store them in batches; what is pending is stored at the end.

        Args:
            batch: Events that are stored together at most.
            seconds: How long one may be pending while others arrive.
        """
        pushed = StatsStream(self, batch=batch, seconds=seconds)
        try:
            yield pushed
        finally:
            pushed.flush()

    def recent(self, limit: int = 50, *, source: str | None = None) -> tuple[StatsEvent, ...]:
        """Return the events that arrived last, newest first.

        Args:
            limit: Taken as 1 when it is less, as 2000 when it is more.
            source: Of this source only.
        """
        values = {"limit": _clamped(limit), "source": source}
        rows = self._do(lambda connection: connection.execute(questions.RECENT, values).fetchall())
        return tuple(event_of(row, self.path) for row in rows)

    def overview(self) -> Overview:
        """Return all events in five figures."""
        return self._ask(Overview, questions.OVERVIEW)[0]

    def per_class(self, last: int | None = 500, *, source: str | None = None) -> dict[str, int]:
        """Return the detections of each class, most first.

        Args:
            last: Over so many events that arrived last; None for all.
            source: Of this source only.
        """
        limit = -1 if last is None else max(last, 1)
        found = self._ask(_ClassTotal, questions.PER_CLASS, limit=limit, source=source)
        return {each.class_name: each.detections for each in found}

    def per_source(self) -> tuple[SourceTotals, ...]:
        """Return the totals of each source, by name."""
        return self._ask(SourceTotals, questions.PER_SOURCE)

    def buckets(
        self,
        seconds: int = 60,
        *,
        since: str | None = None,
        until: str | None = None,
        source: str | None = None,
        limit: int = MOST_LISTED,
    ) -> tuple[TimeBucket, ...]:
        """Return the totals of each stretch of time that has events, oldest first.

        Args:
            seconds: Length of a stretch; they begin at multiples of it since 1970.
            since: Only events from then on, ISO 8601 in UTC.
            until: Only events before then.
            source: Of this source only.
            limit: How many at most, the latest; at most 2000.

        Raises:
            UsageError: The length is not positive, or a time is none.
        """
        if seconds < 1:
            raise UsageError("a bucket has no length", expected="1 second or more", got=str(seconds))
        found = self._ask(
            TimeBucket,
            questions.BUCKETS,
            seconds=seconds,
            prefix=questions.SECOND if seconds % 60 else questions.MINUTE,
            since=_moment(since) if since else "",
            until=_moment(until) if until else "~",
            source=source,
            limit=_clamped(limit),
        )
        return found[::-1]

    def _ask(self, sort: type[Row], question: str, **values: object) -> tuple[Row, ...]:
        """Return the rows of an answer; the database may hold what nobody checked."""

        def asked(connection: sqlite3.Connection) -> tuple[Row, ...]:
            cursor = connection.execute(question, values)
            names = [column[0] for column in cursor.description]
            return tuple(
                msgspec.convert(dict(zip(names, row, strict=True)), sort) for row in cursor.fetchall()
            )

        try:
            return self._do(asked)
        except msgspec.ValidationError as error:
            raise damaged(self.path, str(error)) from error

    def _do(self, call: Callable[[sqlite3.Connection], T]) -> T:
        """Do something with the database; once more when its file was replaced or deleted meanwhile."""
        self._notice_fork()
        with self._lock, telling(self.path):
            try:
                return call(self._current())
            except sqlite3.Error:
                if self._identity == identity_of(self.path):
                    raise
            return call(self._current())

    def _notice_fork(self) -> None:
        """Begin anew in a forked child: SQLite's connections do not survive a fork, not even their end."""
        if self._process != os.getpid():
            self._inherited.append(self._connection)
            self._connection, self._process, self._lock = None, os.getpid(), threading.Lock()

    def _current(self) -> sqlite3.Connection:
        """Return a connection of this process to the file that stands at the path now."""
        if self._connection is not None and self._identity == identity_of(self.path):
            return self._connection
        self._drop()
        opened = (open_for_reading if self._is_reader else open_for_writing)(self.path)
        self._connection, self._identity = opened, identity_of(self.path)
        return opened

    def _drop(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None


class StatsStream:
    """Events on their way into a store."""

    def __init__(self, store: StatsStore, *, batch: int, seconds: float) -> None:
        """Store where they go; `StatsStore.stream` makes one."""
        self._store = store
        self._batch = min(batch, _BATCH)
        self._seconds = seconds
        self._pending: list[StatsEvent] = []
        self._since = 0.0
        self.stored = 0
        """How many are in the database; the others are lost when the process is killed."""

    def push(self, event: Event) -> None:
        """Take an event; it is stored with others, soon.

        Raises:
            ValueRefusedError: It is none; the others are not touched by it.
            StorageError: The batch was not stored, and stays pending.
        """
        taken, now = read_event(event), time.monotonic()
        if not self._pending:
            self._since = now
        self._pending.append(taken)
        if len(self._pending) >= self._batch or now - self._since >= self._seconds:
            self.flush()

    def flush(self) -> int:
        """Store what is pending; return how many events of this stream are stored."""
        count = self._store.insert_many(self._pending) if self._pending else 0
        self._pending.clear()
        self.stored += count
        return self.stored


def _insert_all(connection: sqlite3.Connection, rows: list[tuple[str, str, int, str, float]]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.executemany(INSERT, rows)
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.rollback()
        raise


def _clamped(limit: int) -> int:
    return min(max(limit, 1), MOST_LISTED)


def _moment(text: str) -> str:
    try:
        return utc_text(text)
    except ValueRefusedError as error:
        raise UsageError("a time cannot be read", expected=error.expected, got=text) from error
