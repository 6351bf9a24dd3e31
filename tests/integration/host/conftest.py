"""A repository in an empty folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from integration.host.repository import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository with one committed file, `a.py`."""
    return Repository(tmp_path / "project")
