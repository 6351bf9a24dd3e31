"""`runpact doctor` on what git would commit, and that the repository runs nothing by being asked."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

import runpact
from integration.host.repository import Repository
from integration.host.test_hostile_repositories import Trap
from integration.runs.place import Place
from runpact.model.contract.ignoring import BEGIN, END

CONTRACT = """\
contract: acme.training
version: "1.0.0"
kinds:
  run: {at: "outputs/runs/{name}"}
  sweep: {at: "sweeps/{project}/{name}"}
promotions:
  reports: {from: [run], at: "outputs/reports/{label}"}
"""
LARGE = b"x" * 10_000_001


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Place:
    """A repository that holds a workspace in a folder of its own."""
    Repository(tmp_path)
    root = tmp_path / "desk"
    root.mkdir()
    monkeypatch.chdir(root)
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    place = Place(root, capsys)
    place.write("contract.yaml", CONTRACT)
    return place


def repository_of(place: Place) -> Repository:
    return Repository(place.root.parent)


def found(place: Place, *options: str) -> tuple[int, dict[str, list[dict]]]:
    code, document = place.json("doctor", *options)
    by_code: dict[str, list[dict]] = {}
    for finding in document["findings"]:
        by_code.setdefault(finding["code"], []).append(finding)
    return code, by_code


def test_runs_that_git_does_not_ignore_are_found_and_ignored(project: Place) -> None:
    project.write(".gitignore", "mine\n")
    code, by_code = found(project)
    assert code == 1
    assert [each["path"] for each in by_code["runs-not-ignored"]] == ["outputs/runs", "sweeps"]
    assert by_code["runs-not-ignored"][0]["expected"] == "/outputs/runs/"
    assert found(project, "--fix") == (0, {})
    text = (project.root / ".gitignore").read_text()
    assert text == f"mine\n{BEGIN}\n/outputs/runs/\n/sweeps/\n{END}\n"
    git = repository_of(project).git
    assert "desk/sweeps/p/x" in git("check-ignore", "--no-index", "desk/sweeps/p/x")


def test_runs_that_are_ignored_in_a_way_of_ones_own_are_well(project: Place) -> None:
    (project.root.parent / ".gitignore").write_text("desk/outputs/runs/*\n/desk/sweeps\n")
    assert found(project) == (0, {})


def test_a_pattern_that_leaves_runs_out_is_seen_by_a_run_that_exists(project: Place) -> None:
    project.write(".gitignore", "/outputs/runs/exp*\n/sweeps/\n")
    with runpact.run(name="trial", kind="run", workspace=project.root):
        pass
    assert [each["path"] for each in found(project)[1]["runs-not-ignored"]] == ["outputs/runs"]


def test_promoted_copies_that_git_ignores_are_found_with_the_pattern(project: Place) -> None:
    project.write(".gitignore", "# ours\noutputs/\n/sweeps/\n")
    code, by_code = found(project)
    assert code == 1
    (finding,) = by_code["promotion-ignored"]
    assert finding["path"] == "outputs/reports"
    assert finding["got"] == "`outputs/` in .gitignore, line 2"


def test_a_pattern_of_the_repositorys_own_is_named_without_the_folder_that_git_was_shown(
    project: Place,
) -> None:
    project.write(".gitignore", "/outputs/runs/\n/sweeps/\n")
    (project.root.parent / ".git/info/exclude").write_text("reports\n")
    (finding,) = found(project)[1]["promotion-ignored"]
    assert finding["got"] == "`reports` in ../.git/info/exclude, line 1"


def test_files_of_runs_that_are_tracked_are_found(project: Place) -> None:
    for number in range(5):
        project.write(f"outputs/runs/old/part{number}.txt", "x")
    project.write("outputs/runs/README.md", "beside the runs")
    repository_of(project).commit()
    found(project, "--fix")
    code, by_code = found(project)
    assert code == 1
    (finding,) = by_code["tracked-run"]
    assert finding["path"] == "outputs/runs"
    assert finding["got"].startswith("5 files: outputs/runs/old/part0.txt, ")
    assert finding["got"].endswith(" …")
    assert finding["remedy"] is None


def test_large_files_that_a_commit_would_take_along_are_found(project: Place) -> None:
    repository = repository_of(project)
    found(project, "--fix")
    repository.write("desk/staged model.npz", LARGE)
    repository.write("desk/the same.npz", LARGE)
    repository.git("add", "desk/staged model.npz", "desk/the same.npz")
    repository.write("loose.npz", LARGE)
    repository.write("desk/outputs/runs/x/in a run.npz", LARGE)
    repository.write(".gitattributes", "*.big filter=lfs\n")
    repository.write("kept elsewhere.big", LARGE)
    (project.root / "link.npz").symlink_to("../loose.npz")
    code, by_code = found(project)
    assert code == 1
    assert by_code.keys() == {"large-file"}
    told = {each["path"]: each["message"] for each in by_code["large-file"]}
    assert told.keys() == {"staged model.npz", "the same.npz", "../loose.npz"}
    assert "staged" in told["the same.npz"]
    assert "neither" in told["../loose.npz"]


def test_a_large_file_that_is_committed_already_is_no_news(project: Place) -> None:
    found(project, "--fix")
    repository_of(project).write("old.npz", LARGE)
    repository_of(project).commit()
    assert found(project) == (0, {})


def test_places_behind_a_link_and_places_without_a_folder_are_passed_over(project: Place) -> None:
    elsewhere = project.root.parent.parent / f"{project.root.parent.name}-elsewhere"
    elsewhere.mkdir()
    project.write("contract.yaml", 'contract: a.b\nversion: "1.0.0"\nkinds:\n  run: {at: "runs/{name}"}\n')
    (project.root / "runs").symlink_to(elsewhere)
    assert found(project) == (0, {})
    project.write("contract.yaml", 'contract: a.b\nversion: "1.0.0"\nkinds:\n  run: {at: "{name}"}\n')
    assert found(project) == (0, {})
    with runpact.run(name="somewhere", workspace=project.root):
        pass
    (finding,) = found(project)[1]["runs-not-ignored"]
    assert finding["remedy"] is None
    assert "of your own" in finding["hint"]


def test_what_git_cannot_tell_is_undecided(project: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    found(project, "--fix")
    index = project.root.parent / ".git/index"
    index.write_bytes(b"DIRC nonsense")
    code, by_code = found(project)
    assert code == 2
    assert any(each["got"].startswith("git ls-files:") for each in by_code["undecided"])
    monkeypatch.setenv("PATH", "/nonexistent")
    (finding,) = found(project)[1]["undecided"]
    assert finding["got"] == "git is not installed"
    monkeypatch.undo()
    monkeypatch.chdir(project.root)
    monkeypatch.setenv("TMPDIR", "/nonexistent")
    (finding,) = found(project)[1]["undecided"]
    assert "no temporary folder" in finding["got"]


def test_outside_a_repository_nothing_is_said_of_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    place = Place(tmp_path, capsys)
    place.write("contract.yaml", CONTRACT)
    assert found(place) == (0, {})


def test_a_repository_runs_nothing_when_it_is_examined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    trap = Trap(tmp_path)
    root = trap.repository.root
    monkeypatch.chdir(root)
    trap.hook_up(trap.folder / "hooks")
    trap.configure(
        '[core]\n fsmonitor = CANARY\n pager = CANARY\n hooksPath = hooks\n[filter "evil"]\n clean = CANARY\n'
        ' process = CANARY\n required = true\n[diff "evil"]\n command = CANARY\n textconv = CANARY\n'
        "[alias]\n ls-files = !CANARY\n check-ignore = !CANARY\n diff-index = !CANARY\n"
        '[extensions]\n partialClone = origin\n[remote "origin"]\n uploadpack = CANARY\n url = ext::CANARY\n'
    )
    place = Place(root, capsys)
    place.write("contract.yaml", CONTRACT)
    place.write("big.txt", "x" * 10_000_001)
    os.environ.pop("GIT_DIR", None)
    code, document = place.json("doctor", "--fix")
    assert code in {0, 1}, json.dumps(document)
    assert not trap.fired.exists()


def test_a_block_of_init_is_renewed_where_it_stands(project: Place) -> None:
    project.write(".gitignore", f"before\n{BEGIN}\n/old/\n{END}\nafter\n")
    assert found(project, "--fix") == (0, {})
    text = (project.root / ".gitignore").read_text()
    assert text == f"before\n{BEGIN}\n/outputs/runs/\n/sweeps/\n{END}\nafter\n"
