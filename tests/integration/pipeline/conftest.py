"""A workspace with a pipeline of three stages, and an experiment that a stage's program finds itself in."""

from __future__ import annotations

from pathlib import Path

import pytest

from integration.pipeline.bench import Bench
from integration.pipeline.pipeline import CONTRACT, SCRIPTS, Pipeline


@pytest.fixture
def pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Pipeline:
    """The workspace, with nothing run yet."""
    root = tmp_path / "workspace"
    root.mkdir()
    monkeypatch.chdir(root)
    monkeypatch.delenv("RUNPACT_WORKSPACE", raising=False)
    place = Pipeline(root, capsys)
    place.write("contract.yaml", CONTRACT)
    for path, text in SCRIPTS.items():
        place.write(path, text)
    place.write("config.json", '{"first": 1, "second": 2, "unread": 0}')
    return place


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """An experiment without a stage."""
    return Bench(tmp_path, monkeypatch)


@pytest.fixture
def fit(bench: Bench) -> Bench:
    """This process as the program of the second stage, all of whose inputs stand there."""
    bench.measured()
    bench.enter("02", "fit")
    return bench
