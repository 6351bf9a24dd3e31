"""Stages 04, 04b and 04c: physics contracts, and the negative controls that must break them.

Knows: which files they read and write; how the artifacts of one system make a case.
Does not know: the contracts.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from holography.abel import Inverted
from holography.contracts import CONTRACTS, HOLDS, UNDECIDED, Case, broken, judge
from holography.controls import Control, mismatch_controls, noise_controls
from holography.loaders import beside, load_boundary, load_document, load_geometry, save_document
from holography.steps.shape import FAULTS, Folders, Outcome, Parameters, carried, each, head


def read_case(inputs: Folders, path: Path) -> Case:
    """Join what the stages before know of one system, by its id."""
    values, meta = load_geometry(path)
    boundary, source = load_boundary(inputs["systems"] / path.name)
    equations = load_document(inputs["bulk_equations"] / f"{path.stem}.json", "BulkEquations")
    return Case(
        z=values["z"],
        A=values["A"],
        f=values["f"],
        d=meta["d"],
        family=meta["family"],
        zeta=meta["zeta"],
        z_h=meta["z_h"],
        delta=meta["delta"],
        boundary=boundary,
        period=source.get("period"),
        abel=_read_abel(inputs["geometry_emergent"] / path.name),
        reading=equations["reading"],
        declared=source.get("declared", {}),
    )


def _read_abel(path: Path) -> Inverted | None:
    meta = load_document(beside(path), "EmergentGeometry")
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as archive:
        return Inverted(archive["z"], archive["A"], archive["f"], meta["delta"], meta["zeta"])


def judge_geometries(inputs: Folders, parameters: Parameters, outputs: Folders) -> Outcome:
    """Stage 04: hold every contract against every geometry."""
    outcome, folder, systems = Outcome(), outputs["geometry_contracts"], {}
    start = head("GeometryContracts", "0.1", "04_geometry_physics_contracts", parameters)
    for path in each(inputs["predictions"].glob("*.npz"), outcome):
        try:
            judged = judge(read_case(inputs, path))
            meta = carried(load_geometry(path)[1])
        except FAULTS as error:
            outcome.fail(path.stem, error)
            continue
        counts = {
            "held": sum(entry.verdict == HOLDS for entry in judged),
            "undecided": sum(entry.verdict == UNDECIDED for entry in judged),
            "broken": list(broken(judged)),
        }
        document = {**start, **meta, **counts, "contracts": [entry.document() for entry in judged]}
        save_document(folder / "systems" / f"{path.stem}.json", document)
        systems[path.stem] = {**meta, **counts}
        outcome.outputs_rows += len(judged)
        if counts["broken"]:
            outcome.fail(path.stem, f"broken: {', '.join(broken(judged))}")
    summary = {
        **start,
        "contracts": sorted(CONTRACTS),
        "systems": systems,
        "systems_total": outcome.inputs_total,
        "systems_broken": len(outcome.failed),
    }
    save_document(folder / "contracts_summary.json", summary)
    return outcome


def mismatch(inputs: Folders, parameters: Parameters, outputs: Folders) -> Outcome:
    """Stage 04b: mixed-up geometries must break contracts."""
    folder = outputs["mismatch_controls"]
    return _control(
        inputs, parameters, folder, stage="04b_negative_control_mismatch", spoil=mismatch_controls
    )


def noise(inputs: Folders, parameters: Parameters, outputs: Folders) -> Outcome:
    """Stage 04c: noise must break contracts."""
    folder = outputs["noise_controls"]
    return _control(inputs, parameters, folder, stage="04c_negative_control_noise", spoil=noise_controls)


def _control(
    inputs: Folders,
    parameters: Parameters,
    folder: Path,
    *,
    stage: str,
    spoil: Callable[[Case, np.random.Generator], tuple[Control, ...]],
) -> Outcome:
    outcome, systems = Outcome(), {}
    for index, path in enumerate(each(inputs["predictions"].glob("*.npz"), outcome)):
        try:
            controls = spoil(read_case(inputs, path), np.random.default_rng([parameters.seed, index]))
        except FAULTS as error:
            outcome.fail(path.stem, error)
            continue
        systems[path.stem] = [control.document() for control in controls]
        outcome.outputs_rows += len(controls)
        outcome.errors += [
            f"{path.stem}: the control {control.name} broke none of {', '.join(control.expected)}"
            for control in controls
            if not control.is_caught
        ]
    document = {**head("NegativeControls", "0.1", stage, parameters), "systems": systems}
    save_document(folder / "controls.json", document)
    return outcome
