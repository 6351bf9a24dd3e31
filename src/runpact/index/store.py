"""The index as a database.

Knows: how it is opened, built, changed and asked; what damage SQLite tells of.
Does not know: run directories.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator

import msgspec

from runpact.index.damage import BusyIndexError, OtherIndexError, UnusableIndexError, telling_damage
from runpact.index.lines import Lines
from runpact.index.soundness import faults_in
from runpact.index.tables import (
    FORMAT,
    INDEXES,
    TABLES,
    WIDTH,
    Row,
    Stamps,
    fact_values,
    path_of,
    place_key,
    read_run,
    read_stamps,
    row_values,
)
from runpact.model.query.glob import glob_holds
from runpact.model.query.sql import GLOB, Clause
from runpact.model.query.tree import Stored
from runpact.model.summary import IndexedRun

_WAIT_SECONDS = 30.0
_KEPT_PAGES = 16_384
"""Kibibytes of pages kept in memory."""
_AMISS = ("abandoned", "corrupt", "unknown")
_INSERT = f"INSERT INTO runs VALUES ({', '.join('?' * WIDTH)})"
_DELETE = "DELETE FROM facts WHERE value = ? AND run = ? AND key = (SELECT n FROM keys WHERE name = ?)"
READ = "r.place, r.stamps, r.document, r.crc"
"""Columns of a query for `Store.select`."""


class Found(msgspec.Struct, frozen=True):
    """One run of an answer."""

    place: str
    stamps: Stamps
    run: IndexedRun
    order: tuple[Stored | None, ...]
    """Values that it is ordered by."""


class Store:
    """An open index."""

    def __init__(self, connection: sqlite3.Connection, path: str | None) -> None:
        """Store the connection; `open`, `build` and `in_memory` make one.

        Args:
            connection: In autocommit mode.
            path: The database's file, None in memory.
        """
        self._connection = connection
        self.path = path
        self.lines = Lines(connection, path)
        """How views list the runs."""

    @classmethod
    def open(cls, path: str, layout: str) -> Store:
        """Open an index that exists.

        Args:
            path: Its file.
            layout: What it must have been made for.

        Raises:
            UnusableIndexError: It is missing, damaged, or made for something else.
            BusyIndexError: It cannot be read now.
        """
        with telling_damage():
            connection = sqlite3.connect(
                f"file:{_in_uri(path)}?mode=rw", uri=True, isolation_level=None, timeout=_WAIT_SECONDS
            )
        store = cls(connection, path)
        try:
            with telling_damage():
                _teach(connection)
                connection.execute("PRAGMA synchronous = NORMAL")
                connection.execute(f"PRAGMA cache_size = -{_KEPT_PAGES}")
                connection.execute("PRAGMA cell_size_check = ON")
                store.demand(layout)
        except BaseException:
            store.close()
            raise
        return store

    @classmethod
    def build(cls, path: str | None, layout: str) -> Store:
        """Make an empty index without keys for searching; `fill` completes it.

        Args:
            path: A file that does not exist; None for memory.
            layout: What it is made for.

        Raises:
            UnusableIndexError: It cannot be made there.
        """
        with telling_damage():
            where = f"file:{_in_uri(path)}?mode=rwc" if path else ":memory:"
            connection = sqlite3.connect(where, uri=path is not None, isolation_level=None)
            _teach(connection)
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("PRAGMA journal_mode = OFF")
            connection.execute(f"PRAGMA cache_size = -{_KEPT_PAGES}")
            for table in TABLES:
                connection.execute(table)
            facts = {"format": FORMAT, "layout": layout}
            connection.executemany("INSERT INTO meta VALUES (?, ?)", facts.items())
        return cls(connection, path)

    def close(self) -> None:
        """Close the database."""
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()

    def fill(
        self, directories: dict[str, bytes], rows: Iterable[Row], notes: dict[str, bytes] | None = None
    ) -> None:
        """Load a new index in one go, sorted by what it is searched by; from then on it is in WAL mode."""
        with telling_damage():
            execute = self._connection.execute
            execute("BEGIN")
            execute("CREATE TEMP TABLE loaded (name, value, run)")
            for number, row in enumerate(rows, start=1):
                execute(_INSERT, row_values(number, row))
                facts = ((name, value, number) for name, value in fact_values(row))
                self._connection.executemany("INSERT INTO loaded VALUES (?, ?, ?)", facts)
                self.lines.load(row)
            execute("INSERT INTO keys (name) SELECT DISTINCT name FROM loaded ORDER BY name")
            execute(
                "INSERT INTO facts SELECT k.n AS key, value, run FROM loaded JOIN keys k USING (name) "
                "ORDER BY key, value, run"
            )
            self._connection.executemany(
                "INSERT INTO directories VALUES (?, ?)",
                ((place_key(path), stamp) for path, stamp in directories.items()),
            )
            self._connection.executemany("INSERT INTO notes VALUES (?, ?)", (notes or {}).items())
            for index in INDEXES:
                execute(index)
            execute("COMMIT")
            execute("DROP TABLE loaded")
            if self.path is not None:
                execute("PRAGMA journal_mode = WAL")

    def demand(self, layout: str) -> None:
        """Refuse an index that was made for something else.

        Raises:
            UnusableIndexError: It was, or is none.
        """
        with telling_damage():
            found = dict(self._connection.execute("SELECT name, value FROM meta"))
        if found.get("format") != FORMAT or found.get("layout") != layout:
            message = "made by another runpact or for another contract"
            raise OtherIndexError(message)

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """See one state of the index for the length of the block."""
        with self._transaction("BEGIN"):
            yield

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Be the only writer for the length of the block; its changes are seen together or not at all."""
        with self._transaction("BEGIN IMMEDIATE"):
            yield

    @contextlib.contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        with telling_damage():
            self._connection.execute(begin)
        try:
            yield
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            raise
        with telling_damage():
            self._connection.execute("COMMIT")

    def noted(self, name: str) -> float:
        """Return a figure that was noted, 0 without one."""
        with telling_damage():
            found = self._connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
            return float(found[0]) if found else 0.0

    def note(self, name: str, value: float) -> None:
        """Keep a figure."""
        with telling_damage():
            self._connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def directories(self) -> dict[str, bytes]:
        """Return the stamp of each directory that was listed, by its path."""
        with telling_damage():
            rows = self._connection.execute("SELECT path, stamp FROM directories")
            return {path_of(path): stamp for path, stamp in rows}

    def members(self, directory: str) -> dict[str, int]:
        """Return the inode of each run that stands directly in a directory, by its path."""
        with telling_damage():
            rows = self._connection.execute(
                "SELECT place, inode FROM runs WHERE directory = ?", (place_key(directory),)
            )
            found = dict(rows)
        for place in [place for place in found if isinstance(place, bytes)]:
            found[path_of(place)] = found.pop(place)
        return found

    def open_runs(self) -> list[tuple[str, Stamps, bytes]]:
        """Return path, stamps and owner of each run that is not sealed."""
        return list(self._stamped("WHERE is_open"))

    def closed_runs(self) -> Iterator[tuple[str, Stamps, bytes]]:
        """Yield path, stamps and owner of each run that is sealed, or foreign."""
        return self._stamped("WHERE NOT is_open")

    def _stamped(self, condition: str) -> Iterator[tuple[str, Stamps, bytes]]:
        with telling_damage():
            for place, stamps, owner in self._connection.execute(
                f"SELECT place, stamps, owner FROM runs {condition}"
            ):
                yield path_of(place), read_stamps(stamps), owner

    def put(self, row: Row) -> None:
        """Add a run, or replace what is known of it."""
        number = self.remove(row.place)
        with telling_damage():
            execute = self._connection.execute
            if number is None:
                (number,) = execute("SELECT ifnull(max(n), 0) + 1 FROM runs").fetchone()
            execute(_INSERT, row_values(number, row))
            for name, value in fact_values(row):
                execute("INSERT OR IGNORE INTO keys (name) VALUES (?)", (name,))
                execute("INSERT INTO facts SELECT n, ?, ? FROM keys WHERE name = ?", (value, number, name))
        self.lines.put(row)

    def remove(self, place: str) -> int | None:
        """Forget a run; return its number, None when it was not known."""
        with telling_damage():
            execute = self._connection.execute
            key = place_key(place)
            known = execute("SELECT n, document, crc FROM runs WHERE place = ?", (key,)).fetchone()
            if known is None:
                return None
            number, document, crc = known
            row = Row(place=place, inode=0, stamps={}, run=read_run(document, crc, key))
            for name, value in fact_values(row):
                gone = execute(
                    _DELETE,
                    (value, number, name),
                )
                if gone.rowcount != 1:
                    raise ValueError("a fact of a run is missing")
            execute("DELETE FROM runs WHERE n = ?", (number,))
        self.lines.remove(place)
        return int(number)

    def put_directory(self, path: str, stamp: bytes) -> None:
        """Note that a directory was listed."""
        with telling_damage():
            self._connection.execute(
                "INSERT OR REPLACE INTO directories VALUES (?, ?)", (place_key(path), stamp)
            )

    def remove_directory(self, path: str) -> None:
        """Forget a directory that is no longer there; the runs in it are not asked for again."""
        with telling_damage():
            self._connection.execute("DELETE FROM directories WHERE path = ?", (place_key(path),))

    def notes(self) -> dict[str, bytes]:
        """Return the stamp of each file of tags and notes, by the uid of its run."""
        with telling_damage():
            return dict(self._connection.execute("SELECT uid, stamp FROM notes"))

    def put_note(self, uid: str, stamp: bytes | None) -> None:
        """Note that a file of tags was looked at; None when it is gone."""
        with telling_damage():
            if stamp is None:
                self._connection.execute("DELETE FROM notes WHERE uid = ?", (uid,))
            else:
                self._connection.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (uid, stamp))

    def places_of(self, uid: str) -> list[str]:
        """Return the paths of the runs with that uid."""
        with telling_damage():
            return [
                path_of(place)
                for (place,) in self._connection.execute("SELECT place FROM runs WHERE uid = ?", (uid,))
            ]

    def places(self) -> list[str]:
        """Return the path of every run."""
        with telling_damage():
            return [path_of(place) for (place,) in self._connection.execute("SELECT place FROM runs")]

    def amiss(self) -> list[str]:
        """Return the paths of the runs that are not sealed, or not whole."""
        states = ", ".join(f"'{state}'" for state in _AMISS)
        query = f"SELECT place FROM runs WHERE is_open OR state IN ({states})"
        with telling_damage():
            return [path_of(place) for (place,) in self._connection.execute(query)]

    def uids(self) -> set[str]:
        """Return the uid of every run that has one."""
        with telling_damage():
            rows = self._connection.execute("SELECT uid FROM runs WHERE uid IS NOT NULL")
            return {str(uid) for (uid,) in rows}

    def shared(self) -> list[tuple[str, str]]:
        """Return uid and path of each run whose uid another one has as well, ordered."""
        several = "SELECT uid FROM runs WHERE uid IS NOT NULL GROUP BY uid HAVING count(*) > 1"
        query = f"SELECT uid, place FROM runs WHERE uid IN ({several}) ORDER BY uid, place"
        with telling_damage():
            return [(str(uid), path_of(place)) for uid, place in self._connection.execute(query)]

    def newest(self, kind: str, *, state: str | None = None) -> Iterator[Found]:
        """Yield the runs of a kind, the newest first.

        Args:
            kind: Name of the kind.
            state: Only those in this state.
        """
        which, values = ("kind = ?", (kind,)) if state is None else ("kind = ? AND state = ?", (kind, state))
        query = f"SELECT {READ} FROM runs r WHERE r.{which} ORDER BY r.started DESC"
        with telling_damage():
            for place, stamps, document, crc in self._connection.execute(query, values):
                yield Found(path_of(place), read_stamps(stamps), read_run(document, crc, place), ())

    def faults(self) -> tuple[str, ...]:
        """Return what SQLite's own check and the checks of all rows report; every page and row is read."""
        try:
            with telling_damage():
                return tuple(faults_in(self._connection))
        except (UnusableIndexError, BusyIndexError) as error:
            return (str(error),)

    def keys(self) -> frozenset[str]:
        """Return the names of all fields that differ from run to run, as the runs have them."""
        with telling_damage():
            rows = self._connection.execute("SELECT name FROM keys WHERE n IN (SELECT key FROM facts)")
            return frozenset(name for (name,) in rows)

    def select(self, query: Clause) -> list[Found]:
        """Return the runs of one query, whose columns are `READ` and the values of its order."""
        text, values = query
        with telling_damage():
            return [
                Found(path_of(place), read_stamps(stamps), read_run(document, crc, place), tuple(order))
                for place, stamps, document, crc, *order in self._connection.execute(text, values)
            ]

    def count(self, condition: Clause) -> int:
        """Return how many runs a condition holds for."""
        text, values = condition
        with telling_damage():
            return int(
                self._connection.execute(f"SELECT count(*) FROM runs r WHERE {text}", values).fetchone()[0]
            )

    def highest(self) -> int:
        """Return the highest number of a run, which is at once about how many there are."""
        with telling_damage():
            return int(self._connection.execute("SELECT ifnull(max(n), 0) FROM runs").fetchone()[0])

    def rows(self, query: Clause) -> list[tuple[Stored | None, ...]]:
        """Return the plain rows of a query."""
        with telling_damage():
            return list(self._connection.execute(*query))


def _in_uri(path: str) -> str:
    """Return a path as SQLite wants it in a URI, where three characters have a meaning."""
    return path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def _teach(connection: sqlite3.Connection) -> None:
    """Let the texts of questions call what they need."""
    connection.create_function(GLOB, 2, glob_holds, deterministic=True)
