"""What can be wrong with the index.

Knows: how SQLite tells of damage, and of others that keep it busy.
Does not know: what follows from it.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

_OF_QUESTIONS = {
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_MISUSE,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_RANGE,
    sqlite3.SQLITE_TOOBIG,
}
"""What SQLite reports of the text or the values it was given, not of the database."""


class UnusableIndexError(Exception):
    """The index is missing, damaged, of another workspace or of another runpact: another one must be made."""


class OtherIndexError(UnusableIndexError):
    """The index is whole, and was made for another contract or by another runpact."""


class BusyIndexError(Exception):
    """Another process keeps the index for longer than anybody should wait."""


@contextlib.contextmanager
def telling_damage() -> Iterator[None]:
    """Turn what SQLite and the rows' own checks report into one of the two errors."""
    try:
        yield
    except UnicodeEncodeError:
        raise  # it was asked for what no text can be
    except sqlite3.Error as error:
        if _is_of_question(error):
            raise
        if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
            raise BusyIndexError(str(error)) from error
        raise UnusableIndexError(str(error)) from error
    except (ValueError, TypeError) as error:
        raise UnusableIndexError(str(error)) from error


def _is_of_question(error: sqlite3.Error) -> bool:
    """Whether another index would refuse the same question."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return isinstance(error, sqlite3.ProgrammingError)
    return code & 0xFF in _OF_QUESTIONS or (code == sqlite3.SQLITE_ERROR and " too " in str(error))
