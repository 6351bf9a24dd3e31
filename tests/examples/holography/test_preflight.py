"""Stage 00: solvers against exact solutions, and solvers that are spoilt on purpose."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from holography import preflight
from holography.metric import Array, Geometry, derivatives
from holography.preflight import OURS, Methods
from holography.spectra import Sampled
from holography.steps import Outcome, Parameters
from holography.steps.preflight import check_solver, judged
from holography.sturm_liouville import Spectrum
from holography.systems import System, measure

FINE: dict[str, Any] = {}


def check(folder: Path, config: dict[str, Any], methods: Methods = OURS) -> tuple[Outcome, dict[str, Any]]:
    """Run the stage and return what it said and what it wrote, checks by quantity."""
    outcome = check_solver({}, Parameters(config, 20260309, "abc"), {"solver_check": folder}, methods)
    path = folder / "convergence.meta.json"
    told = json.loads(path.read_text()) if path.exists() else {"checks": []}
    return outcome, {entry["quantity"]: entry for entry in told["checks"]}


def test_every_check_holds_at_the_resolution_that_is_given_by_default(tmp_path: Path) -> None:
    outcome, checks = check(tmp_path, FINE)
    assert (outcome.status, outcome.warnings, outcome.errors) == ("OK", [], [])
    assert outcome.counts["outputs_rows"] == len(checks) == 15
    assert {entry["verdict"] for entry in checks.values()} == {"holds"}
    assert checks["order of finite differences"]["measured"] == pytest.approx(8.8, abs=0.2)
    assert checks["digits per function of the basis"]["measured"] == pytest.approx(0.9, abs=0.1)


def test_the_curves_fall_and_lie_beside_their_metadata(tmp_path: Path) -> None:
    check(tmp_path, FINE)
    with np.load(tmp_path / "convergence.npz") as found:
        curves = dict(found)
    assert curves["samples"].tolist() == list(preflight.GRIDS)
    assert curves["basis_size"].tolist() == list(preflight.BASES)
    assert np.all(np.diff(curves["grid_error"]) < 0)
    assert np.all(np.diff(curves["basis_error"]) < 0)


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        check(tmp_path / name, FINE)
    for name in ("convergence.npz", "convergence.meta.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


@pytest.mark.parametrize(
    ("config", "status"),
    [
        ({"geometry": {"samples": 41}}, "WARNING"),
        ({"geometry": {"samples": 21}}, "ERROR"),
        ({"geometry": {"samples": 15}}, "ERROR"),
        ({"eigenmodes": {"modes": 0}}, "ERROR"),
        ({"boundary": {"points": 0}}, "ERROR"),
    ],
)
def test_a_configuration_that_cannot_be_accurate_is_told(
    tmp_path: Path, config: dict[str, Any], status: str
) -> None:
    outcome, _checks = check(tmp_path, config)
    assert outcome.status == status
    assert outcome.warnings or outcome.errors


def test_a_configuration_that_cannot_be_computed_leaves_no_artifact(tmp_path: Path) -> None:
    outcome, checks = check(tmp_path, {"geometry": {"samples": 15}})
    assert "16 samples or more" in outcome.errors[0]
    assert (checks, list(tmp_path.iterdir())) == ({}, [])


def test_finite_differences_of_a_lower_order_are_found(tmp_path: Path) -> None:
    def second_order(z: Array, warp: Array, f: Array, d: int) -> Array:
        A1, A2 = derivatives(z, warp, stencil=3)
        f1, f2 = derivatives(z, f, stencil=3)
        return -np.exp(-2 * warp) * (d * (d - 1) * f * A1**2 + 2 * d * f * A2 + 2 * d * A1 * f1 + f2)

    outcome, checks = check(tmp_path, FINE, Methods(scalar=second_order))
    assert outcome.status == "ERROR"
    assert checks["order of finite differences"]["verdict"] == "off"
    assert checks["R of the black brane, d = 4, 161 samples"]["verdict"] == "off"
    assert checks["λ of empty AdS, d = 4, 161 samples, 32 modes"]["verdict"] == "holds"


def test_modes_that_are_off_by_two_millionths_are_found(tmp_path: Path) -> None:
    def shifted(space: Sampled, mass_squared: float, count: int) -> Spectrum:
        found = space.spectrum(mass_squared, count)
        return Spectrum(found.values * (1 + 2e-6), found.errors, found.size)

    outcome, checks = check(tmp_path, FINE, Methods(lowest=shifted))
    assert outcome.status == "ERROR"
    assert checks["λ of empty AdS, d = 4, 161 samples, 32 modes"]["verdict"] == "off"


@pytest.mark.parametrize(
    ("quantity", "fixed"), [("noise of two systems", {"index": 0}), ("noise of two seeds", {"seed": 7})]
)
def test_noise_that_ignores_the_seed_or_the_system_is_found(
    tmp_path: Path, quantity: str, fixed: dict[str, int]
) -> None:
    def spoilt(system: System, **given: int) -> Any:
        return measure(system, **{**given, **fixed})

    outcome, checks = check(tmp_path, FINE, Methods(draw=spoilt))
    assert outcome.status == "ERROR"
    assert checks[quantity]["verdict"] == "off"
    assert checks["noise drawn twice"]["verdict"] == "holds"


def test_noise_that_is_another_one_each_time_is_found(tmp_path: Path) -> None:
    drawn = iter(range(100))

    def restless(system: System, *, points: int, seed: int, index: int) -> Any:
        return measure(system, points=points, seed=seed + next(drawn), index=index)

    outcome, checks = check(tmp_path, FINE, Methods(draw=restless))
    assert outcome.status == "ERROR"
    assert checks["noise drawn twice"]["verdict"] == "off"


@pytest.mark.parametrize(
    ("error", "verdict"),
    [(0.0, "holds"), (1e-9, "holds"), (2e-9, "doubtful"), (1e-6, "doubtful"), (2e-6, "off")],
)
def test_an_error_is_judged_by_tolerance_and_limit_which_themselves_pass(error: float, verdict: str) -> None:
    found = judged("x", error, tolerance=1e-9, limit=1e-6, against="y")
    assert (found["verdict"], found["error"]) == (verdict, error)


@pytest.mark.parametrize("error", [math.nan, math.inf])
def test_an_error_that_is_no_number_is_off_and_written_as_null(error: float) -> None:
    found = judged("x", error, tolerance=1e-9, limit=1e-6, against="y")
    assert (found["verdict"], found["error"]) == ("off", None)


def test_a_curve_that_is_no_number_is_an_error_of_the_stage(tmp_path: Path) -> None:
    def nothing(z: Array, *_samples: Array | int) -> Array:
        return np.full_like(z, np.nan)

    outcome, _checks = check(tmp_path, FINE, Methods(scalar=nothing))
    assert outcome.status == "ERROR"


@pytest.mark.parametrize("power", [2.0, 8.0])
def test_the_order_of_a_power_is_found(power: float) -> None:
    samples = np.array(preflight.GRIDS, dtype=np.float64)
    assert preflight.order_of(samples, (samples - 1) ** -power) == pytest.approx(power)


def test_the_digits_of_a_geometric_sequence_are_found() -> None:
    sizes = np.array(preflight.BASES, dtype=np.float64)
    assert preflight.digits_of(sizes, 10 ** (-0.5 * sizes)) == pytest.approx(0.5)


def test_a_geometry_without_closed_form_cannot_be_held_against_one() -> None:
    with pytest.raises(ValueError, match="no closed form"):
        preflight.geodesics_error(Geometry(4, 1.0), 8, along="x")
