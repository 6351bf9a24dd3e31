"""Opens the file of a telemetry store.

Knows: what must be true of a file before SQLite may touch it; that a deleted one leaves companions behind.
Does not know: events.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import stat
from collections.abc import Iterator
from urllib.parse import quote

from runpact.model.errors import TelemetryError
from runpact.telemetry.refusal import damaged, refused
from runpact.telemetry.shape import bring_up_to_date, is_current

_WAIT_SECONDS = 10.0
_HEADER = b"SQLite format 3\0"
Identity = tuple[int, int]
"""Device and inode: a path may lead to another file than a moment ago."""


def identity_of(path: str) -> Identity | None:
    """Return which file a path leads to; None when to none."""
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def open_for_reading(path: str) -> sqlite3.Connection:
    """Return a connection that cannot write.

    Raises:
        TelemetryError: There is no database of the present shape.
    """
    if identity_of(path) is None:
        raise TelemetryError(
            "there is no telemetry database", at=path, hint="the service makes it when it starts"
        )
    _demand_file(path)
    connection = _connected(path, "ro")
    with _closing_on_error(connection):
        if not is_current(connection, path):
            raise TelemetryError(
                "the telemetry database has an older shape, or none",
                at=path,
                hint="the service brings it up to date when it starts; so does init_stats_db()",
            )
    return connection


def open_for_writing(path: str) -> sqlite3.Connection:
    """Return a connection to a database of the present shape, made or brought there if need be.

    A database that was deleted alone leaves a journal that belongs to nothing; SQLite would believe it, so
    both companions go first, while nobody else opens.
    """
    folder = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    with _alone(folder):
        if identity_of(path) is None or os.path.getsize(path) == 0:
            for companion in (f"{path}-wal", f"{path}-shm"):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(companion)
        _demand_file(path)
        connection = _connected(path, "rwc")
        with _closing_on_error(connection):
            if not is_current(connection, path):
                bring_up_to_date(connection, path)
            connection.execute("PRAGMA synchronous = NORMAL")
    return connection


@contextlib.contextmanager
def _alone(folder: str) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _closing_on_error(connection: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        connection.close()
        raise


def _demand_file(path: str) -> None:
    """Refuse a directory, pipe or device, on which SQLite might wait for ever, and what is no database.

    SQLite looks into the journal first: with one left beside it, any bytes pass for a database.
    """
    try:
        mode = os.stat(path).st_mode
        if not stat.S_ISREG(mode):
            raise refused(path, "this is no file", expected="an SQLite database", got=stat.filemode(mode))
        with open(path, "rb") as file:
            begins = file.read(len(_HEADER))
    except (FileNotFoundError, PermissionError):
        return  # it is made, or SQLite tells
    if begins and begins != _HEADER:
        raise damaged(path, f"it begins with {begins!r}")


def _connected(path: str, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(path)}?mode={mode}",
        uri=True,
        isolation_level=None,
        timeout=_WAIT_SECONDS,
        check_same_thread=False,
    )
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    return connection
