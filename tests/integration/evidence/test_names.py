"""A run is meant by its name wherever a run is meant."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import runpact
from evidence_cases import arms, evaluate
from runpact.cli.main import run_command_line

Captured = pytest.CaptureFixture[str]


def run(*arguments: str) -> int:
    return run_command_line(list(arguments))


@pytest.mark.parametrize("command", ["show", "verify", "check", "lineage"])
def test_every_command_takes_the_newest_finished_run_of_a_name(
    workspace: Path, capsys: Captured, command: str
) -> None:
    evaluate("quant8")
    newest = evaluate("quant8", arms(shift=0.01)).parent.name
    with pytest.raises(RuntimeError), runpact.run(name="quant8"):
        raise RuntimeError
    capsys.readouterr()
    assert run(command, "quant8", "--json") in {0, 1}
    assert newest in capsys.readouterr().out
    assert runpact.open_run("quant8").id == newest


def test_a_name_is_stronger_than_a_prefix_of_several_runs(workspace: Path) -> None:
    meant = evaluate("2").parent.name
    evaluate("other")
    assert runpact.open_run("2").path == f"runs/2/{meant}"


def test_a_name_none_of_whose_runs_finished_is_told_with_their_paths(
    workspace: Path, capsys: Captured
) -> None:
    for shown in (0, 2):  # the only one of a name is meant by it
        with pytest.raises(RuntimeError), runpact.run(name="broken"):
            raise RuntimeError
        capsys.readouterr()
        assert run("show", "broken", "--json") == shown
    error = json.loads(capsys.readouterr().err)["error"]
    assert error["code"] == "no-such-run"
    assert "no run of this name finished" in error["hint"]
    assert "(failed)" in error["hint"]
