"""A small run of the example, under its contract, as a person makes it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from runpact.cli.main import run_command_line

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "certification"
SMALL = ["data.max_characters=400000", "train.steps=60", "train.validate_every=20", "evaluation.windows=20"]


def make_run(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("runs", "__pycache__"), dirs_exist_ok=True)
    settings = [part for text in (*SMALL, *more) for part in ("--set", text)]
    command = [sys.executable, "train.py", "--name", "small", *settings]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.requirement("B-020", "B-021", "B-023", "B-030", "B-031", "B-033", "B-034")
def test_the_small_run_keeps_its_contract_and_verifies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done = make_run(tmp_path)
    assert done.returncode == 0, done.stderr
    monkeypatch.chdir(tmp_path)
    assert run_command_line(["check", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [f for f in document["findings"] if f["severity"] != "advice"] == []
    run = tmp_path / document["runs"][0]["path"]
    assert run_command_line(["verify", str(run)]) == 0
    assert (tmp_path / "runs/small/report.json").read_bytes() == (run / "report.json").read_bytes()
    phases = {json.loads(line).get("phase") for line in (run / "events.jsonl").read_text().splitlines()}
    assert {"prepare", "edit", "guard", "eval", "train"} <= phases


@pytest.mark.requirement("B-022")
def test_the_model_is_saved_only_when_asked_for(tmp_path: Path) -> None:
    done = make_run(tmp_path, "output.save_model=false")
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.glob("runs/small/*/model.npz")) == []
    assert list(tmp_path.glob("runs/small/*/report.json"))


@pytest.mark.requirement("B-012")
def test_a_run_that_fails_leaves_a_failed_run_and_no_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done = make_run(tmp_path, "evaluation.windows=100000")
    assert done.returncode != 0
    monkeypatch.chdir(tmp_path)
    assert run_command_line(["ls", "--json"]) == 0
    runs = json.loads(capsys.readouterr().out)["runs"]
    assert [run["state"] for run in runs] == ["failed"]
    assert "characters of test text" in runs[0]["reason"]
    assert not (tmp_path / "runs/small/report.json").exists()
