"""Stage 00: what the later stages compute with, held against solutions that are known exactly.

Nothing reads what it writes: an experiment can begin at stage 01. It is run at the resolution that the
configuration asks for, so that a grid that is too coarse is found before it has cost anything.

Knows: which errors are good enough, and which are far off.
Does not know: how errors are measured.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from holography import preflight
from holography.loaders import FEWEST, save_arrays
from holography.metric import Geometry
from holography.steps.boundary import POINTS, SAMPLES
from holography.steps.shape import FAULTS, Folders, Outcome, Parameters, head
from holography.steps.spectrum import MODES

Check = dict[str, Any]

_ORDER = 7.0
"""Of the second derivative from nine points, which stand unevenly or to one side."""
_DIGITS = 0.5
"""Per function of the basis; the solver has twice as many where the modes are smooth."""


def check_solver(
    _inputs: Folders, parameters: Parameters, outputs: Folders, methods: preflight.Methods = preflight.OURS
) -> Outcome:
    """Stage 00: errors and their orders on exact solutions; a warning above tolerance, an error far off."""
    outcome = Outcome()
    try:
        curves = dict(zip(("samples", "grid_error"), preflight.grid_curve(methods), strict=True))
        curves |= zip(("basis_size", "basis_error"), preflight.basis_curve(), strict=True)
        checks = [
            *_accuracy(parameters, methods),
            *_convergence(curves),
            *_sampling(parameters.seed, methods),
        ]
    except FAULTS as error:
        outcome.errors.append(f"an exact solution could not be computed: {error}")
        return outcome
    outcome.inputs_total = outcome.outputs_rows = len(checks)
    told = {"doubtful": outcome.warnings, "off": outcome.errors}
    for check in checks:
        if check["verdict"] in told:
            told[check["verdict"]].append(_words(check))
    document = {**head("SolverCheck", "0.1", "00_check_solver", parameters), "checks": checks}
    save_arrays(outputs["solver_check"] / "convergence.npz", curves, document)
    return outcome


def judged(quantity: str, error: float, *, tolerance: float, limit: float, against: str) -> Check:
    """Return one check: it holds up to the tolerance, is doubtful up to the limit, and is off beyond.

    An error that is no number is off, and is written as null.
    """
    verdict = "holds" if error <= tolerance else "doubtful" if error <= limit else "off"
    return {
        "quantity": quantity,
        "error": float(error) if math.isfinite(error) else None,
        "tolerance": tolerance,
        "limit": limit,
        "verdict": verdict,
        "against": against,
    }


def _words(check: Check) -> str:
    error = "no number" if check["error"] is None else f"{check['error']:.1e}"
    allowed = f"{check['tolerance']:.1e}, at the very most {check['limit']:.1e}"
    return f"{check['quantity']}: the error is {error}, expected {allowed}; exact: {check['against']}"


def _accuracy(parameters: Parameters, methods: preflight.Methods) -> Iterator[Check]:
    """Give errors at the resolution of this experiment."""
    samples = int(parameters.of("geometry").get("samples", SAMPLES))
    count = int(parameters.of("eigenmodes").get("modes", MODES))
    points = int(parameters.of("boundary").get("points", POINTS))
    if samples < FEWEST:
        message = f"a geometry has {FEWEST} samples or more, geometry.samples is {samples}"
        raise ValueError(message)
    for d in preflight.DIMENSIONS:
        yield judged(
            f"R of the black brane, d = {d}, {samples} samples",
            preflight.curvature_error(d, samples, methods),
            tolerance=1e-8,
            limit=1e-5,
            against="−d(d+1)",
        )
        yield judged(
            f"λ of empty AdS, d = {d}, {samples} samples, {count} modes",
            preflight.modes_error(d, samples, count, methods),
            tolerance=1e-9,
            limit=1e-6,
            against="j²_(d/2,n+1)",
        )
    for name, geometry in (("vacuum", Geometry(3)), ("BTZ", Geometry(2, 1.0))):
        for along in ("x", "tau"):
            yield judged(
                f"ln G along {along} of the {name}, {points} points",
                preflight.geodesics_error(geometry, points, along=along),
                tolerance=1e-9,
                limit=1e-6,
                against="the two-point function of a conformal theory",
            )


def _convergence(curves: dict[str, preflight.Array]) -> Iterator[Check]:
    """Give by how much the errors fall too slowly as grids and bases grow."""
    order = preflight.order_of(curves["samples"], curves["grid_error"])
    digits = preflight.digits_of(curves["basis_size"], curves["basis_error"])
    for quantity, found, expected, against in (
        ("order of finite differences", order, _ORDER, "nine points in ln z"),
        ("digits per function of the basis", digits, _DIGITS, "faster than any power"),
    ):
        short = found if math.isnan(found) else max(0.0, expected - found)
        check = judged(
            quantity,
            short,
            tolerance=0.0,
            limit=expected / 2,
            against=f"at least {expected:g}: {against}",
        )
        yield {**check, "measured": found if math.isfinite(found) else None}


def _sampling(seed: int, methods: preflight.Methods) -> Iterator[Check]:
    """Give whether noise follows from the seed, and is another one for another system or seed."""
    first = preflight.noise_of(seed, 0, methods)
    again = float(np.abs(preflight.noise_of(seed, 0, methods) - first).max())
    yield judged("noise drawn twice", again, tolerance=0.0, limit=0.0, against="the same numbers")
    others: tuple[tuple[str, Callable[[], preflight.Array]], ...] = (
        ("noise of two systems", lambda: preflight.noise_of(seed, 1, methods)),
        ("noise of two seeds", lambda: preflight.noise_of(seed + 1, 0, methods)),
    )
    for quantity, draw in others:
        yield judged(
            quantity,
            preflight.correlation(first, draw()),
            tolerance=preflight.UNRELATED,
            limit=0.5,
            against="no correlation",
        )
