"""What the example is made of: one program a stage, one interface, three layers."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest

from examples.holography.workspace import EXAMPLE, Workspace
from runpact.model.layers import sort_by_layer
from runpact.workspace import Workspace as Opened

CONTRACT = Opened.open(workspace=str(EXAMPLE)).lint().contract
STAGES = CONTRACT.kinds["experiment"].stages
PARTS = {
    "infra": ("run_pipeline.py", "tools/assert_artifacts.py", "schemas/dictionary.json", "contract.yaml"),
    "science": ("holography/metric.py", "holography/contracts.py", "holography/steps/shape.py"),
    "data": ("holography/loaders.py", "holography/systems.py", "configs/toy.json", "golden/tfinite.json"),
}


def layer_of(path: str) -> str | None:
    """The layer that a change of one file would touch."""
    told = sort_by_layer([path], CONTRACT.workspace.layers, base="", labels=())
    return next(iter(told.layers), None)


def tracked() -> list[str]:
    """Every file of the example that is committed."""
    done = subprocess.run(("git", "ls-files", "-z", "."), cwd=EXAMPLE, check=True, capture_output=True)
    return [path for path in done.stdout.decode().split("\0") if path]


@pytest.mark.requirement("C-006", "C-007", "C-008")
@pytest.mark.parametrize("layer", PARTS)
def test_each_part_of_the_example_belongs_to_its_layer(layer: str) -> None:
    assert {path: layer_of(path) for path in PARTS[layer]} == dict.fromkeys(PARTS[layer], layer)
    assert all((EXAMPLE / path).is_file() for path in PARTS[layer])


@pytest.mark.requirement("C-006", "C-007", "C-008")
def test_no_code_of_the_example_is_without_a_layer() -> None:
    code = [path for path in tracked() if path.endswith((".py", ".json", ".yaml"))]
    assert len(code) > 40
    assert [path for path in code if layer_of(path) is None] == []


@pytest.mark.requirement("C-009", "C-188")
def test_a_change_of_physics_and_of_its_schema_at_once_is_told(tmp_path: Path) -> None:
    place = Workspace.lay_out(tmp_path)
    for path in ("holography/metric.py", "schemas/dictionary.json"):
        (place.root / path).write_text((place.root / path).read_text() + "\n")
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run(("git", *who, "commit", "-qam", "Fix the sign"), cwd=place.root, check=True)
    told = place.call("-m", "runpact", "lint-layers", "--base", "HEAD~1")
    assert told.returncode == 3
    assert "infra, science are mixed" in told.stdout


@pytest.mark.requirement("C-164")
def test_the_pipeline_stands_there_once_and_every_stage_of_it_is_committed() -> None:
    programs = [path for path in tracked() if path.startswith("stages/") and path != "stages/program.py"]
    assert [[part for part in stage.command if part in programs] for stage in STAGES] == [
        [f"stages/{stage.id}_{stage.slug}.py"] for stage in STAGES
    ]
    assert sorted(programs) == sorted(f"stages/{stage.id}_{stage.slug}.py" for stage in STAGES)
    assert {"01", "02", "03", "04", "05"} <= {stage.id for stage in STAGES}


@pytest.mark.requirement("C-165")
@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.id)
def test_a_stage_meets_the_world_by_its_context_alone(stage: object) -> None:
    tree = ast.parse((EXAMPLE / f"stages/{stage.id}_{stage.slug}.py").read_text())  # type: ignore[attr-defined]
    imported = {
        name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names
    } | {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported == {"__future__", "program", "runpact"}
    calls = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert calls == ["runpact.stage()", f"run_step('{stage.id}', st)"]  # type: ignore[attr-defined]


@pytest.mark.requirement("C-165")
def test_the_library_knows_neither_runs_nor_the_engine() -> None:
    for path in sorted((EXAMPLE / "holography").rglob("*.py")):
        text = path.read_text()
        assert "RUNPACT_" not in text, path
        assert "import runpact" not in text, path
        assert "runs/" not in text, path
