"""Every way in which an input of a stage can be wrong, stage by stage, and the line that says so."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from _pytest.mark.structures import ParameterSet
from holography.steps import STEPS

from examples.holography.workspace import Workspace

PRODUCER = {alias: stage for stage in STEPS.values() for alias in stage.writes}
TYPES = {
    alias: f"{name}@0.1"
    for alias, name in (
        ("systems", "BoundaryData"),
        ("predictions", "GeometryPrediction"),
        ("geometry_emergent", "EmergentGeometry"),
        ("bulk_equations", "BulkEquations"),
        ("geometry_contracts", "ContractsSummary"),
        ("bulk_eigenmodes", "EigenmodesDataset"),
        ("emergent_dictionary", "Dictionary"),
    )
}
X = "runs/toy"


def first_file(place: Workspace, alias: str) -> Path:
    """Return the first file behind an alias that has a type, as its producer's directory names it."""
    folder = place.root / X / PRODUCER[alias].name / alias
    return next(path for path in sorted(folder.rglob("*.*")) if path.suffix in {".json", ".npz", ".csv"})


def record(name: str) -> Callable[[Workspace, str], Path]:
    return lambda place, alias: place.root / X / PRODUCER[alias].name / ".runpact" / name


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def alter_one_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def flip_the_status(path: Path) -> None:
    told = json.loads(path.read_text())
    assert told["status"] == "OK"
    path.write_text(json.dumps({**told, "status": "ERROR", "exit_code": 3}))


def append(path: Path) -> None:
    path.write_text(path.read_text() + "# changed\n")


class Fault(NamedTuple):
    """One way to spoil an input, and the beginning of the line that tells of it."""

    name: str
    target: Callable[[Workspace, str], Path]
    spoil: Callable[[Path], None]
    line: str


OTHER = "invalid_artifact: {path}; `{alias}` ({type}): it is not the file that its producer recorded; "
FAULTS = (
    Fault(
        "removed",
        first_file,
        Path.unlink,
        "missing_artifact: {path}; `{alias}` ({type}): it was made and is gone; ",
    ),
    Fault("cut", first_file, cut, OTHER),
    Fault("one byte", first_file, alter_one_byte, OTHER),
    Fault(
        "status",
        record("result.json"),
        flip_the_status,
        "invalid_artifact: runs/toy/{name}/{alias}; `{alias}` ({type}): stage {name} ended with ERROR; ",
    ),
    Fault(
        "manifest",
        record("manifest.json"),
        cut,
        "invalid_artifact: runs/toy/{name}/{alias}; `{alias}` ({type}): stage {name} is corrupt: ",
    ),
    Fault(
        "alias",
        lambda place, alias: place.root / X / alias,
        Path.unlink,
        "missing_artifact: runs/toy/{alias}; the alias `{alias}` does not lead to what stage {name} made; ",
    ),
    Fault(
        "code",
        lambda place, alias: place.root / f"stages/{PRODUCER[alias].name}.py",
        append,
        "stale_artifact: runs/toy/{name}/{alias}; `{alias}` ({type}): stage {name} is out of date: "
        "its code changed: stages/{name}.py; ",
    ),
)


def reads() -> Iterator[ParameterSet]:
    """Give each stage with each alias that it reads; all but the first of a stage are for the night."""
    for stage in STEPS.values():
        for number, alias in enumerate(each for each in stage.reads if each in PRODUCER):
            marks = () if number == 0 else (pytest.mark.nightly,)
            yield pytest.param(stage.id, alias, marks=marks, id=f"{stage.id}-{alias}")


@pytest.fixture(scope="module")
def spoilt(toy_run: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A copy of the toy after its run, in which every test puts back what it spoilt."""
    return toy_run.copied(tmp_path_factory.mktemp("spoilt") / "holography")


@pytest.mark.requirement("C-041", "C-092", "C-093", "C-094", "C-095", "C-173", "C-174", "C-176", "C-192")
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
@pytest.mark.parametrize(("stage", "alias"), [*reads()])
def test_a_stage_is_stopped_before_it_begins(spoilt: Workspace, stage: str, alias: str, fault: Fault) -> None:
    path, producer = fault.target(spoilt, alias), PRODUCER[alias]
    target, content = (path.readlink(), b"") if path.is_symlink() else (None, path.read_bytes())
    fault.spoil(path)
    code, lines = spoilt.gate(stage)
    path.symlink_to(target) if target else path.write_bytes(content)
    assert code == 2
    where, sort = path.relative_to(spoilt.root), TYPES[alias]
    begin = fault.line.format(path=where, alias=alias, name=producer.name, type=sort)
    told = [line for line in lines if line.startswith(begin)]
    assert len(told) == 1, (begin, lines)
    again = f"runpact pipeline run --experiment toy --from {producer.id} --to {producer.id}"
    assert told[0].endswith(f"regenerate it: {again}")
    assert spoilt.gate(stage)[0] == 0


@pytest.mark.requirement("C-090", "C-091", "C-096", "C-115")
def test_the_tool_and_the_orchestrator_stop_with_the_same_line(toy: Workspace) -> None:
    path = first_file(toy, "bulk_eigenmodes")
    path.unlink()
    begin = f"missing_artifact: {path.relative_to(toy.root)}"
    expected = f"{begin}; `bulk_eigenmodes` (EigenmodesDataset@0.1): it was made and is gone; "
    asked = toy.call("tools/assert_artifacts.py", "--experiment", "toy", "--stage", "07")
    assert (asked.returncode, asked.stdout.startswith(expected)) == (2, True)
    done = toy.run("toy", "--from", "07")
    assert (done.returncode, "07b_compare_closed_forms" in done.stderr) == (2, False)
    assert done.stderr.splitlines()[-1].startswith("next: runpact pipeline run --experiment toy")
    assert toy.run("toy").returncode == 0


def test_a_cut_view_of_the_experiment_misleads_nobody(toy: Workspace) -> None:
    view = toy.root / X / "run_manifest.json"
    os.truncate(view, view.stat().st_size // 2)
    assert toy.gate("07")[0] == 0
    assert toy.call("-m", "runpact", "verify", "toy").returncode != 0
    assert toy.run("toy").returncode == 0
    assert toy.document("run_manifest.json")["summary"]["status"] == "OK"


@pytest.mark.requirement("C-031", "C-186")
def test_a_stage_that_opens_the_directory_of_another_one_is_reported(toy: Workspace) -> None:
    program = toy.root / "stages/03_discover_bulk_equations.py"
    peek = f'open("{X}/02_emergent_geometry_engine/{{}}").close()'
    known = "predictions/ads_d2_toy_000.npz"
    program.write_text(f"{program.read_text()}    {peek.format(known)}\n")
    done = toy.run("toy", "--to", "03")
    assert done.returncode == 1
    assert (
        "warning[bypassed-alias]: stage 03_discover_bulk_equations opened it by the directory" in done.stderr
    )
    assert f"got       02_emergent_geometry_engine/{known}" in done.stderr
    program.write_text(f"{program.read_text()}    {peek.format('logs/stdout.log')}\n")
    done = toy.run("toy", "--to", "03")
    assert done.returncode == 3
    assert "error[undeclared-input]" in done.stderr
    assert "got       02_emergent_geometry_engine/logs/stdout.log" in done.stderr
