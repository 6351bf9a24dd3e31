"""Physics contracts hold for what was recovered, and break for what is wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from holography.abel import invert
from holography.contracts import BROKEN, CONTRACTS, HOLDS, UNDECIDED, Case, broken, judge
from holography.controls import Control, mismatch_controls, noise_controls
from holography.metric import Geometry, depth_grid
from holography.regression import find_equations, reading
from holography.systems import System, measure

GEOMETRIES = {
    "ads vacuum": (Geometry(3), 0.6),
    "btz": (Geometry(2, 1.2), 1.5),
    "ads5 brane": (Geometry(4, 0.8), 20.0),
    "lifshitz": (Geometry(3, None, 1.25), 2.0),
    "lifshitz brane": (Geometry(3, 1.1, 1.5), 20.0),
    "deformed brane": (Geometry(4, 1.0, 1.0, 0.2), 20.0),
}


def case_of(geometry: Geometry, delta: float) -> Case:
    boundary, _sources = measure(System("x", "ads", geometry, delta, 0.0, 2.0), points=48, seed=1, index=0)
    z = depth_grid(geometry.z_h or float(geometry.z_of(np.float64(1.02))), 161)
    A, f = geometry.sample(z)
    declared = {"family": geometry.family, "z_h": geometry.z_h, "delta": delta}
    return Case(
        *(z, A, f, geometry.d, geometry.family, geometry.zeta, geometry.z_h, delta),
        boundary=boundary,
        period=1 / geometry.temperature if geometry.horizon else None,
        abel=invert(boundary.x, boundary.log_g_x, boundary.tau, boundary.log_g_tau),
        reading=reading(find_equations(z, A, f)),
        declared=declared,
    )


@pytest.mark.parametrize("name", GEOMETRIES)
def test_every_contract_holds_or_says_why_it_cannot_be_decided(name: str) -> None:
    judged = judge(case_of(*GEOMETRIES[name]))
    assert [entry for entry in judged if entry.verdict == BROKEN] == []
    assert {entry.name for entry in judged} == set(CONTRACTS)
    assert all(entry.why for entry in judged if entry.verdict == UNDECIDED)
    assert sum(entry.verdict == HOLDS for entry in judged) >= 12


@pytest.mark.parametrize("name", GEOMETRIES)
def test_every_negative_control_is_caught(name: str) -> None:
    case = case_of(*GEOMETRIES[name])
    for make in (mismatch_controls, noise_controls):
        controls = make(case, np.random.default_rng(5))
        assert [control for control in controls if not control.is_caught] == []
        assert len(controls) >= 5


def test_a_control_that_nothing_expected_broke_is_not_caught() -> None:
    assert not Control("x", ("horizon",), ("warp",)).is_caught
    assert Control("x", ("horizon", "warp"), ("warp",)).is_caught


@pytest.mark.parametrize(
    ("change", "contract"),
    [
        ({"delta": 0.2}, "unitarity"),
        ({"d": 4}, "equations"),
        ({"period": None}, None),
        ({"declared": {"family": "lifshitz"}}, "declared_family"),
        ({"declared": {"z_h": None}}, "declared_z_h"),
        ({"z_h": 1.5}, "horizon"),
        ({"family": "deformed"}, "declared_family"),
        ({"z_h": None}, "temperature"),
    ],
)
def test_each_contract_breaks_by_its_own_fault(change: dict[str, object], contract: str | None) -> None:
    found = broken(judge(replace(case_of(Geometry(3, 1.0), 20.0), **change)))
    assert (contract in found) if contract else found == ()


def test_values_that_are_not_finite_break_a_contract_instead_of_passing() -> None:
    case = case_of(Geometry(3, 1.0), 20.0)
    damaged = replace(case, A=np.where(np.arange(161) == 80, np.nan, case.A))
    judged = {entry.name: entry for entry in judge(damaged)}
    assert judged["constant_curvature"].verdict == BROKEN
    assert judged["correlator"].verdict == BROKEN


def test_what_is_not_there_leaves_contracts_undecided() -> None:
    case = replace(
        case_of(Geometry(3, 1.0), 20.0), boundary=None, abel=None, reading={}, declared={}, period=None
    )
    undecided = {entry.name for entry in judge(case) if entry.verdict == UNDECIDED}
    assert {"correlator", "signal", "uv_diagnosis", "two_inversions", "equations", "temperature"} <= undecided
    assert {"declared_family", "declared_z_h", "declared_delta"} <= undecided
