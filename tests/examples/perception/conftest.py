"""Lays the example out as a repository, and calls its projects there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from runpact.cli.main import run_command_line

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "perception"
TARGET = "vision/corrector/lens/trained/walls"
TOY = (
    "scene.picture=drawn",
    "scene.frames=3",
    "path.sway=0.15",
    "path.distance=1.2",
    "camera.width=240",
    "camera.height=180",
    "camera.focal=310.0",
    "features.method=corners",
    "features.wall=500",
    "features.frame=200",
    "features.least=0.6",
    "drawn=2",
)
"""Numpy alone, and a few seconds."""
LEARN = ("others=[]", "held=drawn")


@dataclass(frozen=True)
class Repository:
    """A copy of the example that is a repository of its own."""

    root: Path

    def project(self, name: str, *overrides: str) -> subprocess.CompletedProcess[str]:
        """Run a project in a process of its own, away from the repository's folder."""
        return self.python("-m", f"projects.{name}.main", *overrides)

    def python(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run Python with the example's packages at hand."""
        environ = os.environ | {"PYTHONPATH": str(self.root), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, *words]
        return subprocess.run(
            command, cwd=self.root, env=environ, capture_output=True, text=True, check=False
        )

    def made(self, name: str, *overrides: str) -> Path:
        """Run a project that must finish, and return its run."""
        done = self.project(name, *overrides)
        assert done.returncode == 0, done.stderr[-2000:]
        return Path(done.stdout.strip().splitlines()[-1])

    def call(self, *words: str) -> int:
        """Run a command of runpact on the repository."""
        return run_command_line([*words, "--workspace", str(self.root)])

    def git(self, *words: str) -> str:
        """Ask git."""
        author = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
        done = subprocess.run(
            ["git", *author, *words], cwd=self.root, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()


def lay_out(root: Path) -> Repository:
    """Copy what is tracked of the example, and commit it."""
    outputs = shutil.ignore_patterns("__pycache__", "runs", "models", "data", ".runpact*")
    shutil.copytree(EXAMPLE, root, ignore=outputs)
    repository = Repository(root)
    repository.git("init", "-q")
    repository.git("add", "-A")
    repository.git("commit", "-qm", "one")
    return repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Return an empty repository."""
    return lay_out(tmp_path / "perception")


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Return a repository in which the toy of all three projects ran; tests read it and never change it."""
    repository = lay_out(tmp_path_factory.mktemp("story") / "perception")
    for name in ("evaluate", "train"):
        repository.made(name, *TOY, *(LEARN if name == "train" else ()))
    assert repository.call("models", "promote", "train", "--to", TARGET) == 0
    repository.made("apply", *TOY)
    return repository
