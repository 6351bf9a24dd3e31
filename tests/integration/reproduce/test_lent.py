"""Environments that are built anew: runpact lends itself to them, or says that it is missing there."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from integration.reproduce.conftest import Answer, git, only, program, run, start
from runpact.host.rebuild import lend_runpact
from runpact.model.errors import CannotStartError
from runpact.version import VERSION

CMD = ("run", "--kind", "run", "--quiet", "--set", "seed=5", "--name")
PLAIN = """\
import json, os, pathlib
pathlib.Path(os.environ["RUNPACT_RUN_DIR"], "metrics.json").write_text(json.dumps({"loss": 1.0}))
"""
SITE = Path(os.__file__).parent.name + "/site-packages"
Captured = pytest.CaptureFixture[str]


@pytest.fixture
def built(workspace: Path, other_packages: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that `uv sync` fills a new environment from; of runpact it has nothing."""
    (workspace / "uv.lock").write_text("version = 1\n")
    git(workspace, "add", "-A")
    git(workspace, "commit", "-qm", "lock")
    monkeypatch.setenv("NOBODY_RECORDS_THIS", "0")
    packages, python = tmp_path / "packages", Path(sys.executable).resolve()
    packages.mkdir()
    uv = f"""#!/bin/sh
    mkdir -p $UV_PROJECT_ENVIRONMENT
    cd $UV_PROJECT_ENVIRONMENT
    mkdir -p bin lib/{SITE}
    ln -s {python} bin/python
    echo 'home = {python.parent}' > pyvenv.cfg
    cp -a {packages}/. lib/{SITE}/
    """
    program(tmp_path / "bin" / "uv", uv)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    return packages


def with_dependencies(packages: Path) -> None:
    """Let an environment have everything that this one has, but runpact."""
    import msgspec

    for each in Path(msgspec.__file__).parents[1].iterdir():
        if "runpact" not in each.name and each.suffix != ".pth":
            (packages / each.name).symlink_to(each)


def test_runpact_is_lent_to_an_environment_that_was_built_without_it(
    workspace: Path, built: Path, other_packages: str, again: Answer
) -> None:
    with_dependencies(built)
    start(PYTHONPATH=other_packages)
    code, told = again("detector")
    assert (code, told["word"], told["equal"]) == (0, "reproduced", 3)
    uses = {each["name"]: each["uses"] for each in told["ingredients"]}["environment"]
    assert uses[-1] == f"runpact {VERSION}, lent by the one that runs unless the lock file has it"
    record = json.loads((workspace / told["run"]["path"] / ".runpact/run.json").read_bytes())
    environment = record["provenance"]["environment"]
    assert environment["packages"]["runpact"] == VERSION
    assert environment["origins"]["runpact"] == {}, "it came from a folder elsewhere"
    assert not list(workspace.glob(".runpact-cache/again-*"))


def test_another_version_of_runpact_gives_way_to_the_one_that_runs(
    built: Path, other_packages: str, again: Answer
) -> None:
    with_dependencies(built)
    (built / "runpact").mkdir()
    (built / "runpact" / "__init__.py").write_text("raise SystemExit('of long ago')\n")
    info = built / "runpact-0.0.1.dist-info"
    info.mkdir()
    start(PYTHONPATH=other_packages)
    assert again("detector")[0] == 0
    info.rename(built / f"runpact-{VERSION}.dist-info")
    code, told = again(str(min(Path("runs/detector").iterdir())))
    assert (code, told["remarks"]) == (1, ["the command made no run; it ended with 1: of long ago"])


def test_an_environment_that_runpact_cannot_work_in_is_a_missing_ingredient(
    workspace: Path, built: Path, other_packages: str, again: Answer
) -> None:
    start(PYTHONPATH=other_packages)
    code, told = again("detector")
    assert (code, told["word"], told["run"]) == (2, "not reproducible", None)
    (why,) = told["ingredients"][-1]["missing"]
    assert why == (
        f"runpact {VERSION} was lent to the environment, and does not work there"
        " — ModuleNotFoundError: No module named 'msgspec'"
    )
    assert not list(workspace.glob(".runpact-cache/again-*"))


def test_a_command_that_can_do_without_runpact_does(
    workspace: Path, built: Path, other_packages: str, again: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workspace / "plain.py").write_text(PLAIN)
    git(workspace, "add", "-A")
    git(workspace, "commit", "-qm", "plain")
    monkeypatch.syspath_prepend(other_packages)
    assert run(*CMD, "plain", "--", "python", "plain.py") == 0
    assert run(*CMD, "cmd", "--", "python", "command.py") == 0
    monkeypatch.undo()
    monkeypatch.chdir(workspace)
    monkeypatch.setenv("PATH", f"{built.parent / 'bin'}:{os.environ['PATH']}")
    code, told = again(str(only("plain")))
    assert (code, told["remarks"]) == (0, [])
    code, told = again(str(only("cmd")))
    assert (code, told["word"]) == (2, "not reproducible")
    assert "does not work there" in told["ingredients"][-1]["missing"][0]


def test_where_runpact_cannot_be_lent_it_is_said(tmp_path: Path) -> None:
    lend_runpact(str(tmp_path / "lent"))
    assert (tmp_path / "lent/runpact/version.py").exists()
    with pytest.raises(CannotStartError, match="cannot be lent"):
        lend_runpact(str(tmp_path / "lent"))
