"""Stage 09: the solver and the recovered operators against values of the literature.

Knows: the values, their sources, which system each belongs to.
Does not know: how they are computed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from holography.dictionary import bessel_zero
from holography.loaders import load_geometry, save_document
from holography.metric import Geometry, curvature, depth_grid, derivatives
from holography.spectra import Sampled, box, global_ads
from holography.steps.shape import FAULTS, Folders, Outcome, Parameters, carried, each, head
from holography.sturm_liouville import solve

Entry = dict[str, Any]

SOLITON = (11.58766, 34.52698, 68.974962, 114.91044)
"""Squared masses of the 0++ glueballs of the AdS5 soliton, times z_h²."""
_SOLITON_SOURCE = (
    "C. Csáki et al., JHEP 01 (1999) 017; R. Brower, S. Mathur, C.-I. Tan, Nucl. Phys. B 587 (2000) 249"
)
ISING = {"sigma": (0.5181489, 1e-6), "epsilon": (1.412625, 1e-5)}
"""Dimensions of the 3-d Ising model and how well they are known."""
_DEVIATIONS = 5
"""Standard errors by which a recovered dimension may be off."""
_ISING_SOURCE = "F. Kos, D. Poland, D. Simmons-Duffin, A. Vichi, JHEP 08 (2016) 036"
_BESSEL = {0: (2.404825557695773, 5.520078110286311), 1: (3.831705970207512, 7.015586669815619)}
_TABLES = "tables of zeros of Bessel functions"


def compare_with_literature(inputs: Folders, parameters: Parameters, outputs: Folders) -> Outcome:
    """Stage 09: literature values; those of the Ising model for the systems that are labelled with it."""
    outcome = Outcome()
    entries = [*solver_entries()]
    for path in each(inputs["predictions"].glob("*.npz"), outcome):
        try:
            entries += _operator_entries(load_geometry(path)[1])
        except FAULTS as error:
            outcome.fail(path.stem, error)
    outcome.errors += [
        f"{entry['quantity']}: {entry['computed']:.12g}, expected {entry['exact']:.12g}"
        for entry in entries
        if not entry["holds"]
    ]
    folder = outputs["literature"]
    document = {
        **head("LiteratureContracts", "0.1", "09_literature_contracts", parameters),
        "entries": entries,
    }
    save_document(folder / "literature_contracts.json", document)
    (folder / "accuracy.md").write_text(accuracy_table(entries), encoding="utf-8")
    outcome.outputs_rows = len(entries)
    return outcome


def _entry(quantity: str, computed: float, exact: float, tolerance: float, source: str) -> Entry:
    error = abs(computed / exact - 1) if exact else abs(computed)
    return {
        "quantity": quantity,
        "computed": float(computed),
        "exact": float(exact),
        "relative_error": float(error),
        "tolerance": tolerance,
        "holds": bool(error <= tolerance),
        "source": source,
    }


def _sampled(geometry: Geometry) -> Sampled:
    z = depth_grid(geometry.z_h or 1.0, 161)
    A, f = geometry.sample(z)
    return Sampled.of(z, A, f, d=geometry.d, zeta=geometry.zeta, has_horizon=geometry.horizon is not None)


def solver_entries() -> Iterator[Entry]:
    """Give what the code computes from samples beside what is known exactly."""
    yield from _metric_entries()
    soliton = _sampled(Geometry(4, 1.0)).spectrum(0.0, len(SOLITON)).values
    for n, (found, known) in enumerate(zip(soliton, SOLITON, strict=True)):
        yield _entry(f"AdS5 soliton, massless, λ_{n} z_h²", found, known, 5e-7, _SOLITON_SOURCE)
    for order, zeros in _BESSEL.items():
        for number, zero in enumerate(zeros, start=1):
            yield _entry(f"j_({order},{number})", bessel_zero(order, number), zero, 1e-13, _TABLES)
        delta = order + 2.0
        walls = _sampled(Geometry(4)).spectrum(delta * (delta - 4), len(zeros)).values
        for n, (found, zero) in enumerate(zip(walls, zeros, strict=True)):
            yield _entry(
                f"hard wall d = 4, Δ = {delta:g}, λ_{n} z_0²", found, zero**2, 1e-9, "j²_(Δ−d/2,n+1)"
            )
    btz = _sampled(Geometry(2, 1.0)).spectrum(1.5 * (1.5 - 2), 3).values
    for n, found in enumerate(btz):
        yield _entry(f"BTZ soliton Δ = 1.5, λ_{n} z_h²", found, (1.5 + 2 * n) ** 2, 1e-9, "(Δ + 2n)²")
    for d, delta, spin in ((3, 1.7, 0), (4, 4.0, 2)):
        for n, found in enumerate(solve(global_ads(d, delta, spin), 2).values):
            exact = (delta + 2 * n + spin) ** 2
            yield _entry(
                f"global AdS d = {d}, Δ = {delta:g}, l = {spin}, λ_{n}", found, exact, 1e-9, "(Δ + 2n + l)²"
            )
    for n, found in enumerate(solve(box(), 2).values, start=1):
        yield _entry(f"box, λ_{n}", found, (n * math.pi) ** 2, 1e-11, "(nπ)²")


def _metric_entries() -> Iterator[Entry]:
    for d in (2, 3, 4):
        geometry = Geometry(d, 1.0)
        z = depth_grid(1.0, 161)
        A, f = geometry.sample(z)
        R = curvature(z, A, f, d)
        worst = float(R[np.argmax(np.abs(R + d * (d + 1)))])
        yield _entry(
            f"R of the black brane, d = {d}", worst, -d * (d + 1), 1e-8, "−d(d+1), where samples are worst"
        )
        slope = abs(float(derivatives(z, f)[0][-1]))
        yield _entry(
            f"T z_h of the black brane, d = {d}", slope / (4 * math.pi), d / (4 * math.pi), 1e-8, "d/(4π)"
        )
        delta = d - 0.3
        mass = _sampled(geometry).mass_squared(delta)
        yield _entry(f"m² of Δ = {delta:g}, d = {d}", mass, delta * (delta - d), 1e-10, "Δ(Δ − d)")


def _operator_entries(meta: dict[str, Any]) -> Iterator[Entry]:
    """Compare the operators of systems whose label names the Ising model and the operator."""
    if "_ising3d_" not in meta["system_id"]:
        return
    for operator, (known, uncertainty) in ISING.items():
        if f"_{operator}_" in meta["system_id"]:
            allowed = (uncertainty + _DEVIATIONS * meta["delta_error"]) / known
            found = _entry(
                f"Δ_{operator} of {meta['system_id']}", meta["delta"], known, allowed, _ISING_SOURCE
            )
            yield {**found, **carried(meta)}


def accuracy_table(entries: list[Entry]) -> str:
    """Return the entries as a Markdown table."""
    lines = [
        "| quantity | computed | exact or literature | relative error | source |",
        "|---|---|---|---|---|",
    ]
    for e in entries:
        numbers = f"{e['computed']:.12g} | {e['exact']:.12g} | {e['relative_error']:.1e}"
        lines.append(f"| {e['quantity']} | {numbers} | {e['source']} |")
    return "\n".join(["# Accuracy", "", *lines, ""])
