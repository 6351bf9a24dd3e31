"""What trainers log reaches the run: finite numbers; the rest is named, and ends no training."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import runpact
from runpact.integrations.absent import library
from runpact.integrations.logged import log_finite, told
from runpact.model.errors import CannotStartError


def lines(run: runpact.ActiveRun, name: str) -> list[dict]:
    return [json.loads(line) for line in (Path(run.dir) / f".runpact/{name}.jsonl").read_text().splitlines()]


def test_numbers_that_are_none_are_named_and_the_others_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    values = {"loss": np.float32(0.5), "odd": float("nan"), "far": np.inf, "text": "x", "rows": np.ones(2)}
    with runpact.run(contract="runpact:basic@1", name="a") as run:
        log_finite(run, values, step=3)
        log_finite(run, {"flag": True}, step=4)
    assert [(line["step"], line["values"]) for line in lines(run, "metrics")] == [(3, {"loss": 0.5})]
    refused = [line for line in lines(run, "events") if line["event"] == "metric.refused"]
    assert [(line["step"], line["metrics"]) for line in refused] == [(3, ["far", "odd"])]


def test_settings_are_told_without_the_folders_of_a_person() -> None:
    assert told({"lr": 0.1, 2: None, "out": "/home/a/x", "kind": int}) == {
        "lr": 0.1, "2": None, "out": "[path]", "kind": "<class 'int'>",
    }  # fmt: skip


def test_a_library_that_is_missing_is_told_with_what_brings_it() -> None:
    with pytest.raises(CannotStartError) as caught:
        library("no_such_library_here", package="runpact[hydra]")
    assert caught.value.hint == "pip install 'runpact[hydra]'"
    assert library("json", package="json") is json


def test_an_import_that_fails_inside_a_library_is_not_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "half_a_library.py").write_text("import no_such_library_here\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ModuleNotFoundError, match="no_such_library_here"):
        library("half_a_library", package="half")
