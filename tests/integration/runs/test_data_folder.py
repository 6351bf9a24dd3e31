"""A contract says where its data stand, so that nobody has to say it again with each command."""

from __future__ import annotations

import json

import pytest

import runpact
from integration.runs.place import Place
from runpact.model.errors import NoSuchRunError

CONTRACT = """\
contract: test.data
version: "1.0.0"
workspace:
  data: work-dir
  directories: [data]
  log: log.txt
  git: {ignored: ["*.pid"]}
kinds:
  run:
    at: "runs/{name}"
"""


@pytest.fixture
def apart(empty: Place) -> Place:
    """A workspace whose data stand in a folder below that of its contract."""
    empty.write("contract.yaml", CONTRACT)
    return empty


@pytest.mark.requirement("D1.1")
def test_runs_and_all_they_leave_stand_there_and_are_found_without_an_option(apart: Place) -> None:
    assert apart.call("ls")[1].startswith(f"no runs below {apart.root / 'work-dir'}")
    with runpact.run(name="a"):
        pass
    assert apart.call("run", "--name", "b", "--", "true")[0] == 0
    assert sorted(path.name for path in (apart.root / "work-dir/runs").iterdir()) == ["a", "b"]
    assert (apart.root / "work-dir/log.txt").exists()
    assert [run["path"] for run in apart.runs()] == ["runs/b", "runs/a"]
    for command in (["check"], ["verify", "a"], ["verify", "runs/a"], ["show", "b"], ["doctor"]):
        assert apart.call(*command)[0] in {0, 1}, command


def test_it_is_found_from_a_folder_below_too(apart: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    with runpact.run(name="a"):
        pass
    monkeypatch.chdir(apart.root / "work-dir/runs")
    assert [run["path"] for run in apart.runs()] == ["runs/a"]


def test_workdir_names_another_folder_from_the_current_one(apart: Place) -> None:
    assert apart.call("run", "--workdir", "elsewhere", "--name", "a", "--", "true")[0] == 0
    assert (apart.root / "elsewhere/runs/a").is_dir()
    assert apart.runs() == []
    assert len(apart.json("ls", "--workdir", "elsewhere")[1]["runs"]) == 1
    assert apart.json("ls", "--workdir", ".")[1]["runs"] == []


def test_a_program_finds_what_stands_in_a_folder_that_it_names(apart: Place) -> None:
    with runpact.run(name="a", workdir="elsewhere") as run:
        run.log({"loss": 0.5})
    assert runpact.list_runs() == []
    with pytest.raises(NoSuchRunError):
        runpact.open_run("a")
    assert [each.id for each in runpact.runs("metrics.loss < 1", workdir="elsewhere")] == ["a"]
    assert [each.id for each in runpact.list_runs(workdir="elsewhere")] == ["a"]
    assert runpact.open_run("a", workdir="elsewhere").directory == run.dir
    assert [each.path for each in runpact.check(workdir="elsewhere")] == ["runs/a"]
    assert runpact.verify("a", workdir="elsewhere") is runpact.Verdict.OK
    assert runpact.diff("a", "a", workdir="elsewhere").is_equal
    assert runpact.doctor(workdir="elsewhere").report.is_ok


def test_what_git_ignores_begins_there(apart: Place) -> None:
    apart.write(".gitignore", "work-dir/*.pid\nwork-dir/log.txt\nwork-dir/data/\nwork-dir/runs/\n")
    assert apart.call("contract", "ignore", "--check", ".gitignore") == (0, ".gitignore is current\n", "")
    assert apart.call("contract", "ignore", "--output", ".gitignore")[0] == 0
    assert "advice" not in apart.call("contract", "lint")[1]


def test_nothing_is_looked_for_elsewhere_when_the_contract_is_malformed(apart: Place) -> None:
    apart.write("contract.yaml", "contract: [")
    code, document = apart.json("ls")
    assert (code, document["error"]["code"]) == (2, "malformed-contract"), json.dumps(document)


@pytest.mark.parametrize("folder", ["/tmp/elsewhere", "../elsewhere", ""])
def test_data_outside_the_workspace_are_for_the_caller_to_name(apart: Place, folder: str) -> None:
    apart.write("contract.yaml", CONTRACT.replace("data: work-dir", f"data: {json.dumps(folder)}"))
    code, document = apart.json("contract", "lint")
    assert code == 2
    assert "/workspace/data" in json.dumps(document)
