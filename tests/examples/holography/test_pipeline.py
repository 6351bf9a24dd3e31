"""The pipeline under its contract, end to end on a toy."""

from __future__ import annotations

import json
import py_compile
from pathlib import Path

import pytest
from holography.steps import STEPS

from examples.holography.workspace import EXAMPLE, Workspace

NAMES = [stage.name for stage in STEPS.values()]


@pytest.mark.requirement("C-147")
def test_every_entry_point_compiles(tmp_path: Path) -> None:
    for path in (EXAMPLE / "run_pipeline.py", *EXAMPLE.glob("tools/*.py"), *EXAMPLE.glob("stages/*.py")):
        py_compile.compile(str(path), cfile=str(tmp_path / "x.pyc"), doraise=True)


@pytest.mark.requirement("C-104", "C-105", "C-106", "C-107", "C-108", "C-109", "C-110", "C-149")
def test_the_orchestrator_runs_all_stages_of_the_toy_in_order(toy_run: Workspace) -> None:
    assert toy_run.first is not None
    assert toy_run.first.returncode == 0, toy_run.first.stderr
    told = [line.split()[0] for line in toy_run.first.stderr.splitlines() if "  OK in " in line]
    assert told == NAMES
    manifest = toy_run.document("run_manifest.json")
    assert list(manifest["stages"]) == NAMES
    assert {stage["status"] for stage in manifest["stages"].values()} == {"OK"}
    assert manifest["summary"]["status"] == "OK"


@pytest.mark.requirement("C-017", "C-018", "C-098", "C-099", "C-150")
def test_nothing_is_written_outside_the_experiment(toy_run: Workspace) -> None:
    assert toy_run.listing() == toy_run.began
    assert [path.name for path in (toy_run.root / "runs").iterdir()] == ["toy"]
    for name in NAMES:
        confinement = toy_run.document(f"{name}/.runpact/manifest.json")["provenance"]["confinement"]
        assert confinement["strays"] == []


@pytest.mark.requirement(
    "C-022", "C-023", "C-024", "C-025", "C-026", "C-027", "C-028", "C-029", "C-030", "C-032"
)
def test_aliases_lead_to_what_their_stages_made(toy_run: Workspace) -> None:
    aliases = toy_run.document("run_manifest.json")["aliases"]
    assert set(aliases) == {alias for stage in STEPS.values() for alias in stage.writes}
    for stage in STEPS.values():
        for alias in stage.writes:
            link = toy_run.root / "runs/toy" / alias
            assert link.readlink().as_posix() == aliases[alias] == f"{stage.name}/{alias}"
            assert any(link.iterdir())


@pytest.mark.requirement("C-044", "C-045", "C-046", "C-048", "C-051", "C-055", "C-056", "C-130")
def test_summaries_say_what_each_stage_came_to(toy_run: Workspace) -> None:
    for stage in STEPS.values():
        told = toy_run.document(f"{stage.name}/stage_summary.json")
        assert (told["stage"], told["experiment"], told["status"]) == (stage.name, "toy", "OK")
        assert set(told["artifacts"]) == set(stage.writes)
        assert all(path.split("/")[0] == alias for alias, path in told["artifacts"].items())
        assert len(told["meta"]["git_sha"]) == 40
        assert told["meta"]["seed"] == 20260309
        counts = told["counts"]
        assert counts["inputs_ok"] + counts["inputs_failed"] == counts["inputs_total"] > 0


@pytest.mark.requirement("C-083", "C-131", "C-037")
def test_the_commit_stands_in_artifacts_and_records(toy_run: Workspace) -> None:
    manifest = toy_run.document("run_manifest.json")
    (commit,) = {stage["git_sha"] for stage in manifest["stages"].values()}
    for path in sorted((toy_run.root / "runs/toy/predictions").glob("*.meta.json")):
        assert json.loads(path.read_text())["git_sha"] == commit


@pytest.mark.requirement("C-126")
def test_a_second_run_does_nothing_and_says_so(toy: Workspace) -> None:
    again = toy.run("toy")
    assert again.returncode == 0
    assert again.stderr.splitlines() == [
        *(f"{name}  skipped: up to date" for name in NAMES),
        f"runpact: toy OK: 0 ran, {len(NAMES)} up to date",
    ]


def test_the_whole_experiment_keeps_its_contract_and_its_records_are_true(toy: Workspace) -> None:
    for command in ("check", "verify"):
        done = toy.call("-m", "runpact", command, "toy")
        assert (done.returncode, done.stdout.split()[0]) == (0, "OK"), done.stdout
