"""The work directory as its users find it: before, between and after runs."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from autolabel.cli import main as autolabel
from deploy.edge.cli import main as edge
from train.cli import main as train

from examples.vision.workbench import EXAMPLE, System
from runpact.cli.main import run_command_line

SIX = {"datasets", "models", "runs", "outputs", "stats", "tmp"}
TRACKED = {"work-dir/config.example.toml", "work-dir/README.md", "work-dir/.gitkeep"}
NOWHERE = "train.yolo.weights=/nowhere.npz"


@pytest.mark.requirement("D1.6", "D1.7", "D2.2", "D2.3", "D2.10", "D3.3")
@pytest.mark.parametrize("main", [train, autolabel, edge])
def test_the_first_run_makes_the_six_folders_even_if_it_fails(system: System, main) -> None:
    (system.root / "datasets").mkdir()
    (system.root / "datasets/mine.txt").write_text("kept")
    assert system.call(main) == 1
    assert {path.name for path in system.root.iterdir() if path.is_dir()} >= SIX
    assert (system.root / "datasets/mine.txt").read_text() == "kept"


@pytest.mark.requirement("D1.1", "D1.2", "D12.1", "D12.2", "D12.3")
def test_a_commit_after_many_runs_holds_the_three_files_alone(copied: System, tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(EXAMPLE, project, ignore=shutil.ignore_patterns("work-dir", "__pycache__"))
    shutil.copytree(copied.root, project / "work-dir", symlinks=True)
    moved = System(project / "work-dir")
    assert moved.call(autolabel) == 0
    assert moved.call(edge, "deploy.edge.save_annotated=true") == 0
    (project / "work-dir/ui.pid").write_text("1")
    (project / "codex.md").write_text("x")

    def git(*words: str) -> str:
        done = subprocess.run(
            ["git", "-c", "core.excludesFile=", *words],
            cwd=project,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    git("init", "-q")
    git("add", "-A")
    staged = set(git("ls-files").split())
    assert {path for path in staged if path.startswith("work-dir/")} == TRACKED
    assert "codex.md" not in staged
    assert "train/cli.py" in staged


@pytest.mark.requirement("D4.1", "D4.2", "D4.4", "D7.4")
def test_what_is_newest_stands_at_the_root(copied: System) -> None:
    def is_newest() -> bool:
        newest = copied.runs()[-1] / "config.resolved.toml"
        return (copied.root / "config.resolved.toml").read_bytes() == newest.read_bytes()

    assert is_newest()
    first = (copied.root / "models/latest").resolve()
    assert copied.call(train, *copied.small, "train.epochs=1") == 0
    second = (copied.root / "models/latest").resolve()
    assert (is_newest(), first.is_dir(), first != second) == (True, True, True)
    assert second.name == copied.runs()[-1].name
    assert copied.call(train, NOWHERE) == 1
    assert (is_newest(), (copied.root / "models/latest").resolve()) == (True, second)


@pytest.mark.requirement("D2.9", "D11.1")
def test_scratch_may_be_deleted_at_any_time(copied: System) -> None:
    shutil.rmtree(copied.root / "tmp")
    assert copied.call(edge) == 0
    assert (copied.root / "tmp").is_dir()


@pytest.mark.requirement("D13.1", "D13.2", "D13.3", "D13.4")
def test_the_log_tells_of_every_run(copied: System) -> None:
    log = copied.root / "log.txt"
    before = len(log.read_text().splitlines())
    assert copied.call(edge) == 0
    assert copied.call(train, NOWHERE) == 1
    lines = [json.loads(line) for line in log.read_text().splitlines()[before:]]
    assert all(list(line)[:4] == ["ts_utc", "level", "event", "message"] for line in lines)
    events = [line["event"] for line in lines]
    wanted = ["deploy-edge.start", "deploy-edge.done", "train.start", "train.failed"]
    assert [event for event in events if event in wanted] == wanted
    (failed,) = [line for line in lines if line["event"] == "train.failed"]
    assert (failed["level"], "/nowhere.npz" in failed["error"]) == ("ERROR", True)
    assert failed["run_id"] == copied.runs()[-1].name
    size = log.stat().st_size
    assert copied.call(edge, "logging.level=ERROR") == 0
    assert log.stat().st_size == size


@pytest.mark.requirement("D14.4")
def test_four_lines_say_how_it_ended(copied: System, capsys: pytest.CaptureFixture[str]) -> None:
    assert copied.call(edge) == 0
    run = copied.runs()[-1]
    assert capsys.readouterr().out.splitlines() == [
        f"run_id={run.name}",
        "status=ok",
        f"resolved_config={run / 'config.resolved.toml'}",
        f"artifacts={run / 'artifacts.json'}",
    ]


@pytest.mark.requirement("D12.1", "D12.2", "D12.4")
def test_what_git_ignores_is_what_the_contract_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(EXAMPLE)
    assert run_command_line(["contract", "ignore", "--check", ".gitignore"]) == 0
    lines = set((EXAMPLE / ".gitignore").read_text().splitlines())
    ignored = ("config.toml", "config.resolved.toml", "log.txt", "*.pid", *(f"{name}/" for name in SIX))
    assert lines >= {*(f"work-dir/{name}" for name in ignored), "codex.md", *(f"!{path}" for path in TRACKED)}


@pytest.mark.requirement("D2.1", "D8.14", "D8.16")
def test_records_are_plain_and_a_backend_nobody_knows_leaves_none(copied: System) -> None:
    before = copied.runs()
    assert copied.call(train, "train.backend=keras") == 2
    assert copied.runs() == before
    for name in ("metrics.json", "artifacts.json"):
        text = (before[-1] / name).read_text()
        assert (text.isascii(), text.startswith('{\n  "run_id": "')) == (True, True)
    found = {path.name for path in copied.root.iterdir() if path.is_file()}
    assert found == {
        "config.example.toml",
        "config.toml",
        "config.resolved.toml",
        "log.txt",
        "README.md",
        ".gitkeep",
    }
