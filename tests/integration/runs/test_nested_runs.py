"""Runs that are part of another run."""

from __future__ import annotations

import json
import multiprocessing
import sys
from pathlib import Path

import pytest

import runpact
from integration.runs.place import Place

INNER = "import runpact\nwith runpact.run(name='inner'): pass\n"


def by_name(place: Place) -> dict[str, dict]:
    return {run["name"]: run for run in place.runs()}


def test_a_run_started_inside_another_is_part_of_it(empty: Place) -> None:
    with runpact.run(name="outer") as outer:
        with runpact.run(name="inner") as inner:
            with runpact.run(name="innermost"):
                assert runpact.current().name == "innermost"
            assert runpact.current() is inner
        assert runpact.current() is outer
    with runpact.run(name="after"):
        pass
    runs = by_name(empty)
    assert runs["inner"]["parent"] == outer.uid
    assert runs["inner"]["parent_path"] == f"runs/{outer.id}"
    assert runs["innermost"]["parent"] == inner.uid
    assert (runs["outer"]["parent"], runs["after"]["parent"], runs["after"]["parent_path"]) == (None,) * 3
    assert f"part of runs/{outer.id}" in empty.call("ls")[1]
    assert f"runs/{outer.id} ({outer.uid})" in empty.call("show", inner.id)[1]


def test_a_run_that_was_sealed_early_is_no_outer_run(empty: Place) -> None:
    with runpact.run(name="outer") as outer:
        outer.finish()
        with runpact.run(name="inner"):
            pass
    assert by_name(empty)["inner"]["parent"] is None


def test_a_run_of_a_child_process_is_part_of_the_commands_run(empty: Place) -> None:
    code, _folder = empty.run_of(f'{sys.executable} -c "{INNER}"', "--name", "outer", "--nested")
    assert code == 0
    runs = by_name(empty)
    assert runs["inner"]["parent"] == runs["outer"]["uid"]
    assert runs["inner"]["parent_path"] == runs["outer"]["path"]


def test_a_command_in_a_command_is_part_of_it(empty: Place) -> None:
    inner = f"{sys.executable} -m runpact run --name inner -- true"
    assert empty.run_of(inner, "--name", "outer", "--nested")[0] == 0
    runs = by_name(empty)
    assert runs["inner"]["parent"] == runs["outer"]["uid"]


def test_an_outer_run_of_another_workspace_is_named_by_its_uid_alone(
    empty: Place, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    with runpact.run(name="outer", workspace=elsewhere) as outer, runpact.run(name="inner"):
        pass
    inner = by_name(empty)["inner"]
    assert (inner["parent"], inner["parent_path"]) == (outer.uid, None)
    assert f"part of {outer.uid}" in empty.call("ls")[1]
    assert outer.uid in empty.call("show", "inner")[1]


def test_variables_that_hold_name_the_outer_run(empty: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    with runpact.run(name="outer") as outer:
        monkeypatch.setenv("RUNPACT_RUN_UID", outer.uid)
        monkeypatch.setenv("RUNPACT_RUN_DIR", outer.dir)
        assert empty.call("run", "--name", "inner", "--", "true")[0] == 0
    assert by_name(empty)["inner"]["parent"] == outer.uid


@pytest.mark.parametrize("spoiled", ["ended", "another uid", "relative", "gone"])
def test_variables_that_no_longer_hold_make_no_outer_run(
    empty: Place, monkeypatch: pytest.MonkeyPatch, spoiled: str
) -> None:
    with runpact.run(name="outer") as outer:
        uid, folder = outer.uid, outer.dir
        monkeypatch.setenv("RUNPACT_RUN_UID", "0" if spoiled == "another uid" else uid)
        folder = {"relative": "runs/x", "gone": str(empty.root / "gone")}.get(spoiled, folder)
        monkeypatch.setenv("RUNPACT_RUN_DIR", folder)
        if spoiled != "ended":
            assert empty.call("run", "--name", "inner", "--", "true")[0] == 0
    if spoiled == "ended":
        assert empty.call("run", "--name", "inner", "--", "true")[0] == 0
    assert by_name(empty)["inner"]["parent"] is None


def _work(number: int) -> None:
    with runpact.run(name=f"trial-{number}"):
        pass


def test_runs_of_forked_workers_are_part_of_the_run_that_forked_them(empty: Place) -> None:
    with runpact.run(name="sweep") as sweep:
        workers = [multiprocessing.get_context("fork").Process(target=_work, args=(n,)) for n in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    runs = by_name(empty)
    assert {runs[f"trial-{n}"]["parent"] for n in range(2)} == {sweep.uid}
    assert runs["sweep"]["state"] == "finished"


def test_the_birth_record_names_the_outer_run(empty: Place) -> None:
    with runpact.run(name="outer") as outer, runpact.run(name="inner") as inner:
        record = json.loads((Path(inner.dir) / ".runpact/run.json").read_text())
    assert (record["parent"], record["parent_path"]) == (outer.uid, f"runs/{outer.id}")
