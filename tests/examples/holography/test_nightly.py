"""Every configuration through all stages, as it is run for real."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from holography.steps import STEPS

from examples.holography.workspace import Workspace

ROOT = Path(__file__).resolve().parents[3]
NAMES = [stage.name for stage in STEPS.values()]
GOLDEN = ("ads_control", "ising3d_mini", "tfinite")
CONFIGS = ("ads_control", "demo", "ising3d_mini", "tfinite")


@pytest.fixture(scope="module", params=CONFIGS)
def ran(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Path]:
    """A configuration, run from 01 to 09, then its preflight; the gate is asked before what is expensive."""
    place = Workspace.lay_out(tmp_path_factory.mktemp(request.param))
    asked = ("--experiment", request.param, "--stage", "06")
    first = place.run(
        request.param, "--from", "01", "--to", "05", "--config", f"configs/{request.param}.json"
    )
    assert first.returncode == 0, first.stderr
    place.first = place.call("tools/assert_artifacts.py", *asked)
    assert place.first.returncode == 0, place.first.stdout
    done = place.run(request.param, "--from", "06", "--to", "09")
    assert done.returncode == 0, done.stderr
    preflight = place.run(request.param, "--only", "00")
    assert preflight.returncode == 0, preflight.stderr
    return place, place.root / "runs" / request.param


@pytest.mark.nightly
@pytest.mark.requirement("C-097")
def test_the_gate_was_asked_before_the_expensive_stages(ran: tuple[Workspace, Path]) -> None:
    place, run = ran
    assert place.first is not None
    assert place.first.stdout.splitlines()[-1].startswith("OK gate of ")
    for path in (run / "02_emergent_geometry_engine/predictions").glob("*.npz"):
        path.rename(path.with_suffix(".away"))
    try:
        shut = place.call("tools/assert_artifacts.py", "--experiment", run.name, "--stage", "06")
        assert (shut.returncode, shut.stdout.split(":")[0]) == (2, "missing_artifact")
    finally:
        for path in (run / "02_emergent_geometry_engine/predictions").glob("*.away"):
            path.rename(path.with_suffix(".npz"))


@pytest.mark.nightly
@pytest.mark.requirement("C-152", "C-173", "C-177")
def test_every_configuration_runs_through_all_stages(ran: tuple[Workspace, Path]) -> None:
    place, run = ran
    stages = json.loads((run / "run_manifest.json").read_text())["stages"]
    assert {name: stage["status"] for name, stage in stages.items()} == dict.fromkeys(NAMES, "OK")
    again = place.run(run.name)
    assert again.stderr.splitlines()[-1] == f"runpact: {run.name} OK: 0 ran, {len(NAMES)} up to date"


@pytest.mark.nightly
def test_every_value_of_the_literature_is_within_its_tolerance(ran: tuple[Workspace, Path]) -> None:
    entries = json.loads((ran[1] / "literature/literature_contracts.json").read_text())["entries"]
    assert len(entries) >= 20
    assert [each["quantity"] for each in entries if not each["relative_error"] <= each["tolerance"]] == []


@pytest.mark.nightly
@pytest.mark.requirement("C-154", "C-178", "C-179", "C-180", "C-181")
@pytest.mark.parametrize("name", GOLDEN)
def test_every_golden_record_is_kept_and_a_changed_value_departs(name: str, tmp_path: Path) -> None:
    place = Workspace.lay_out(tmp_path)
    assert place.run(name, "--config", f"configs/{name}.json").returncode == 0
    kept = place.call("-m", "runpact", "golden", "compare", name)
    assert (kept.returncode, kept.stdout.splitlines()[-1].split()[0]) == (0, "OK"), kept.stdout
    record = place.root / f"golden/{name}.json"
    told = record.read_text()
    assert told.count('"schema_name": "GeometryPrediction"') >= 2
    record.write_text(told.replace('"delta": 1.', '"delta": 2.').replace('"delta": 0.', '"delta": 3.'))
    departs = place.call("-m", "runpact", "golden", "compare", name)
    assert departs.returncode == 3, departs.stdout
    assert "#/delta" in departs.stdout or "/delta" in departs.stdout


@pytest.mark.nightly
@pytest.mark.requirement("C-153")
@pytest.mark.parametrize("alias", ["mismatch_controls", "noise_controls"])
def test_negative_controls_break_contracts(ran: tuple[Workspace, Path], alias: str) -> None:
    systems = json.loads((ran[1] / alias / "controls.json").read_text())["systems"]
    assert systems
    for controls in systems.values():
        assert controls
        assert all(set(control["broken"]) & set(control["expected"]) for control in controls)


@pytest.mark.nightly
@pytest.mark.requirement("C-129")
def test_the_same_configuration_gives_the_same_bytes(tmp_path: Path) -> None:
    place = Workspace.lay_out(tmp_path)
    for name in ("one", "two"):
        assert place.run(name, "--config", "configs/ads_control.json").returncode == 0
    one, two = (place.root / "runs" / name for name in ("one", "two"))
    for alias in (alias for stage in STEPS.values() for alias in stage.writes):
        files = [path.relative_to(one) for path in (one / alias).rglob("*.*")]
        assert files
        assert [path for path in files if (one / path).read_bytes() != (two / path).read_bytes()] == []


@pytest.mark.nightly
def test_the_walk_prints_every_number_of_the_seed_and_loses_no_evidence(tmp_path: Path) -> None:
    done = subprocess.run(
        (sys.executable, str(ROOT / "tools/walk.py"), "002", "--into", str(tmp_path / "walk")),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    numbers = [line[:5] for line in done.stdout.splitlines() if line.startswith("C-")]
    assert "FAILS" not in done.stdout
    assert numbers == [f"C-{number:03}" for number in range(1, 193)]
