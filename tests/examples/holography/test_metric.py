"""The metric, its curvature and its derivatives, against what general relativity knows exactly."""

from __future__ import annotations

import math

import numpy as np
import pytest
from holography.metric import Geometry, curvature, depth_grid, derivatives, null_energy


def sampled(
    geometry: Geometry, end: float = 1.0, count: int = 161
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    z = depth_grid(geometry.z_h or end, count)
    return z, *geometry.sample(z)


@pytest.mark.parametrize("d", [2, 3, 4])
@pytest.mark.parametrize("horizon", [None, 0.6, 1.0])
def test_ads_has_the_curvature_minus_d_times_d_plus_one_everywhere(d: int, horizon: float | None) -> None:
    z, A, f = sampled(Geometry(d, horizon))
    assert np.abs(curvature(z, A, f, d) / (-d * (d + 1)) - 1).max() < 1e-8


def test_the_curvature_is_the_formula_applied_to_known_derivatives() -> None:
    """R = −e^{−2A} [d(d−1) f A'² + 2d f A'' + 2d A' f' + f''] for A = −ln z + z², f = 1 − z³."""
    d, z = 3, depth_grid(0.9, 161)
    A, f = -np.log(z) + z**2, 1 - z**3
    A1, A2, f1, f2 = -1 / z + 2 * z, 1 / z**2 + 2, -3 * z**2, -6 * z
    exact = -np.exp(-2 * A) * (d * (d - 1) * f * A1**2 + 2 * d * f * A2 + 2 * d * A1 * f1 + f2)
    assert np.abs(curvature(z, A, f, d) / exact - 1).max() < 1e-8


def test_the_curvature_formula_is_the_ricci_scalar_of_the_metric() -> None:
    """The same number from Christoffel symbols: R of a diagonal metric by the sum over sectional curvatures.

    With proper distance ρ, h = e^A √f and u = e^A: R = −2 h''/h − 2n u''/u − 2n h'u'/(hu) − n(n−1) (u'/u)²,
    n = d − 1, the primes along ρ.
    """
    d, z = 4, depth_grid(0.9, 241)
    n = d - 1
    A, f = -np.log(z) - 0.3 * z**2, 1 - z**4

    def along(values: np.ndarray) -> np.ndarray:
        return np.exp(-A) * np.sqrt(f) * derivatives(z, values)[0]

    h, u = np.exp(A) * np.sqrt(f), np.exp(A)
    h1, u1 = along(h), along(u)
    h2, u2 = along(h1), along(u1)
    ricci = -2 * h2 / h - 2 * n * u2 / u - 2 * n * h1 * u1 / (h * u) - n * (n - 1) * (u1 / u) ** 2
    inner = slice(8, -8)
    assert np.abs(curvature(z, A, f, d) / ricci - 1)[inner].max() < 1e-6


@pytest.mark.parametrize("d", [2, 3, 4])
@pytest.mark.parametrize("zeta", [1.25, 1.5, 1.75])
def test_lifshitz_has_its_constant_curvature(d: int, zeta: float) -> None:
    z, A, f = sampled(Geometry(d, None, zeta))
    exact = -(2 * zeta**2 + 2 * zeta * (d - 1) + d * (d - 1))
    assert np.abs(curvature(z, A, f, d) / exact - 1).max() < (1e-8 if zeta < 1.7 else 1e-5)


@pytest.mark.parametrize("d", [2, 3, 4])
@pytest.mark.parametrize("z_h", [0.3, 1.0, 2.5])
def test_the_temperature_of_a_black_brane_is_d_over_four_pi_z_h(d: int, z_h: float) -> None:
    geometry = Geometry(d, z_h)
    assert geometry.temperature == pytest.approx(d / (4 * math.pi * z_h), rel=1e-14)
    z, _A, f = sampled(geometry)
    assert abs(derivatives(z, f)[0][-1]) / (4 * math.pi) == pytest.approx(geometry.temperature, rel=1e-8)


def test_the_temperature_of_a_lifshitz_black_brane_scales_with_its_exponent() -> None:
    """T = (d − 1 + ζ) / (4π r_h^ζ)."""
    geometry = Geometry(3, 0.7, 1.5)
    assert geometry.temperature == pytest.approx(3.5 / (4 * math.pi * 0.7**1.5), rel=1e-14)
    z, _A, f = sampled(geometry)
    assert abs(derivatives(z, f)[0][-1]) / (4 * math.pi) == pytest.approx(geometry.temperature, rel=1e-7)


@pytest.mark.parametrize(
    "geometry",
    [
        Geometry(3),
        Geometry(2, 1.0),
        Geometry(3, 0.8, 1.5),
        Geometry(4, 1.0, 1.0, 0.2),
        Geometry(3, None, 1.0, 0.1),
    ],
)
def test_every_family_obeys_the_null_energy_condition(geometry: Geometry) -> None:
    along_z, along_x = null_energy(*sampled(geometry), geometry.d)
    assert along_z.min() > -1e-8
    assert along_x.min() > -1e-6


def test_a_deformed_black_brane_solves_einsteins_equation_and_bends_as_its_scalar_says() -> None:
    """Einstein: f'' + (d−1) A' f' = 0, A'' − A'² = −6a − 4a² z²."""
    a, d = 0.2, 4
    z, A, f = sampled(Geometry(d, 1.0, 1.0, a))
    (A1, A2), (f1, f2) = derivatives(z, A), derivatives(z, f)
    assert np.abs(f2 + (d - 1) * A1 * f1).max() < 1e-6 * np.abs(f2).max()
    assert np.abs(z**2 * (A2 - A1**2 + 6 * a + 4 * a**2 * z**2)).max() < 1e-9
    assert f[-1] == pytest.approx(0.0, abs=1e-15)


def test_derivatives_along_uneven_samples_are_exact_to_nine_digits() -> None:
    z = depth_grid(1.0, 161)
    first, second = derivatives(z, np.sin(3 * z))
    assert np.abs(first - 3 * np.cos(3 * z)).max() < 1e-9
    assert np.abs(z**2 * (second + 9 * np.sin(3 * z))).max() < 1e-8


@pytest.mark.parametrize(
    "values",
    [
        (1,),
        (3, None, 2.0),
        (3, None, 0.9),
        (3, -1.0),
        (3, None, 1.5, 0.2),
        (3, None, 1.0, -0.1),
        (4, 3.0, 1.0, 0.5),
    ],
)
def test_what_is_no_geometry_is_refused(values: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"geometry|ζ|r_h"):
        Geometry(*values)
