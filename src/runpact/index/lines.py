"""How registry views list the runs of the index.

Knows: their table, and how to tell that nothing in it changed.
Does not know: what a line says.
"""

from __future__ import annotations

import posixpath
import sqlite3

from runpact.index.damage import telling_damage
from runpact.index.tables import Row, line_values, place_key, read_lines

_INSERT = "INSERT INTO lines VALUES (?, ?, ?, ?)"
_LISTS = """
SELECT 1 FROM runs r JOIN lines l ON l.place = r.place WHERE r.uid = ? AND l.view = ? AND NOT r.is_open
"""
_REVISION = "SELECT ifnull(max(value), 0) FROM meta WHERE name = 'revision'"
_COUNT = f"INSERT OR REPLACE INTO meta SELECT 'revision', ({_REVISION}) + 1"


class Lines:
    """The lines of an open index."""

    def __init__(self, connection: sqlite3.Connection, path: str | None) -> None:
        """Store the connection, and the database's file, None in memory."""
        self._connection = connection
        self._path = path

    @property
    def standing(self) -> str:
        """What tells whether the lines are still those of a moment ago; empty in memory."""
        with telling_damage():
            (revision,) = self._connection.execute(_REVISION).fetchone()
        return f"{posixpath.basename(self._path)}:{revision}" if self._path is not None else ""

    def of(self, view: int) -> list[bytes]:
        """Return what a view lists, by path."""
        with telling_damage():
            query = "SELECT line, crc FROM lines WHERE view = ? ORDER BY place"
            return read_lines(self._connection.execute(query, (view,)))

    def lists(self, view: int, uid: str) -> bool:
        """Whether a view lists a run that is sealed."""
        with telling_damage():
            return self._connection.execute(_LISTS, (uid, view)).fetchone() is not None

    def load(self, row: Row) -> None:
        """Add a run to an index that is being made."""
        for number, line in row.lines.items():
            self._connection.execute(_INSERT, line_values(row.place, number, line))

    def put(self, row: Row) -> None:
        """Add a run that has no lines."""
        with telling_damage():
            self.load(row)
            if row.lines:
                self._connection.execute(_COUNT)

    def remove(self, place: str) -> None:
        """Forget a run."""
        with telling_damage():
            execute, key = self._connection.execute, place_key(place)
            (last,) = execute("SELECT ifnull(max(view), -1) FROM lines").fetchone()
            gone = [
                execute("DELETE FROM lines WHERE view = ? AND place = ?", (view, key)).rowcount
                for view in range(last + 1)
            ]
            if any(gone):
                execute(_COUNT)
