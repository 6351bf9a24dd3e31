"""Whether an index is whole.

Knows: SQLite's own check, the checksums of rows, that each fact of a run has a row of its own.
Does not know: whether a run still is what the index says.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from runpact.index.tables import Row, fact_values, path_of, read_run, read_stamps

_MOST = 5


def faults_in(connection: sqlite3.Connection) -> Iterator[str]:
    """Yield what is wrong with an index; every page and every row is read.

    Raises:
        sqlite3.Error: It cannot be read to its end.
        ValueError: A row is damaged.
    """
    for (said,) in connection.execute(f"PRAGMA integrity_check({_MOST})"):
        if said != "ok":
            yield str(said)
    counted: dict[int, int] = dict(
        connection.execute("SELECT run, count(*) FROM facts GROUP BY run").fetchall()
    )
    for number, place, stamps, document, crc in connection.execute(
        "SELECT n, place, stamps, document, crc FROM runs"
    ):
        read_stamps(stamps)
        row = Row(place=path_of(place), inode=0, stamps={}, run=read_run(document, crc, place))
        if counted.pop(number, 0) != len(fact_values(row)):
            yield f"facts of a run are missing: {row.place}"
    if counted:
        yield "facts of runs that it does not have"
