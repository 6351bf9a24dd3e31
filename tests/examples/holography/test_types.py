"""The artifact types of the contract: what each refuses, before the stage that reads it begins."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from examples.holography.workspace import Workspace
from runpact.model.contract.stages import outputs_of
from runpact.workspace import Workspace as Opened

GEOMETRY = "ads_d2_toy_000"
Edit = Callable[[Path], None]


def arrays(**changed: Any) -> Edit:
    """Replace arrays of an NPZ; None leaves one out."""

    def edit(path: Path) -> None:
        with np.load(path) as archive:
            kept = {name: archive[name] for name in archive.files}
        made = {name: changed[name](value) if name in changed else value for name, value in kept.items()}
        np.savez(path, **{name: value for name, value in made.items() if value is not None})

    return edit


def keys(**changed: Any) -> Edit:
    """Replace keys of a JSON object; None leaves one out."""

    def edit(path: Path) -> None:
        made = {**json.loads(path.read_text()), **changed}
        path.write_text(json.dumps({name: value for name, value in made.items() if value is not None}))

    return edit


def text(old: str, new: str) -> Edit:
    def edit(path: Path) -> None:
        before = path.read_text()
        assert old in before
        path.write_text(before.replace(old, new, 1))

    return edit


def with_nan(values: Any) -> Any:
    return np.concatenate([values[:-1], [np.nan]])


def twice(path: Path) -> None:
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines, lines[2], ""]))


NPZ, META = f"{GEOMETRY}.npz", f"{GEOMETRY}.meta.json"
TABLE = "bulk_eigenmodes/bulk_modes_dataset.csv"
REFUSED = {
    "boundary without tau": ("02", f"systems/{NPZ}", arrays(tau=lambda _values: None), "tau"),
    "boundary backwards": ("02", f"systems/{NPZ}", arrays(x=lambda values: values[::-1]), "x"),
    "boundary of a negative period": ("02", f"systems/{META}", keys(period=-1), "period"),
    "geometry without f": ("03", f"predictions/{NPZ}", arrays(f=lambda _values: None), "f"),
    "geometry of two lengths": ("03", f"predictions/{NPZ}", arrays(A=lambda values: values[1:]), ""),
    "geometry backwards": ("03", f"predictions/{NPZ}", arrays(z=lambda values: values[::-1]), "z"),
    "geometry with NaN": ("03", f"predictions/{NPZ}", arrays(A=with_nan), "A"),
    "geometry of two axes": ("03", f"predictions/{NPZ}", arrays(z=lambda values: values[None]), "z"),
    "geometry of texts": ("03", f"predictions/{NPZ}", arrays(f=lambda values: values.astype(str)), "f"),
    "geometry of objects": ("03", f"predictions/{NPZ}", arrays(f=lambda values: values.astype(object)), "f"),
    **{
        f"metadata: {key} {value}": ("03", f"predictions/{META}", keys(**{key: value}), key)
        for key, value in (
            *((key, None) for key in ("schema_name", "schema_version", "system_id", "family", "d", "delta")),
            *(("source_stage", None), ("git_sha", None), ("schema_version", "0.2"), ("schema_name", "Other")),
            *(("family", "round"), ("d", "3"), ("d", 1), ("z_h", 0), ("z_h", "deep")),
        )
    },
    "no equations": ("04", f"bulk_equations/{GEOMETRY}.json", keys(equations=[]), "equations"),
    "no fits": ("04", f"geometry_emergent/{META}", keys(fits=None), "fits"),
    "no systems": ("05", "geometry_contracts/contracts_summary.json", keys(systems={}), "systems"),
    "no word of broken ones": (
        *("05", f"geometry_contracts/systems/{GEOMETRY}.json", keys(broken=None), "broken"),
    ),
    "modes: another column": ("07", TABLE, text("lambda", "eigenvalue"), "lambda"),
    "modes: another order": ("07", TABLE, text("d,z_h", "z_h,d"), ""),
    "modes: one twice": ("07", TABLE, twice, ""),
    "modes: none": ("07", "bulk_eigenmodes/bulk_modes_dataset.meta.json", keys(rows=0), "rows"),
    "dictionary: nothing": ("08", "emergent_dictionary/emergent.json", keys(entries=None), ""),
    "dictionary: half": ("08", "emergent_dictionary/emergent.json", keys(entries=[{"d": 3}]), "entries"),
}


@pytest.mark.requirement(
    "C-062",
    "C-063",
    "C-066",
    "C-148",
    "C-169",
    "C-170",
    "C-171",
    "C-175",
    "C-016",
    "C-075",
    "C-100",
)
@pytest.mark.parametrize(("stage", "path", "edit", "told"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_of_its_type_is_refused(
    toy_run: Workspace, tmp_path: Path, stage: str, path: str, edit: Edit, told: str
) -> None:
    alias, _slash, name = path.partition("/")
    folder = tmp_path / alias
    shutil.copytree(toy_run.root / "runs/toy" / alias, folder)
    for file in folder.rglob("*.*"):
        file.chmod(0o644)
    assert toy_run.gate(stage, "--input", f"{alias}={folder}")[0] == 0
    edit(folder / name)
    code, lines = toy_run.gate(stage, "--input", f"{alias}={folder}")
    assert code == 2, lines
    assert any(
        line.split(": ")[0] in {"invalid_artifact", "missing_artifact"} and told in line for line in lines
    )


@pytest.mark.requirement("C-060", "C-061", "C-062", "C-174", "C-175", "C-187")
def test_whatever_one_stage_hands_to_another_has_a_type_with_a_version_and_fields(toy_run: Workspace) -> None:
    contract = Opened.open(workspace=str(toy_run.root)).lint().contract
    stages = contract.kinds["experiment"].stages
    read = {alias for stage in stages for alias in stage.reads}
    handed = [output for stage in stages for alias, output in outputs_of(stage) if alias in read]
    assert len(handed) >= 13
    for output in handed:
        path = output.file or output.files or ""
        if path.endswith(".svg"):
            continue
        assert output.type_, path
        name, version = output.type_.split("@")
        kind = contract.types[output.type_]
        assert kind.arrays or kind.table or kind.schema, output.type_
        if isinstance(kind.schema, str):
            schema = json.loads((toy_run.root / kind.schema).read_text())
            assert {"schema_name", "schema_version"} <= set(schema["required"]), name
            assert schema["properties"]["schema_version"] == {"const": version}
