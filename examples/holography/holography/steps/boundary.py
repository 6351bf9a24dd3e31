"""Stages 01 and 02: boundary data, and the geometry recovered from them.

Knows: which files they read and write.
Does not know: how data are made or inverted.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from holography.abel import Inverted, invert
from holography.inverse import Boundary, Fit, Recovered, recover
from holography.loaders import FORMATS, load_boundary, save_arrays, save_document
from holography.metric import Array, depth_grid
from holography.spectra import Sampled
from holography.steps.shape import FAULTS, Folders, Outcome, Parameters, carried, each, head
from holography.systems import System, deepest_seen, measure, read_systems

SAMPLES = 161
POINTS = 64
_BEYOND = 1.02
"""How much deeper than the vacuum's geodesics a T = 0 geometry is sampled."""


def build_systems(inputs: Folders, parameters: Parameters, outputs: Folders) -> Outcome:
    """Stage 01: measure the two-point functions of every configured system; take in files of others."""
    outcome = Outcome()
    points = int(parameters.of("boundary").get("points", POINTS))
    systems = read_systems(parameters.config) if parameters.config.get("systems") else ()
    files = _measured(inputs.get("measured"))
    outcome.inputs_total = len(systems) + len(files)
    if not outcome.inputs_total:
        outcome.missing.append("the configuration names no systems, and no measured data are given")
    for index, system in enumerate(systems):
        boundary, sources = measure(system, points=points, seed=parameters.seed, index=index)
        _save(outputs["systems"], boundary, _system_meta(system, sources, parameters))
    for path in files:
        try:
            boundary, meta = load_boundary(path)
            stamp = head("BoundaryData", "0.1", "01_build_systems", parameters)
            _save(outputs["systems"], boundary, {**meta, **stamp, "imported_from": path.name})
        except FAULTS as error:
            outcome.fail(path.name, error)
    outcome.outputs_rows = outcome.inputs_total - len(outcome.failed)
    return outcome


def _measured(place: Path | None) -> list[Path]:
    """Return the files of others, in the order of their names."""
    if place is None or not place.exists():
        return []
    return sorted(path for path in place.iterdir() if path.suffix in FORMATS) if place.is_dir() else [place]


def _system_meta(system: System, sources: dict[str, str], parameters: Parameters) -> dict[str, Any]:
    geometry = system.geometry
    period = 1 / geometry.temperature if geometry.horizon is not None else None
    return {
        **head("BoundaryData", "0.1", "01_build_systems", parameters),
        "system_id": system.system_id,
        "family": system.family,
        "d": geometry.d,
        "z_h": geometry.z_h,
        "period": period,
        "noise": system.noise,
        "sources": sources,
        "declared": {
            "family": system.family,
            "z_h": geometry.z_h,
            "delta": system.delta,
            "zeta": geometry.zeta,
        },
    }


def _save(folder: Path, b: Boundary, meta: dict[str, Any]) -> None:
    arrays = {"x": b.x, "log_g_x": b.log_g_x, "tau": b.tau, "log_g_tau": b.log_g_tau}
    save_arrays(folder / f"{meta['system_id']}.npz", arrays, meta)


def recover_geometries(inputs: Folders, parameters: Parameters, outputs: Folders) -> Outcome:
    """Stage 02: recover A(z), f(z), z_h, Δ from separations, ln G and d, and from nothing else."""
    outcome = Outcome()
    samples = int(parameters.of("geometry").get("samples", SAMPLES))
    for path in each(inputs["systems"].glob("*.npz"), outcome):
        try:
            boundary, meta = load_boundary(path)
            found = recover(boundary)
            free, why = _abel(boundary)
            z, A, f = _sampled(found, free, boundary, samples)
        except FAULTS as error:
            outcome.fail(path.stem, error)
            continue
        document = _geometry_meta(meta, found, parameters, free)
        save_arrays(outputs["predictions"] / f"{path.stem}.npz", {"z": z, "A": A, "f": f}, document)
        details = {**document, "schema_name": "EmergentGeometry", "fits": _fits(found), "abel_refused": why}
        if free is not None:
            arrays = {"z": free.z, "A": free.A, "f": free.f}
            save_arrays(outputs["geometry_emergent"] / f"{path.stem}.npz", arrays, details)
        else:
            save_document(outputs["geometry_emergent"] / f"{path.stem}.meta.json", details)
        outcome.outputs_rows += 1
        if not found.is_explained:
            outcome.warnings.append(f"{path.stem}: no family explains the data; the samples are Abel's")
        if found.uv.reasons:
            outcome.warnings.append(f"{path.stem}: Delta_UV: {'; '.join(found.uv.reasons)}")
    return outcome


def _abel(boundary: Boundary) -> tuple[Inverted | None, str | None]:
    try:
        return invert(boundary.x, boundary.log_g_x, boundary.tau, boundary.log_g_tau), None
    except ValueError as error:
        return None, str(error)


def _sampled(
    found: Recovered, free: Inverted | None, boundary: Boundary, samples: int
) -> tuple[Array, Array, Array]:
    """Sample the fitted geometry to its horizon, or as deep as the data see; without a family, Abel's."""
    geometry = found.best.geometry
    if found.is_explained:
        end = geometry.z_h
        if end is None:
            end = float(geometry.z_of(np.float64(_BEYOND * deepest_seen(boundary.x))))
        z = depth_grid(end, samples)
        return (z, *geometry.sample(z))
    if free is None:
        message = "no family explains the data, and Abel's inversion was refused"
        raise ValueError(message)
    curve = Sampled.of(free.z, free.A, free.f, d=boundary.d, zeta=free.zeta, has_horizon=False)
    z = depth_grid(float(free.z[-1]), samples, nearest=max(0.01, float(free.z[0] / free.z[-1])))
    return (z, *curve.at(z))


def _geometry_meta(
    meta: dict[str, Any], found: Recovered, parameters: Parameters, free: Inverted | None
) -> dict[str, Any]:
    geometry, best = found.best.geometry, found.best
    known = found.is_explained or free is None
    return {
        **head("GeometryPrediction", "0.1", "02_emergent_geometry_engine", parameters),
        **carried(meta),
        "family": found.family,
        "z_h": geometry.z_h if found.is_explained else None,
        "zeta": geometry.zeta if known or free is None else free.zeta,
        "deformation": geometry.deformation if found.is_explained else None,
        "temperature": geometry.temperature if found.is_explained else None,
        "delta": best.delta if known or free is None else free.delta,
        "delta_error": best.delta_error,
        "delta_uv": found.uv.document(),
        "rms": best.rms,
        "scatter": found.scatter,
    }


def _fits(found: Recovered) -> list[dict[str, Any]]:
    return [_fit_document(fit) for fit in (found.best, *found.others)]


def _fit_document(fit: Fit) -> dict[str, Any]:
    g = fit.geometry
    return {
        "family": g.family,
        "z_h": g.z_h,
        "zeta": g.zeta,
        "deformation": g.deformation,
        "delta": fit.delta,
        "parameters": fit.parameters,
        "rms": fit.rms,
        "bic": fit.bic,
    }
