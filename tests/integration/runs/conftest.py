"""A workspace in an empty folder, and the command line called in this process."""

from __future__ import annotations

from pathlib import Path

import pytest

from integration.runs.place import CONTRACT, SCHEMA, Place


@pytest.fixture
def place(empty: Place) -> Place:
    """A workspace with a contract of its own."""
    empty.write("contract.yaml", CONTRACT)
    empty.write("schemas/metrics.json", SCHEMA)
    return empty


@pytest.fixture
def good_run(place: Place) -> Path:
    """A finished run that keeps the contract."""
    code, folder = place.run_of(
        'echo \'{"loss": 0.5}\' > "$RUNPACT_RUN_DIR/metrics.json"; echo hi', "--name", "good"
    )
    assert code == 0
    return folder
