"""Stages 03 and 05: equations found in the samples, and the report with its figures.

Knows: which files they read and write.
Does not know: how equations are searched.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from holography.loaders import load_document, load_geometry, save_document
from holography.metric import Array, curvature, null_energy
from holography.plots import Panel, Series, figure
from holography.regression import find_equations, reading
from holography.steps.judgement import read_case
from holography.steps.shape import FAULTS, Folders, Outcome, Parameters, carried, each, head

_INNER = slice(4, -4)


def discover_equations(inputs: Folders, parameters: Parameters, outputs: Folders) -> Outcome:
    """Stage 03: find the bulk equations of every geometry by regression."""
    outcome = Outcome()
    for path in each(inputs["predictions"].glob("*.npz"), outcome):
        try:
            values, meta = load_geometry(path)
            found = find_equations(values["z"], values["A"], values["f"])
        except FAULTS as error:
            outcome.fail(path.stem, error)
            continue
        document = {
            **head("BulkEquations", "0.1", "03_discover_bulk_equations", parameters),
            **carried(meta),
            "equations": [equation.document() for equation in found],
            "reading": reading(found),
        }
        save_document(outputs["bulk_equations"] / f"{path.stem}.json", document)
        outcome.outputs_rows += len(found)
        if not any(equation.holds for equation in found):
            outcome.fail(path.stem, "no equation of the library holds")
    return outcome


def analyse(inputs: Folders, _parameters: Parameters, outputs: Folders) -> Outcome:
    """Stage 05: one page with a figure for every system."""
    outcome, lines = Outcome(), ["# Bulk geometries and their equations", ""]
    folder = outputs["analysis"]
    folder.mkdir(parents=True, exist_ok=True)
    for path in each(inputs["predictions"].glob("*.npz"), outcome):
        try:
            lines += _section(inputs, path, folder)
        except FAULTS as error:
            outcome.fail(path.stem, error)
            continue
        outcome.outputs_rows += 1
    (folder / "report.md").write_text("\n".join(lines), encoding="utf-8")
    return outcome


def _section(inputs: Folders, path: Path, folder: Path) -> list[str]:
    case = read_case(inputs, path)
    _values, meta = load_geometry(path)
    equations = load_document(inputs["bulk_equations"] / f"{path.stem}.json", "BulkEquations")
    judged = load_document(
        inputs["geometry_contracts"] / "systems" / f"{path.stem}.json", "GeometryContracts"
    )
    free = None if case.abel is None else (case.abel.z, case.abel.A, case.abel.f)
    picture = geometry_figure(path.stem, (case.z, case.A, case.f), free, case.d, case.zeta)
    (folder / f"{path.stem}.svg").write_text(picture, encoding="utf-8")
    depth = "none" if case.z_h is None else f"{case.z_h:.8g}"
    about = f"Family {case.family}, d = {case.d}, ζ = {case.zeta:.6g}, z_h = {depth}"
    operator = f"Δ = {case.delta:.8g} ± {meta['delta_error']:.1e}; residual of ln G {meta['rms']:.1e}"
    contracts = f"{judged['held']} hold, {judged['undecided']} undecided"
    lines = [
        f"## {path.stem}",
        "",
        f"{about}, {operator}.",
        "",
        f"![A, f and curvature]({path.stem}.svg)",
        "",
    ]
    lines += [*_equation_table(equations["equations"]), ""]
    return [*lines, f"Contracts: {contracts}, broken: {', '.join(judged['broken']) or 'none'}.", ""]


def _equation_table(equations: list[dict[str, Any]]) -> list[str]:
    rows = ["| equation | relative residual | holds | remark |", "|---|---|---|---|"]
    for each_one in equations:
        holds = "yes" if each_one["holds"] else "no"
        rows.append(
            f"| `{each_one['equation']}` | {each_one['residual']:.1e} | {holds} | {each_one['note']} |"
        )
    return rows


def geometry_figure(
    name: str,
    fitted: tuple[Array, Array, Array],
    free: tuple[Array, Array, Array] | None,
    d: int,
    zeta: float,
) -> str:
    """Draw A and f, fitted and of Abel's inversion, and the curvature."""
    z, A, f = fitted
    power = (2 - 2 * zeta) / (2 - zeta)
    warp = [Series("fit", z, A)]
    black = [Series("fit", z, f * z**-power)]
    if free is not None:
        chosen = np.unique(
            np.searchsorted(free[0], np.geomspace(max(free[0][0], 0.02 * free[0][-1]), free[0][-1], 24))
        )
        chosen = chosen[chosen < len(free[0])]
        warp.append(Series("Abel's inversion, no family assumed", free[0][chosen], free[1][chosen], "marks"))
        freely = free[2][chosen] * free[0][chosen] ** -power
        black.append(Series("Abel's inversion, no family assumed", free[0][chosen], freely, "marks"))
    R = curvature(z, A, f, d)
    along_z, along_x = null_energy(z, A, f, d)
    unit = (z**-power * z[0] ** power / f[0])[_INNER]
    return figure(
        name,
        [
            Panel("warp factor", "z", "A", tuple(warp), log_x=True),
            Panel("blackening", "z", "f" if zeta == 1 else f"f z^{-power:.3g}", tuple(black)),
            Panel(
                "curvature and null energies",
                "z",
                "",
                (
                    Series("R / (d(d+1))", z[_INNER], R[_INNER] / (d * (d + 1))),
                    Series("z² (A'² − A'')", z[_INNER], along_z[_INNER]),
                    Series(
                        "z² (f'' + (d−1) A'f') / f of the vacuum", z[_INNER], unit * along_x[_INNER], "dashed"
                    ),
                ),
            ),
        ],
    )
