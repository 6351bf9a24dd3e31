"""A workspace of projects whose runs train small models."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import runpact
from runpact.cli.main import run_command_line

DESCRIPTION = {
    "input_spec": {"resolution": [4, 4], "normalization": "none"},
    "class_map": {"0": "wall"},
    "export": {"opset": None},
}
TARGET = "vision/depth/tiny/trained/indoor"
BY_ANYBODY = 'kinds:\n  run:\n    made_by: ["**"]\n'
"""Tests are no projects, and make runs all the same."""
Train = Callable[..., str]


def git(folder: Path, *words: str) -> str:
    author = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *author, *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def run(*words: str) -> int:
    return run_command_line(list(words))


def train(name: str = "detector", *, seed: int = 0, description: object = DESCRIPTION) -> str:
    """Make a finished run with two checkpoints, and return its directory."""
    with runpact.run(name=name, kind="run", config={"lr": 0.1}, seeds={"numpy": seed}) as active:
        weights = np.random.default_rng(seed).normal(size=(4, 4))
        active.save("artifacts/checkpoints/best.npz", {"w": weights})
        active.save("artifacts/checkpoints/last.npz", {"w": weights + 1})
        if description is not None:
            active.save("artifacts/model.json", description)
        active.save("metrics", {"loss": float(weights.sum())})
    return active.dir


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """Return a workspace with the layout of the seed, in a repository of its own; the current directory."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    git(folder, "init", "-q")
    assert run("init", "--pack", "runpact:project-run@1", "--id", "try.models") == 0
    with (folder / "contract.yaml").open("a", encoding="utf-8") as contract:
        contract.write(BY_ANYBODY)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "one")
    capsys.readouterr()
    return folder
