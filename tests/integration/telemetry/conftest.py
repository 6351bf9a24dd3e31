"""Telemetry stores in a temporary folder."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Return where a database may be made; its folder is missing."""
    return tmp_path / "stats" / "stats.db"
