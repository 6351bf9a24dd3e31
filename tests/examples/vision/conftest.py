"""Makes the example's packages importable, and a small trained system at hand."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from examples.vision.workbench import EXAMPLE, System, lay_out

sys.path.insert(0, str(EXAMPLE))


@pytest.fixture
def system(tmp_path: Path) -> System:
    """Return an empty system."""
    return lay_out(tmp_path / "work-dir")


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> System:
    """Return a system that was trained on a few scenes; tests read it and never change it."""
    from scenes.cli import main as make_scenes
    from train.cli import main as train

    system = lay_out(tmp_path_factory.mktemp("trained") / "work-dir")
    counts = ["--train", "80", "--val", "12", "--unlabeled", "4"]
    assert make_scenes(["--config", str(system.config), "--workdir", str(system.root), *counts]) == 0
    assert system.call(train, *system.small) == 0
    return system


@pytest.fixture
def copied(trained: System, tmp_path: Path) -> System:
    """Return a copy of the trained system, to be worked on."""
    import shutil

    shutil.copytree(trained.root, tmp_path / "work-dir", symlinks=True)
    return System(tmp_path / "work-dir")
