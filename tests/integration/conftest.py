"""A workspace in an empty folder, for the tests of every part."""

from __future__ import annotations

from pathlib import Path

import pytest

from integration.runs.place import Place


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Place:
    """A folder without a contract, and the command line called in this process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RUNPACT_WORKSPACE", raising=False)
    return Place(tmp_path, capsys)
