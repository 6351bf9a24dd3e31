"""A file of the layout that a program wrote by itself, in whatever way, is never replaced."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

import runpact
from integration.runs.place import Place

CONTRACT = """\
contract: test.kept
version: "1.0.0"
kinds:
  run:
    at: "runs/{name}"
    entries:
      - {file: about.json, written: change, fields: {id: run.id, state: run.state}}
      - {file: metrics.json, fields: {summary: run.metrics}}
      - {file: report.json, required: false, fields: {summary: doc.metrics.summary, state: run.state}}
"""


@pytest.fixture
def kept(empty: Place) -> Place:
    """A workspace whose layout derives three files."""
    empty.write("contract.yaml", CONTRACT)
    return empty


def read(folder: str | Path, name: str) -> object:
    return json.loads((Path(folder) / name).read_text())


def test_what_a_command_writes_into_its_run_stays(kept: Place) -> None:
    code, folder = kept.run_of('echo "{\\"loss\\": 1}" > "$RUNPACT_RUN_DIR/metrics.json"', "--name", "a")
    assert code == 0
    assert read(folder, "metrics.json") == {"loss": 1}
    assert read(folder, "report.json") == {"state": "finished"}
    assert read(folder, "about.json") == {"id": "a", "state": "finished"}
    assert kept.json("verify", "runs/a")[0] == 0


def test_what_a_command_writes_over_a_file_that_the_run_was_born_with_stays(kept: Place) -> None:
    _code, folder = kept.run_of('echo "{}" > "$RUNPACT_RUN_DIR/about.json"', "--name", "a")
    assert read(folder, "about.json") == {}
    assert read(folder, "metrics.json") == {"summary": {}}


def test_what_a_program_writes_by_its_path_stays_whatever_it_is(kept: Place) -> None:
    with runpact.run(name="a", workspace=kept.root) as run:
        Path(run.path("metrics.json")).write_text('{"summary": {"loss": 2}}')
        (Path(run.dir) / "report.json").symlink_to("metrics.json")
    assert read(run.dir, "metrics.json") == {"summary": {"loss": 2}}
    assert (Path(run.dir) / "report.json").is_symlink()


def test_the_pack_of_registries_keeps_it_and_says_what_it_lacks(empty: Place) -> None:
    empty.call("init", "--pack", "runpact:run-registry@1")
    code, folder = empty.run_of('echo "{\\"loss\\": 0.5}" > "$RUNPACT_RUN_DIR/metrics.json"')
    assert code == 3
    assert read(folder, "metrics.json") == {"loss": 0.5}
    lacking = "metrics.json\n    error[schema] (E3.3): the key `best_result` is missing"
    assert lacking in empty.call("check", folder.name)[1]


@pytest.mark.parametrize("moment", ["before", "within"])
def test_who_seals_the_run_of_a_dead_process_keeps_what_its_program_wrote(kept: Place, moment: str) -> None:
    child = os.fork()
    if child == 0:
        try:
            with runpact.run(name="a", workspace=kept.root, durability="none") as run:
                (Path(run.dir) / "metrics.json").write_text('{"summary": {"loss": 3}}')
                (Path(run.dir) / "about.json").write_text('{"mine": 1}')
                if moment == "before":
                    os.kill(os.getpid(), signal.SIGKILL)
                run.writer.sync_logs = lambda: os.kill(os.getpid(), signal.SIGKILL)
        finally:
            os._exit(70)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    folder = kept.root / "runs/a"
    assert (folder / "report.json").exists() is (moment == "within")
    assert kept.call("doctor", "--fix")[0] == 0
    assert read(folder, "metrics.json") == {"summary": {"loss": 3}}
    assert read(folder, "about.json") == {"mine": 1}
    assert read(folder, "report.json") == {"summary": {"loss": 3}, "state": "interrupted"}
