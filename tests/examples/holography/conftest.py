"""Makes the example's own package importable, and runs of its pipeline at hand."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from examples.holography.workspace import EXAMPLE, Workspace

sys.path.insert(0, str(EXAMPLE))


@pytest.fixture(scope="session")
def toy_run(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The toy, run from stage 01 to 09 and then through its preflight; nobody may change it."""
    place = Workspace.lay_out(tmp_path_factory.mktemp("holography"))
    place.began = place.listing()
    place.first = place.run("toy", "--from", "01", "--to", "09", "--config", "configs/toy.json")
    place.preflight = place.run("toy", "--only", "00")
    return place


@pytest.fixture
def toy(toy_run: Workspace, tmp_path: Path) -> Workspace:
    """A copy of the toy after its run, to be spoilt."""
    return toy_run.copied(tmp_path / "holography")
