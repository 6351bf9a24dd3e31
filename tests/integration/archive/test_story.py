"""The demo's story, and the walk through the seed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from runpact.cli.main import run_command_line
from runpact.cli.story import has_story, play, tell_story

ROOT = Path(__file__).resolve().parents[3]


def test_a_story_ends_where_a_command_does_not_end_as_it_has_to(tmp_path: Path) -> None:
    assert not has_story(str(tmp_path))
    (tmp_path / "quantise.py").write_text("import sys; print('tried'); sys.exit(5)", encoding="utf-8")
    assert has_story(str(tmp_path))
    told: list[str] = []
    assert tell_story(str(tmp_path), say=told.append) == 3
    assert "unexpected" in told[-1]
    (played,) = play(str(tmp_path), say=told.append, is_quiet=True)
    assert (played["exit_code"], played["expected"]) == (5, 0)


@pytest.mark.nightly
def test_the_demo_tells_the_whole_story(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "runpact", "demo", "--json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    document = json.loads(done.stdout)
    assert [step for step in document["steps"] if step["exit_code"] != step["expected"]] == []
    assert len(document["steps"]) >= 16
    assert done.returncode == 0


@pytest.mark.nightly
def test_the_walk_through_the_seed_finds_what_it_looks_for(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "tools" / "walk.py"), "001", "--into", str(tmp_path / "w")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert " FAILS " not in done.stdout


def test_an_example_says_what_it_needs_before_anything_is_laid_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("runpact.cli.demo._NEEDED", "no_such_library")
    assert run_command_line(["demo"]) == 2
    assert "pip install 'runpact[arrays]'" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
