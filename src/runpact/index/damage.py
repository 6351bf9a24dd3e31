"""What can be wrong with the index.

Knows: how SQLite tells of damage, and of others that keep it busy.
Does not know: what follows from it.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator


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
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise BusyIndexError(str(error)) from error
        raise UnusableIndexError(str(error)) from error
    except (sqlite3.Error, ValueError, TypeError) as error:
        raise UnusableIndexError(str(error)) from error
