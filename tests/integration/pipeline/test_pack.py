"""The pack for staged pipelines, extended by a contract that only lists its stages."""

from __future__ import annotations

import json

import pytest

from integration.pipeline.pipeline import Pipeline
from integration.pipeline.staged import GOOD, STAGED

CONTRACT = (
    STAGED
    + """\
      - id: "03"
        slug: equations
        command: [sh, stages/03.sh]
        reads: {predictions: GeometryPrediction@0.1}
        writes: {bulk_equations: {files: "bulk_equations/{system}.json", type: BulkEquations@0.1}}
      - id: "04"
        slug: contracts
        command: [sh, stages/04.sh]
        reads: {bulk_equations: BulkEquations@0.1}
        writes: {geometry_contracts: {file: out/contracts_summary.json, type: GeometryContracts@0.1}}
      - id: "06"
        slug: build_bulk_eigenmodes_dataset
        command: [sh, stages/06.sh]
        reads: {predictions: GeometryPrediction@0.1}
        writes: {bulk_eigenmodes: {file: out/bulk_modes_dataset.csv, type: EigenmodesDataset@0.1}}
      - id: "07"
        slug: dictionary
        command: [sh, stages/07.sh]
        reads: {bulk_eigenmodes: EigenmodesDataset@0.1}
        writes: {dictionary: {files: "dictionary/{name}.json", type: Dictionary@0.1}}
"""
)
COPIED = {
    "02": ("02_emergent_geometry_engine/predictions/*", "predictions"),
    "03": ("03_equations/bulk_equations/*", "bulk_equations"),
    "04": ("04_contracts/contracts_summary.json", "out"),
    "06": ("06_build_bulk_eigenmodes_dataset/bulk_modes_dataset.csv", "out"),
    "07": ("07_dictionary/dictionary/*", "dictionary"),
}


@pytest.fixture
def holography(pipeline: Pipeline) -> Pipeline:
    pipeline.write("contract.yaml", CONTRACT)
    for stage, (source, target) in COPIED.items():
        pipeline.write(
            f"stages/{stage}.sh",
            f'cp {GOOD}/{source} "$RUNPACT_STAGE_DIR/{target}/"\n'
            'echo \'{"status": "OK", "exit_code": 0}\' > "$RUNPACT_STAGE_SUMMARY"\n',
        )
    return pipeline


@pytest.mark.requirement(
    "C-060", "C-061", "C-063", "C-064", "C-067", "C-068", "C-069", "C-070", "C-118", "C-122"
)
def test_a_contract_that_lists_its_stages_has_all_that_the_pack_demands(holography: Pipeline) -> None:
    code, document = holography.go("--config", "config.json")
    findings = [
        each for step in document["stages"] for each in step["findings"] if each["severity"] != "advice"
    ]
    assert (code, document["verdict"], findings) == (0, "OK", [])
    stage = holography.experiment / "06_build_bulk_eigenmodes_dataset"
    told = json.loads((stage / "stage_summary.json").read_text())
    assert list(told) == [
        "stage",
        "experiment",
        "status",
        "exit_code",
        "counts",
        "errors",
        "warnings",
        "artifacts",
        "meta",
    ]
    assert told["counts"]["outputs_rows"] == 2
    assert told["artifacts"] == {"bulk_eigenmodes": "bulk_eigenmodes/bulk_modes_dataset.csv"}
    assert (stage / "cmd.txt").read_text() == "sh stages/06.sh\n"


@pytest.mark.requirement("C-119", "C-120", "C-121")
def test_the_environment_of_a_stage_is_told_in_its_layout(holography: Pipeline) -> None:
    holography.go("--to", "02")
    told = json.loads((holography.experiment / "02_emergent_geometry_engine/meta_env.json").read_text())
    assert list(told) == ["python", "platform", "packages_digest", "hardware", "git_sha"]
    assert told["python"].count(".") >= 1
    assert told["packages_digest"].startswith("sha256:")
    assert {"cpu", "cores", "gpus"} <= told["hardware"].keys()


@pytest.mark.requirement("C-191")
def test_summary_gate_and_write_check_come_with_the_one_line_that_extends_the_pack(
    holography: Pipeline,
) -> None:
    assert holography.go("--config", "config.json")[0] == 0
    names = [step["name"] for step in holography.go()[1]["stages"]]
    assert all((holography.experiment / name / "stage_summary.json").is_file() for name in names)
    (holography.experiment / "03_equations/bulk_equations").chmod(0o755)
    for path in (holography.experiment / "03_equations/bulk_equations").iterdir():
        path.unlink()
    code, out, _err = holography.call("gate", "--experiment", "x", "--stage", "04")
    assert (code, out.startswith("missing_artifact: runs/x/03_equations/bulk_equations")) == (2, True)
    outside = "mkdir -p outputs && echo x > outputs/x.txt; true\n"
    holography.write("stages/03.sh", outside + (holography.root / "stages/03.sh").read_text())
    holography.go("--only", "03")
    told = json.loads((holography.experiment / "03_equations/.runpact/manifest.json").read_text())
    confinement = told["provenance"]["confinement"]
    written = [each["path"] for each in confinement["strays"]]
    assert written == (["outputs/x.txt"] if (holography.root / "outputs/x.txt").exists() else [])
    assert confinement["level"] != "W0"


@pytest.mark.requirement("C-016", "C-192")
def test_a_prediction_that_is_no_geometry_never_reaches_the_next_stage(holography: Pipeline) -> None:
    holography.write(
        "stages/02.sh",
        'echo no > "$RUNPACT_STAGE_DIR/predictions/a.npz"; '
        'echo \'{"status": "OK", "exit_code": 0}\' > "$RUNPACT_STAGE_SUMMARY"\n',
    )
    code, document = holography.go()
    assert (code, document["stages"][0]["status"], document["stages"][1]["done"]) == (
        3,
        "ERROR",
        "not reached",
    )
    assert holography.call("gate", "--experiment", "x", "--stage", "03")[0] == 2
