"""Stage 06: the dataset of eigenmodes.

Knows: which files it reads and writes; which masses are tried.
Does not know: how eigenvalues are computed.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np

from holography.dictionary import closed_form
from holography.loaders import load_geometry, save_document
from holography.plots import Panel, Series, figure
from holography.spectra import Sampled
from holography.steps.shape import FAULTS, Folders, Outcome, Parameters, carried, each, head

COLUMNS = (
    "system_id", "family", "d", "z_h", "end", "boundary", "source", "branch", "m2", "delta", "n", "lambda",
    "error",
)  # fmt: skip
MODES = 32
_NU = (0.5, 1.0, 1.5, 2.0, 2.5)


def build_eigenmodes(inputs: Folders, parameters: Parameters, outputs: Folders) -> Outcome:
    """Stage 06: eigenvalues of every geometry, for its operator's mass and for a scan of masses."""
    outcome, rows, systems = Outcome(), [], {}
    folder = outputs["bulk_eigenmodes"]
    folder.mkdir(parents=True, exist_ok=True)
    said = parameters.of("eigenmodes")
    for path in each(inputs["predictions"].glob("*.npz"), outcome):
        try:
            values, meta = load_geometry(path)
            space = Sampled.of(
                values["z"],
                values["A"],
                values["f"],
                d=meta["d"],
                zeta=meta["zeta"],
                has_horizon=meta["z_h"] is not None,
            )
            found = _rows(space, meta, int(said.get("modes", MODES)), tuple(said.get("nu", _NU)))
        except FAULTS as error:
            outcome.fail(path.stem, error)
            continue
        rows += found
        systems[path.stem] = _about(space, meta)
        (folder / f"{path.stem}.svg").write_text(spectrum_figure(space, meta, found), encoding="utf-8")
    _write(folder / "bulk_modes_dataset.csv", rows)
    document = {
        **head("EigenmodesDataset", "0.1", "06_build_bulk_eigenmodes_dataset", parameters),
        "columns": list(COLUMNS),
        "rows": len(rows),
        "systems": systems,
    }
    save_document(folder / "bulk_modes_dataset.meta.json", document)
    outcome.outputs_rows = len(rows)
    return outcome


def _about(space: Sampled, meta: dict[str, Any]) -> dict[str, Any]:
    return {
        **carried(meta),
        "zeta": space.zeta,
        "end": space.end,
        "depth": space.depth,
        "has_horizon": space.has_horizon,
        "delta": meta["delta"],
    }


def _rows(space: Sampled, meta: dict[str, Any], count: int, nus: tuple[float, ...]) -> list[dict[str, Any]]:
    middle = space.effective_dimension / 2
    operator = float(meta["delta"])
    tried = [("operator", space.mass_squared(operator), operator < middle)]
    tried += [("scan", space.curvature * (nu**2 - middle**2), False) for nu in nus]
    found = []
    for source, mass, is_alternate in tried:
        spectrum = space.spectrum(mass, count, is_alternate=is_alternate)
        shared = {
            **carried(meta),
            "end": space.end,
            "boundary": "horizon" if space.has_horizon else "wall",
            "source": source,
            "branch": "alternate" if is_alternate else "standard",
            "m2": mass,
            "delta": space.dimension(mass, is_alternate=is_alternate),
        }
        for n, (value, error) in enumerate(zip(spectrum.values, spectrum.errors, strict=True)):
            found.append({**shared, "n": n, "lambda": float(value), "error": float(error)})
    return found


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({key: _cell(row[key]) for key in COLUMNS})


def _cell(value: object) -> object:
    if value is None:
        return ""
    return repr(value) if isinstance(value, float) else value


def read_modes(folder: Path) -> list[dict[str, Any]]:
    """Read the dataset back, with numbers as numbers.

    Raises:
        ValueError: A column is missing, or a cell is no number.
    """
    with (folder / "bulk_modes_dataset.csv").open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            message = (
                f"bulk_modes_dataset.csv: expected columns {', '.join(COLUMNS)}, found {reader.fieldnames}"
            )
            raise ValueError(message)
        return [_typed(row) for row in reader]


def _typed(row: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = dict(row)
    for name in ("end", "m2", "delta", "lambda", "error"):
        found[name] = float(row[name])
    found["d"], found["n"] = int(row["d"]), int(row["n"])
    found["z_h"] = float(row["z_h"]) if row["z_h"] else None
    return found


def spectrum_figure(space: Sampled, meta: dict[str, Any], rows: list[dict[str, Any]]) -> str:
    """Draw √λ over n with closed forms where there are any, and how well eigenvalues converged."""
    groups: dict[float, list[dict[str, Any]]] = {}
    for row in rows:
        if row["source"] == "scan" and row["n"] <= 12:
            groups.setdefault(row["m2"], []).append(row)
    levels, errors = [], []
    for number, group in enumerate(groups.values()):
        n = np.array([row["n"] for row in group], dtype=np.float64)
        label = f"Δ = {group[0]['delta']:.4g}"
        exact = [_exact(row, space, meta) for row in group]
        if all(value is not None for value in exact):
            told = "" if number else "closed forms"
            levels.append(Series(told, n, np.sqrt(np.array(exact, dtype=np.float64)), colour=number))
        levels.append(Series(label, n, np.sqrt([max(row["lambda"], 0.0) for row in group]), "marks", number))
        errors.append(Series(label, n, [max(row["error"], 1e-16) for row in group], "marks", number))
    return figure(
        f"{meta['system_id']}: {'horizon' if space.has_horizon else 'hard wall'} at z = {space.end:.4g}",
        [
            Panel("normal modes", "n", "√λ", tuple(levels)),
            Panel("relative change from two thirds of the basis", "n", "", tuple(errors), log_y=True),
        ],
    )


def _exact(row: dict[str, Any], space: Sampled, meta: dict[str, Any]) -> float | None:
    return closed_form(
        row["n"],
        delta=row["delta"],
        d=space.d,
        zeta=space.zeta,
        end=space.end,
        family=meta["family"],
        has_horizon=space.has_horizon,
    )
