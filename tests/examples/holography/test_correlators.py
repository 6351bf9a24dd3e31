"""Two-point functions: geodesics against closed forms, and the dimension read from them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from holography.correlators import (
    closed_log_two_point,
    geodesic_length,
    log_two_point,
    thermal_log,
    thermal_time_log,
)
from holography.metric import Geometry, depth_grid
from holography.spectra import Sampled

SEPARATIONS = np.geomspace(0.05, 4.0, 30)


@pytest.mark.parametrize("along", ["x", "tau"])
@pytest.mark.parametrize(
    "geometry", [Geometry(3), Geometry(4), Geometry(3, None, 1.5), Geometry(2, None, 1.25)]
)
def test_the_vacuum_correlator_is_a_power_law(geometry: Geometry, along: str) -> None:
    exact = closed_log_two_point(geometry, 1.7, SEPARATIONS, along=along)
    found = log_two_point(geometry, 1.7, SEPARATIONS, along=along)
    assert np.abs(found - exact).max() < 1e-8
    slope = np.diff(found) / np.diff(np.log(SEPARATIONS))
    exponent = 1.0 if along == "x" else geometry.zeta
    assert np.abs(slope + 2 * 1.7 / exponent).max() < 1e-7


def test_btz_geodesics_give_the_exact_thermal_correlator() -> None:
    geometry, delta = Geometry(2, 1.3), 1.5
    temperature = 1 / (2 * math.pi * 1.3)
    tau = np.linspace(0.02, 0.45, 30) / temperature
    assert (
        np.abs(
            log_two_point(geometry, delta, SEPARATIONS, along="x")
            - thermal_log(SEPARATIONS, delta, temperature)
        ).max()
        < 1e-9
    )
    assert (
        np.abs(
            log_two_point(geometry, delta, tau, along="tau") - thermal_time_log(tau, delta, temperature)
        ).max()
        < 1e-9
    )


def test_delta_is_read_from_the_thermal_two_point_function_to_nine_digits() -> None:
    """At a known temperature ln G is linear in Δ: a fit of one parameter."""
    for delta in (0.5181489, 1.412625, 2.0, 7.25):
        log_g = thermal_log(SEPARATIONS, delta, 0.4)
        shape = thermal_log(SEPARATIONS, 1.0, 0.4)
        assert float(shape @ log_g / (shape @ shape)) == pytest.approx(delta, abs=1e-9)


def test_thermal_correlators_turn_into_the_vacuum_at_short_distance_and_decay_exponentially_at_long() -> None:
    for d in (3, 4):
        geometry = Geometry(d, 1.0)
        short, far = np.array([0.01, 0.02]), np.array([4.0, 5.0])
        assert log_two_point(geometry, 1.0, short, along="x") == pytest.approx(-2 * np.log(short), abs=1e-4)
        rate = -np.diff(log_two_point(geometry, 1.0, far, along="x"))[0]
        assert rate == pytest.approx(1.0, abs=2e-2)  # the geodesic lies along the horizon: e^A = 1 / z_h


def test_the_slope_of_the_length_is_the_momentum_of_the_turning_point() -> None:
    """dℓ/dx = e^{A(z*)}, found by differences of the length; BTZ: p = coth(x / 2 r_h) / r_h."""
    geometry, x, step = Geometry(2, 1.0), np.linspace(0.3, 3, 12), 1e-4
    slope = (
        geodesic_length(geometry, x + step, along="x") - geodesic_length(geometry, x - step, along="x")
    ) / (2 * step)
    assert slope == pytest.approx(1 / np.tanh(x / 2), rel=1e-6)


@pytest.mark.parametrize("geometry", [Geometry(3, 1.0), Geometry(4, 1.0, 1.0, 0.2), Geometry(3, 1.0, 1.5)])
def test_samples_of_a_geometry_have_the_same_geodesics(geometry: Geometry) -> None:
    z = depth_grid(geometry.z_h, 161)
    bulk = Sampled.of(z, *geometry.sample(z), d=geometry.d, zeta=geometry.zeta, has_horizon=True)
    x = np.linspace(0.1, 2, 20) * geometry.horizon
    assert np.abs(geodesic_length(bulk, x, along="x") - geodesic_length(geometry, x, along="x")).max() < 1e-8


def test_a_separation_that_no_geodesic_spans_is_refused() -> None:
    with pytest.raises(ValueError, match="no geodesic spans 50"):
        geodesic_length(Geometry(3, 1.0), np.array([1.0, 50.0]), along="x")


def test_there_is_no_closed_form_where_none_is_known() -> None:
    for geometry in (Geometry(3, 1.0), Geometry(2, 1.0, 1.5), Geometry(2, 1.0, 1.0, 0.1)):
        assert closed_log_two_point(geometry, 1.0, SEPARATIONS, along="x") is None
