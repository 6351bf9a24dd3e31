"""The front door to telemetry.

Knows: where a workspace's database stands.
Does not know: how it is asked.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from runpact.telemetry import open_stats_db

if TYPE_CHECKING:
    from runpact.telemetry import StatsStore
    from runpact.workspace import Workspace

DATABASE = "stats/stats.db"
"""Relative to the data root."""


def telemetry(place: Workspace) -> StatsStore:
    """Return the telemetry store of a workspace, to be asked.

    Raises:
        TelemetryError: There is none, or it cannot be read as one.
    """
    return open_stats_db(posixpath.join(place.data_root, DATABASE))


def telemetry_at(path: str) -> StatsStore:
    """Return the telemetry store at a path from the current directory, to be asked.

    Raises:
        TelemetryError: There is none, or it cannot be read as one.
    """
    return open_stats_db(path)
