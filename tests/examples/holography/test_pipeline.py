"""The pipeline under its contract, end to end on a toy."""

from __future__ import annotations

import fnmatch
import hashlib
import json
import py_compile
import shutil
from pathlib import Path

import pytest
from holography.loaders import load_boundary
from holography.steps import STEPS

from examples.holography.workspace import EXAMPLE, Workspace
from runpact.workspace import Workspace as Opened

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
    assert told == NAMES[1:]
    assert toy_run.preflight is not None
    assert toy_run.preflight.returncode == 0, toy_run.preflight.stderr
    manifest = toy_run.document("run_manifest.json")
    assert list(manifest["stages"]) == NAMES
    assert {stage["status"] for stage in manifest["stages"].values()} == {"OK"}
    assert manifest["summary"]["status"] == "OK"


@pytest.mark.requirement("C-190")
def test_stages_00_to_05_are_there_and_stage_06_consumes_arrays(toy_run: Workspace) -> None:
    stages = toy_run.document("run_manifest.json")["stages"]
    early = [name.partition("_")[0] for name in stages if name < "06"]
    assert early == ["00", "01", "02", "03", "04", "04b", "04c", "05"]
    assert {stages[name]["status"] for name in stages if name < "06"} == {"OK"}
    assert all(stages[name]["outputs"] for name in stages if name < "06")
    told = stages["06_build_bulk_eigenmodes_dataset"]["inputs"]
    systems = (toy_run.root / "runs/toy/predictions").glob("*.npz")
    predictions = {f"predictions/{path.name}" for path in systems}
    consumed = {each["path"].split("/", 1)[1] for each in told if each["path"].endswith(".npz")}
    assert consumed == predictions
    assert predictions


def test_nothing_needs_the_preflight(toy: Workspace) -> None:
    assert not [stage.id for stage in STEPS.values() if "solver_check" in stage.reads]
    contract = Opened.open(workspace=str(toy.root)).lint().contract
    assert not [stage.id for stage in contract.kinds["experiment"].stages if "solver_check" in stage.reads]
    begun = toy.run("late", "--from", "01", "--to", "02", "--config", "configs/toy.json")
    assert begun.returncode == 0, begun.stderr
    manifest = json.loads((toy.root / "runs/late/run_manifest.json").read_text())
    assert list(manifest["stages"]) == NAMES[1:3]


def test_a_grid_that_is_too_coarse_is_found_by_the_preflight(toy: Workspace) -> None:
    for samples, code, status in ((41, 1, "WARNING"), (21, 3, "ERROR")):
        name = f"coarse{samples}"
        coarse = ("--config", "configs/toy.json", "--set", f"geometry.samples={samples}", "--only", "00")
        assert toy.run(name, *coarse).returncode == code
        stage = toy.root / "runs" / name / "00_check_solver"
        told = json.loads((stage / "stage_summary.json").read_text())
        assert told["status"] == status
        assert f"R of the black brane, d = 4, {samples} samples" in json.dumps(told, ensure_ascii=False)
        document = json.loads((stage / "solver_check/convergence.meta.json").read_text())
        assert {check["verdict"] for check in document["checks"]} >= {"holds", "doubtful"}


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


@pytest.mark.requirement("C-002", "C-004", "C-034", "C-035")
def test_inputs_and_outputs_of_every_stage_can_be_found_again(toy_run: Workspace) -> None:
    run = toy_run.root / "runs/toy"
    for name, stage in toy_run.document("run_manifest.json")["stages"].items():
        step = STEPS[name.partition("_")[0]]
        assert {each["alias"] for each in stage["inputs"]} == set(step.reads) - {"measured"}
        for each in stage["inputs"]:
            assert f"sha256:{hashlib.sha256((run / each['path']).read_bytes()).hexdigest()}" == each["digest"]
        assert stage["outputs"]
        assert all((run / path).is_file() and path.startswith(f"{name}/") for path in stage["outputs"])


@pytest.mark.requirement("C-113")
def test_the_manifest_consolidates_the_summaries(toy_run: Workspace) -> None:
    told = toy_run.document("run_manifest.json")["summary"]
    assert (told["status"], told["exit_code"], told["stages"]) == ("OK", 0, len(NAMES))
    assert told["counts"]["OK"] == len(NAMES)


@pytest.mark.requirement("C-128")
def test_an_override_is_merged_into_the_saved_copy_from_which_stages_read(toy: Workspace) -> None:
    done = toy.run("other", "--config", "configs/toy.json", "--set", "boundary.points=33", "--to", "01")
    assert done.returncode == 0, done.stderr
    frozen = json.loads((toy.root / "runs/other/config.resolved.json").read_text())
    assert frozen["boundary"] == {"points": 33, "reach": 2.0}
    path = next((toy.root / "runs/other/systems").glob("*.npz"))
    assert len(load_boundary(path)[0].x) == 33


WRITE = """
    for folder in {folders}:
        try:
            open(folder + "/new.txt", "w").close()
        except PermissionError:
            print("refused", folder)
"""


@pytest.mark.requirement("C-133", "C-134", "C-135", "C-136", "C-138", "C-099")
def test_legacy_folders_are_frozen_and_no_stage_may_write_there(toy: Workspace) -> None:
    folders = ["outputs", "results", "fase11_2024", "smoke_1"]
    for folder in folders:
        toy.write(f"{folder}/old.txt", "old")
    program = toy.root / "stages/01_build_systems.py"
    program.write_text(program.read_text() + WRITE.format(folders=folders))
    assert toy.run("toy", "--to", "01").returncode == 0
    told = toy.document("01_build_systems/.runpact/manifest.json")["provenance"]["confinement"]
    strays = [stray["path"] for stray in told["strays"]]
    written = [path.relative_to(toy.root).as_posix() for path in toy.root.glob("*/new.txt")]
    assert sorted(strays) == sorted(written)  # none, where the kernel refuses
    log = (toy.root / "runs/toy/01_build_systems/logs/stdout.log").read_text()
    assert len(written) + log.count("refused") == len(folders)
    frozen = Opened.open(workspace=str(toy.root)).lint().contract.workspace.frozen
    assert all(any(fnmatch.fnmatch(f"{folder}/new.txt", glob) for glob in frozen) for folder in folders)


@pytest.mark.requirement("C-139", "C-140", "C-141", "C-142", "C-143", "C-144", "C-145", "C-014")
@pytest.mark.parametrize("mode", [(), pytest.param(("--copy",), marks=pytest.mark.nightly)])
def test_a_legacy_folder_is_taken_over_and_its_stages_go_on(toy: Workspace, mode: tuple[str, ...]) -> None:
    old = toy.root / "fase11_2024"
    shutil.copytree(toy.root / "runs/toy/predictions", old / "predictions")
    before = {path: path.read_bytes() for path in old.rglob("*.*")}
    first = toy.call("tools/import_legacy_run.py", "fase11_2024", "--as", "old", *mode)
    assert (first.returncode, first.stdout.splitlines()[-1]) == (0, "OK runs/old: 4 of 4 files are new")
    again = toy.call("tools/import_legacy_run.py", "fase11_2024", "--as", "old", *mode)
    assert again.stdout.splitlines()[-1] == "OK runs/old: 0 of 4 files are new"
    manifest = json.loads((toy.root / "runs/old/run_manifest.json").read_text())
    assert (manifest["resolved_from_legacy"], manifest["external"]) == (True, not mode)
    links = [path.is_symlink() for path in (toy.root / "runs/old/legacy/predictions").iterdir()]
    assert links == [not mode] * 4
    done = toy.run("old", "--only", "03")
    assert done.returncode == 1, done.stderr
    assert "resolved_from_legacy=true" in done.stderr
    assert before == {path: path.read_bytes() for path in old.rglob("*.*")}


@pytest.mark.requirement("C-012", "C-184")
def test_measured_data_of_others_come_by_the_command_line(toy: Workspace) -> None:
    given = toy.root / "lab"
    shutil.copytree(toy.root / "runs/toy/systems", given)
    toy.write("configs/none.json", {"geometry": {"samples": 121}})
    run = ("--config", "configs/none.json", "--to", "01")
    assert toy.run("mine", *run).returncode == 2
    done = toy.run("mine", *run, "--input", "measured=lab")
    assert done.returncode == 0, done.stderr
    stage = json.loads((toy.root / "runs/mine/run_manifest.json").read_text())["stages"]["01_build_systems"]
    assert {(each["alias"], each["source"]) for each in stage["inputs"]} == {("measured", "cli")}
    taken = sorted(path.name for path in (toy.root / "runs/mine/systems").iterdir())
    assert taken == sorted(path.name for path in given.iterdir())
    (given / "notes.txt").write_text("by hand")
    assert "invalid_artifact: lab/notes.txt" in "".join(toy.gate("01", "--input", f"measured={given}")[1])


@pytest.mark.requirement(
    "C-155",
    "C-156",
    "C-157",
    "C-158",
    "C-159",
    "C-160",
    "C-161",
    "C-162",
    "C-163",
    "C-166",
    "C-172",
)
def test_every_stage_is_done_by_all_eight_points(toy: Workspace) -> None:
    done = toy.call("-m", "runpact", "pipeline", "done", "toy")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, f"{len(NAMES)} of {len(NAMES)} stages done")
    (toy.root / "runs/toy/05_analyze_bulk_equations/logs/stdout.log").unlink()
    broken = toy.call("-m", "runpact", "pipeline", "done", "toy")
    assert broken.returncode == 1
    assert "05_analyze_bulk_equations  in development" in broken.stdout


@pytest.mark.requirement("C-189")
def test_a_change_that_breaks_a_stage_fails_the_toy(toy: Workspace) -> None:
    step = toy.root / "holography/regression.py"
    step.write_text(step.read_text() + "\nraise ValueError('broken')\n")
    again = toy.run("toy", "--from", "01", "--to", "09")
    assert (again.returncode, "regression" in again.stderr) == (3, True)


@pytest.mark.requirement("C-168")
def test_the_page_of_artifacts_is_what_the_contract_says(toy_run: Workspace) -> None:
    command = ("-m", "runpact", "contract", "docs", "--artifacts", "--check", "docs/ARTIFACT_API.md")
    current = toy_run.call(*command)
    assert current.returncode == 0, current.stdout + current.stderr
