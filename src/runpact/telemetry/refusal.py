"""What can keep a telemetry database from answering.

Knows: how SQLite tells of damage, of a full disk, of others that keep it busy.
Does not know: what was asked.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

from runpact.model.errors import RunpactError, StorageError, TelemetryError, UsageError

_BEGIN_ANEW = "move it away, or delete it to begin anew"
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_MISMATCH})
_PRIMARY = 0xFF
"""The lower byte of an extended code says what sort of failure it is."""


@contextlib.contextmanager
def telling(path: str) -> Iterator[None]:
    """Turn what SQLite and the file system report into errors that name the file.

    Raises:
        TelemetryError: The file is damaged, or no database.
        StorageError: It is busy, full, or may not be written.
        UsageError: A number or text that was asked for is none that a database can hold.
    """
    try:
        yield
    except RunpactError:
        raise
    except sqlite3.Error as error:
        raise _told(path, error) from error
    except (OverflowError, UnicodeEncodeError) as error:
        raise UsageError(
            "a value cannot be asked for", expected="a number or text of usual size", got=str(error)
        ) from error
    except OSError as error:
        raise StorageError(
            f"telemetry database: {error.strerror or error}", at=path, got=f"errno {error.errno}"
        ) from error


def _told(path: str, error: sqlite3.Error) -> RunpactError:
    code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
    if code in _DAMAGED or "malformed JSON" in str(error):
        return damaged(path, str(error))
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return StorageError(
            "the telemetry database is busy",
            at=path,
            got=str(error),
            hint="another process keeps it; try again",
        )
    return StorageError(f"the telemetry database cannot be used: {error}", at=path)


def damaged(path: str, got: str) -> TelemetryError:
    """Return the error of a file that cannot be read as what it claims to be."""
    return TelemetryError("the telemetry database is damaged", at=path, got=got, hint=_BEGIN_ANEW)


def refused(path: str, message: str, *, expected: str, got: str) -> TelemetryError:
    """Return the error of a file that is something else than a telemetry database."""
    return TelemetryError(message, at=path, expected=expected, got=got, hint=_BEGIN_ANEW)
