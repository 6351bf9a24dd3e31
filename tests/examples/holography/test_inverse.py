"""From two-point functions back to the bulk."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from holography.abel import invert
from holography.correlators import geodesic_length
from holography.diagnosis import uv_dimension
from holography.inverse import Boundary, recover
from holography.metric import Geometry
from holography.systems import System, measure

CASES = {
    "ads vacuum": (Geometry(3), 0.5181489),
    "btz": (Geometry(2, 1.2), 1.5),
    "ads4 brane": (Geometry(3, 1.0), 20.0),
    "lifshitz": (Geometry(3, None, 1.25), 2.0),
    "lifshitz brane": (Geometry(3, 1.1, 1.5), 20.0),
    "deformed brane": (Geometry(4, 1.0, 1.0, 0.2), 20.0),
}


def data(geometry: Geometry, delta: float, noise: float = 0.0) -> Boundary:
    return measure(System("x", "ads", geometry, delta, noise, 2.5), points=48, seed=7, index=0)[0]


@pytest.mark.parametrize("name", CASES)
def test_family_and_parameters_are_recovered_from_the_data_alone(name: str) -> None:
    geometry, delta = CASES[name]
    found = recover(data(geometry, delta))
    best = found.best.geometry
    assert found.family == geometry.family
    assert found.best.delta == pytest.approx(delta, rel=1e-8)
    assert best.zeta == pytest.approx(geometry.zeta, abs=1e-8)
    assert best.deformation == pytest.approx(geometry.deformation, abs=1e-8)
    assert (best.horizon is None) == (geometry.horizon is None)
    assert (best.horizon or 1.0) == pytest.approx(geometry.horizon or 1.0, rel=1e-8)


@pytest.mark.parametrize("name", ["ads4 brane", "lifshitz brane"])
def test_noise_moves_the_parameters_by_what_the_errors_say(name: str) -> None:
    geometry, delta = CASES[name]
    found = recover(data(geometry, delta, noise=1e-3))
    assert found.family == geometry.family
    assert abs(found.best.delta - delta) < 5 * found.best.delta_error
    assert 0.3e-3 < found.best.rms < 3e-3


def test_btz_data_in_closed_form_lead_to_their_horizon_through_geodesics() -> None:
    """The data come from sinh and sin, the inversion from quadratures: nothing is shared."""
    found = recover(data(Geometry(2, 0.7), 1.5))
    assert found.best.geometry.horizon == pytest.approx(0.7, rel=1e-9)
    assert found.best.delta == pytest.approx(1.5, rel=1e-9)


@pytest.mark.parametrize("name", CASES)
def test_abels_inversion_finds_the_same_metric_without_any_family(name: str) -> None:
    geometry, delta = CASES[name]
    given = data(geometry, delta)
    found = invert(given.x, given.log_g_x, given.tau, given.log_g_tau)
    seen = found.z > 0.05 * found.z[-1]
    A, f = geometry.sample(found.z[seen])
    assert found.delta == pytest.approx(delta, rel=1e-5)
    assert found.zeta == pytest.approx(geometry.zeta, abs=1e-4)
    assert np.abs(found.A[seen] - A).max() < 1e-4
    assert np.abs(found.f[seen] / f - 1).max() < 1e-2
    assert found.z[-1] > 0.5 * (geometry.z_h or 0.2)


class Charged:
    """A charged black brane of d = 3, f = 1 − 2.5 z³ + 1.5 z⁴: in none of the families."""

    horizon = deepest = 1.0

    def blackening(self, r: np.ndarray) -> np.ndarray:
        return (1 - r) * (1 + r + r**2 - 1.5 * r**3)

    def log_space(self, r: np.ndarray) -> np.ndarray:
        return -np.log(r)

    def log_time(self, r: np.ndarray) -> np.ndarray:
        return -np.log(r) + 0.5 * np.log(self.blackening(r))

    def proper(self, r: np.ndarray) -> np.ndarray:
        return 1 / (r * np.sqrt(self.blackening(r)))


def charged_data(delta: float = 20.0) -> Boundary:
    x, tau = 2.5 * (np.arange(1, 49) / 48) ** 1.5, 2.0 * (np.arange(1, 49) / 48) ** 1.5
    return Boundary(
        3,
        x,
        -delta * geodesic_length(Charged(), x, along="x"),
        tau,
        -delta * geodesic_length(Charged(), tau, along="tau"),
    )


def test_a_geometry_of_no_family_is_called_unknown_and_abel_still_finds_it() -> None:
    given = charged_data()
    assert recover(given).family == "unknown"
    found = invert(given.x, given.log_g_x, given.tau, given.log_g_tau)
    seen = (found.z > 0.05) & (found.z < 0.9 * found.z[-1])
    assert np.abs(found.A[seen] + np.log(found.z[seen])).max() < 1e-3
    assert np.abs(found.f[seen] - Charged().blackening(found.z[seen])).max() < 1e-3


def answer(given: Boundary) -> str:
    try:
        return recover(given).family
    except ValueError:
        return "refused"


def test_noise_in_the_place_of_data_is_not_explained() -> None:
    given, random = data(Geometry(3, 1.0), 20.0), np.random.default_rng(1)
    for _ in range(4):
        white = replace(given, log_g_x=random.standard_normal(48), log_g_tau=random.standard_normal(48))
        assert answer(white) in {"unknown", "refused"}
    order = np.concatenate([np.arange(14), 14 + random.permutation(34)])  # short distances stay as they are
    assert answer(replace(given, log_g_x=given.log_g_x[order])) == "refused"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"x": np.linspace(1, 0, 48)}, "increasing"),
        ({"tau": np.ones(48)}, "increasing"),
        ({"log_g_x": np.full(48, np.nan)}, "not finite"),
        ({"log_g_tau": np.ones(5)}, "one shape"),
    ],
)
def test_data_that_are_no_function_are_refused(change: dict[str, np.ndarray], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        replace(data(Geometry(3), 1.0), **change)


# ---------------------------------------------------------------- Delta_UV


def test_delta_uv_of_clean_data_is_the_dimension_and_nothing_is_said_against_it() -> None:
    given = data(Geometry(3), 0.5181489)
    found = uv_dimension(given.x, given.log_g_x, 3)
    assert found.delta == pytest.approx(0.5181489, abs=1e-9)
    assert (found.status, found.reasons) == ("ok", ())


@pytest.mark.requirement("C-183")
@pytest.mark.parametrize(
    ("log_g", "status", "said"),
    [
        (lambda s: 2 * 1.2 * np.log(s), "negative", "grows with distance all through"),
        (
            lambda s: 0.3 * np.random.default_rng(2).standard_normal(len(s)),
            "negative",
            "noise outweighs the decay",
        ),
        (lambda s: 1e-3 * np.log(s), "negative", "a plateau"),
        (lambda s: -2 * 0.2 * np.log(s), "below-unitarity", "below the unitarity bound"),
        (lambda s: -2 * 1.0 * np.log(s) - 9 * s**2, "suspect", "changes by more than itself"),
    ],
)
def test_a_negative_or_forbidden_delta_uv_is_diagnosed_with_its_reasons(
    log_g, status: str, said: str
) -> None:
    s = np.geomspace(0.01, 2, 48)
    found = uv_dimension(s, log_g(s), 3, share=0.9)
    assert found.status == status
    assert said in "; ".join(found.reasons)
    assert (found.delta < 0) == (status == "negative")
    assert json.loads(json.dumps(found.document()))["status"] == status


@pytest.mark.requirement("C-183")
def test_the_inversion_refuses_a_negative_delta_uv_and_says_why() -> None:
    given = data(Geometry(3), 1.0)
    with pytest.raises(
        ValueError, match=r"Delta_UV = -1 is not positive: the correlator grows with distance"
    ):
        recover(replace(given, log_g_x=-given.log_g_x))
