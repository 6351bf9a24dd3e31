"""The telemetry store: events of a detector in service, in one SQLite file.

Knows: its public names.
Does not know: who pushes events, who asks for them.
"""

from __future__ import annotations

import os

from runpact.model.errors import RunpactError, StorageError, TelemetryError, ValueRefusedError
from runpact.model.telemetry import Overview, SourceTotals, StatsEvent, TimeBucket, read_event, utc_text
from runpact.telemetry.store import StatsStore, StatsStream

__all__ = [
    "Overview",
    "RunpactError",
    "SourceTotals",
    "StatsEvent",
    "StatsStore",
    "StatsStream",
    "StorageError",
    "TelemetryError",
    "TimeBucket",
    "ValueRefusedError",
    "init_stats_db",
    "open_stats_db",
    "read_event",
    "utc_text",
]


def init_stats_db(path: str | os.PathLike[str] = "stats/stats.db") -> StatsStore:
    """Return the store at a path, made when it is missing, of an older shape or empty.

    When the file is deleted later, even while events arrive, it is made again and its history begins anew.

    Args:
        path: The database; its folder is made when missing.

    Raises:
        TelemetryError: Something else stands there, or it is damaged; it is left as it is.
        StorageError: The file system refused.
    """
    store = StatsStore(path)
    store.ensure()
    return store


def open_stats_db(path: str | os.PathLike[str] = "stats/stats.db") -> StatsStore:
    """Return a store that exists, to be asked and never written.

    Raises:
        TelemetryError: There is none, or it cannot be read as one.
    """
    store = StatsStore(path, is_reader=True)
    store.ensure()
    return store
