"""The stages, end to end on a toy: from two-point functions to eigenmodes and the dictionary."""

from __future__ import annotations

import csv
import json
import py_compile
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from holography.loaders import beside, load_boundary, save_arrays
from holography.plots import Panel, Series, figure
from holography.steps import STEPS, Outcome, Parameters
from holography.steps.spectrum import read_modes

from examples.holography.workspace import EXAMPLE
from examples.holography.workspace import TOY as CONFIG

TOY: dict[str, Any] = {"seed": 3, **CONFIG}
CONFIGS = ("ads_control", "demo", "ising3d_mini", "tfinite")
CARRIED = ("system_id", "family", "d", "z_h")


def run(folder: Path, config: dict[str, Any], stages: tuple[str, ...] = tuple(STEPS)) -> dict[str, Outcome]:
    outcomes = {}
    for number in stages:
        stage = STEPS[number]
        before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
        places = ({alias: folder / alias for alias in aliases} for aliases in (stage.reads, stage.writes))
        outcomes[number] = stage.step(next(places), Parameters(config, config["seed"], "abc"), next(places))
        written = {
            path.relative_to(folder).parts[0]
            for path in folder.rglob("*")
            if path.is_file() and before.get(path) != path.stat().st_mtime_ns
        }
        assert written == set(stage.writes), number
    return outcomes


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Outcome]]:
    folder = tmp_path_factory.mktemp("toy")
    return folder, run(folder, TOY)


@pytest.mark.requirement("C-149")
def test_every_stage_of_the_toy_is_ok_and_writes_only_where_it_may(
    toy: tuple[Path, dict[str, Outcome]],
) -> None:
    _folder, outcomes = toy
    told = {
        number: (outcome.status, outcome.warnings, outcome.errors) for number, outcome in outcomes.items()
    }
    assert told == {number: ("OK", [], []) for number in STEPS}
    assert all(outcome.counts["inputs_total"] and outcome.outputs_rows for outcome in outcomes.values())


@pytest.mark.requirement("C-182")
def test_family_d_and_z_h_travel_through_all_stages(toy: tuple[Path, dict[str, Outcome]]) -> None:
    folder, _outcomes = toy
    modes = {row["system_id"]: row for row in read_modes(folder / "bulk_eigenmodes")}
    about = json.loads((folder / "bulk_eigenmodes/bulk_modes_dataset.meta.json").read_text())["systems"]
    learned = json.loads((folder / "emergent_dictionary/emergent.json").read_text())["entries"]
    relations = json.loads((folder / "dictionary/dictionary.json").read_text())["relations"]
    summary = json.loads((folder / "geometry_contracts/contracts_summary.json").read_text())["systems"]
    for path in sorted((folder / "predictions").glob("*.npz")):
        meta = json.loads(beside(path).read_text())
        expected = {key: meta[key] for key in CARRIED}
        places = [
            json.loads((folder / "geometry_emergent" / beside(path).name).read_text()),
            json.loads((folder / "bulk_equations" / f"{path.stem}.json").read_text()),
            json.loads((folder / "geometry_contracts/systems" / f"{path.stem}.json").read_text()),
            summary[path.stem],
            modes[path.stem],
            about[path.stem],
            *(entry for entry in learned if entry["system_id"] == path.stem),
            *(entry for entry in relations if entry["system_id"] == path.stem),
        ]
        assert len(places) == 6 + 4 + 1
        assert [{key: place[key] for key in CARRIED} for place in places] == [expected] * len(places)


@pytest.mark.requirement("C-088")
def test_ids_join_the_stages_without_orphans(toy: tuple[Path, dict[str, Outcome]]) -> None:
    folder, _outcomes = toy
    systems = {path.stem for path in (folder / "systems").glob("*.npz")}
    predicted = {path.stem for path in (folder / "predictions").glob("*.npz")}
    equations = {path.stem for path in (folder / "bulk_equations").glob("*.json")}
    assert (
        systems
        == predicted
        == equations
        == {row["system_id"] for row in read_modes(folder / "bulk_eigenmodes")}
    )


@pytest.mark.requirement("C-130")
def test_the_geometry_prediction_is_what_its_schema_asks_for(toy: tuple[Path, dict[str, Outcome]]) -> None:
    folder, _outcomes = toy
    path = folder / "predictions/ads_d2_toy_000.npz"
    meta = json.loads(beside(path).read_text())
    with np.load(path, allow_pickle=False) as archive:
        assert sorted(archive.files) == ["A", "f", "z"]
        assert archive["z"][-1] == meta["z_h"] == pytest.approx(1.2, rel=1e-8)
    assert (
        meta["schema_name"],
        meta["schema_version"],
        meta["source_stage"],
        meta["git_sha"],
        meta["seed"],
    ) == (*("GeometryPrediction", "0.1", "02_emergent_geometry_engine", "abc", 3),)
    assert meta["delta"] == pytest.approx(1.5, rel=1e-9)
    assert meta["delta_uv"]["status"] == "ok"


def test_the_dataset_counts_its_rows_and_agrees_with_closed_forms(
    toy: tuple[Path, dict[str, Outcome]],
) -> None:
    folder, outcomes = toy
    with (folder / "bulk_eigenmodes/bulk_modes_dataset.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == outcomes["06"].outputs_rows == 2 * (1 + 4) * 17
    closed = json.loads((folder / "closed_forms/closed_forms.json").read_text())
    assert closed["without_closed_form"] == []
    assert max(entry["worst"] for entry in closed["entries"]) < 1e-8
    for entry in closed["entries"]:
        for mode in entry["modes"][:2]:
            assert mode["delta_of_lambda"] == pytest.approx(entry["delta"], abs=1e-7)


def test_the_dictionary_finds_mass_and_dimension_related_as_they_must_be(
    toy: tuple[Path, dict[str, Outcome]],
) -> None:
    folder, _outcomes = toy
    relations = json.loads((folder / "dictionary/dictionary.json").read_text())["relations"]
    for relation in relations:
        assert relation["coefficients"] == pytest.approx([0, -relation["d"], 1], abs=1e-4)


def test_literature_is_met(toy: tuple[Path, dict[str, Outcome]]) -> None:
    folder, _outcomes = toy
    entries = json.loads((folder / "literature/literature_contracts.json").read_text())["entries"]
    assert all(entry["holds"] for entry in entries)
    assert "Δ_sigma of ads_d3_ising3d_sigma_000" in {entry["quantity"] for entry in entries}
    assert (folder / "literature/accuracy.md").read_text().count("\n| ") == len(entries) + 1


def test_figures_are_well_formed_and_hold_their_points(toy: tuple[Path, dict[str, Outcome]]) -> None:
    folder, _outcomes = toy
    pictures = sorted(folder.rglob("*.svg"))
    assert len(pictures) == 2 + 2 + 1
    for picture in pictures:
        text = picture.read_text()
        ET.fromstring(text)  # noqa: S314 - made a moment ago by this test
        assert "nan" not in text
    assert "Abel" in pictures[0].read_text()


def test_a_run_with_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    config = {**TOY, "boundary": {"points": 32, "reach": 2.0, "noise": 1e-7}, "systems": TOY["systems"][:1]}
    for name in ("a", "b"):
        run(tmp_path / name, config, ("01", "02", "03"))
    first, second = (
        {
            path.relative_to(tmp_path / name): path.read_bytes()
            for path in (tmp_path / name).rglob("*")
            if path.is_file()
        }
        for name in ("a", "b")
    )
    assert first == second
    assert len(first) == 2 + 2 + 2 + 1


def test_one_bad_input_neither_stops_nor_hides_the_others(
    toy: tuple[Path, dict[str, Outcome]], tmp_path: Path
) -> None:
    folder, _outcomes = toy
    for path in (folder / "systems").iterdir():
        (tmp_path / "systems").mkdir(exist_ok=True)
        (tmp_path / "systems" / path.name).write_bytes(path.read_bytes())
    (tmp_path / "systems/ads_d2_toy_001.npz").write_bytes(b"PK damaged")
    boundary, meta = load_boundary(folder / "systems/ads_d2_toy_000.npz")
    arrays = {
        "x": boundary.x,
        "log_g_x": -boundary.log_g_x,
        "tau": boundary.tau,
        "log_g_tau": boundary.log_g_tau,
    }
    save_arrays(tmp_path / "systems/ads_d2_toy_002.npz", arrays, {**meta, "system_id": "ads_d2_toy_002"})
    outcome = run(tmp_path, TOY, ("02",))["02"]
    assert (outcome.status, outcome.exit_code) == ("WARNING", 1)
    assert outcome.counts == {"inputs_total": 4, "inputs_ok": 2, "inputs_failed": 2, "outputs_rows": 2}
    assert outcome.failed == ["ads_d2_toy_001", "ads_d2_toy_002"]
    assert "an NPZ of plain arrays" in outcome.warnings[0]
    assert "Delta_UV = -1.5 is not positive" in outcome.warnings[1]


def test_boundary_data_of_others_are_taken_in(toy: tuple[Path, dict[str, Outcome]], tmp_path: Path) -> None:
    folder, _outcomes = toy
    given = tmp_path / "out/measured"
    given.mkdir(parents=True)
    for suffix in (".npz", ".meta.json"):
        shutil.copy(folder / f"systems/ads_d2_toy_000{suffix}", given)
    (given / "broken.h5").write_text("no")
    outcome = run(tmp_path / "out", {"seed": 1}, ("01",))["01"]
    assert (outcome.status, outcome.failed) == ("WARNING", ["broken.h5"])
    assert (
        load_boundary(tmp_path / "out/systems/ads_d2_toy_000.npz")[1]["imported_from"] == "ads_d2_toy_000.npz"
    )


def test_no_inputs_are_incomplete_and_never_a_success(tmp_path: Path) -> None:
    parameters = Parameters({"seed": 1}, 1)
    places = {alias: tmp_path / alias for stage in STEPS.values() for alias in (*stage.reads, *stage.writes)}
    for number in ("01", "02", "03", "04", "04b", "05", "06"):
        assert STEPS[number].step(places, parameters, places).status == "INCOMPLETE"


def test_a_control_that_is_not_caught_is_an_error() -> None:
    assert Outcome(inputs_total=1, errors=["x"]).status == "ERROR"
    assert Outcome(inputs_total=2, failed=["a", "b"]).status == "INCOMPLETE"
    assert Outcome(inputs_total=2, failed=["a"]).status == "WARNING"
    assert [Outcome(inputs_total=1).exit_code, Outcome(missing=["x"]).exit_code] == [0, 2]


def test_figures_draw_what_can_be_drawn() -> None:
    series = (
        Series("a", [1, 10, 100], [1, 0, 1e-3]),
        Series("b < c", [1], [2], "marks", 9),
        Series("", [], [], "dashed"),
    )
    text = figure("title & more", [Panel("p", "x", "y", series, log_x=True, log_y=True)])
    root = ET.fromstring(text)  # noqa: S314 - made a moment ago by this test
    assert "title & more" in {node.text for node in root.iter("{http://www.w3.org/2000/svg}text")}
    assert "b < c" in {node.text for node in root.iter("{http://www.w3.org/2000/svg}text")}


def test_no_label_of_a_figure_stands_in_the_next_panel() -> None:
    panels = [Panel("p", "x", "y", (Series(f"{side} {'long ' * 20}", [1, 2], [1, 2]),)) for side in "ab"]
    root = ET.fromstring(figure("t", panels))  # noqa: S314 - made a moment ago by this test
    labels = [
        node
        for node in root.iter("{http://www.w3.org/2000/svg}text")
        if node.attrib["text-anchor"] == "start" and (node.text or "").startswith(("a long", "b long"))
    ]
    assert len(labels) == 2
    for number, label in enumerate(labels, 1):
        assert (
            float(label.attrib["x"]) + 7 * len(label.text or "") <= number * float(root.attrib["width"]) / 2
        )


# ---------------------------------------------------------------- programs


@pytest.mark.requirement("C-147")
def test_every_program_compiles_and_there_is_one_for_each_stage(tmp_path: Path) -> None:
    programs = sorted((EXAMPLE / "stages").glob("[0-9]*.py"))
    assert [path.stem for path in programs] == sorted(stage.name for stage in STEPS.values())
    for path in (*programs, EXAMPLE / "stages/program.py"):
        py_compile.compile(str(path), cfile=str(tmp_path / "x.pyc"), doraise=True)


@pytest.mark.parametrize("name", CONFIGS)
def test_configurations_name_systems(name: str) -> None:
    from holography.systems import read_systems

    config = json.loads((EXAMPLE / "configs" / f"{name}.json").read_text())
    assert config["experiment"] == name
    assert read_systems(config)
