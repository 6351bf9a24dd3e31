"""The program and the skill that the page on projects shows keep their contract."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from tracked import ROOT

import runpact
from runpact.cli.main import run_command_line


@pytest.mark.requirement("A-001", "A-003")
def test_the_pages_project_and_skill_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_command_line(["init", "--pack", "runpact:project-run@1"]) == 0
    page = (ROOT / "docs/projects.md").read_text(encoding="utf-8")
    for text in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        path = tmp_path / text.split("\n", 1)[0].removeprefix("# ")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    subprocess.run([sys.executable, "projects/evaluate/main.py"], check=True)
    (run,) = runpact.runs()
    assert run.path.startswith("runs/evaluate/")
    assert run_command_line(["check"]) == 0
    assert [frame.frame_id for frame in runpact.open_run(run).predictions()] == [0, 1, 2]
    assert [each.name for each in runpact.open_run(run).checkpoints()] == ["best", "last"]
