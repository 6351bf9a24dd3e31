"""Eigenvalues against closed forms and literature, and how they converge."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from holography import dictionary
from holography.metric import Geometry, depth_grid
from holography.spectra import Sampled, box, global_ads, modes
from holography.sturm_liouville import Problem, eigenvalues, gauss_jacobi, jacobi_basis, solve

BESSEL_ZEROS = {
    0: (2.404825557695773, 5.520078110286311, 8.653727912911013),
    1: (3.831705970207512, 7.015586669815619, 10.173468135062722),
    2: (5.135622301840683, 8.417244140399865, 11.619841172149059),
}
SOLITON = (11.58766, 34.52698, 68.974962, 114.91044)
"""Squared masses of the 0++ glueballs of the AdS5 soliton, times z_h² (Csáki et al., JHEP 01 (1999) 017)."""


def sampled(geometry: Geometry, end: float = 1.0, count: int = 161) -> Sampled:
    z = depth_grid(geometry.z_h or end, count)
    return Sampled.of(
        z, *geometry.sample(z), d=geometry.d, zeta=geometry.zeta, has_horizon=geometry.horizon is not None
    )


def test_a_flat_box_has_the_squares_of_n_pi() -> None:
    assert solve(box(), 8).values == pytest.approx((np.arange(1, 9) * math.pi) ** 2, rel=1e-11)


@pytest.mark.parametrize("order", BESSEL_ZEROS)
def test_zeros_of_bessel_functions_are_the_tabulated_ones(order: int) -> None:
    found = [dictionary.bessel_zero(order, number) for number in (1, 2, 3)]
    assert found == pytest.approx(BESSEL_ZEROS[order], rel=1e-13)


def test_bessel_functions_of_half_order_are_sine_and_cosine() -> None:
    assert [dictionary.bessel_zero(0.5, n) for n in (1, 4, 9)] == pytest.approx(
        np.array([1, 4, 9]) * math.pi, rel=1e-13
    )
    assert dictionary.bessel_zero(-0.5, 2) == pytest.approx(1.5 * math.pi, rel=1e-13)
    assert dictionary.bessel_order(dictionary.bessel_zero(0.7, 3), 3) == pytest.approx(0.7, abs=1e-12)
    x = np.array([0.3, 2.0, 11.0])
    assert dictionary.bessel(0.5, x) == pytest.approx(np.sqrt(2 / (math.pi * x)) * np.sin(x), rel=1e-12)


@pytest.mark.parametrize(("d", "delta"), [(4, 4.0), (4, 3.0), (2, 1.0), (2, 3.0)])
def test_a_hard_wall_has_the_zeros_of_bessel_functions(d: int, delta: float) -> None:
    """λ_n z_0² = j²_{Δ−d/2,n}."""
    wall = 0.8
    found = sampled(Geometry(d), end=wall).spectrum(delta * (delta - d), 3).values
    zeros = BESSEL_ZEROS[round(delta - d / 2)]
    assert found * wall**2 == pytest.approx(np.square(zeros), rel=1e-10)


def test_the_alternate_choice_has_the_zeros_of_the_other_bessel_function() -> None:
    """Δ < d/2: J of order −ν; the dimension of the Ising model's spin lies there."""
    delta = 0.5181489
    found = sampled(Geometry(3)).spectrum(delta * (delta - 3), 4, is_alternate=True)
    exact = [dictionary.bessel_zero(delta - 1.5, n) ** 2 for n in (1, 2, 3, 4)]
    assert found.values == pytest.approx(exact, rel=1e-8)


def test_lifshitz_walls_have_bessel_zeros_in_the_area_coordinate() -> None:
    zeta, nu = 1.5, 1.0
    geometry = sampled(Geometry(3, None, zeta), end=0.9)
    found = geometry.spectrum(nu**2 - 3.5**2 / 4, 3).values
    assert found * geometry.deepest**2 == pytest.approx(np.square(BESSEL_ZEROS[1]), rel=1e-9)


@pytest.mark.parametrize(("d", "delta", "spin"), [(3, 1.7, 0), (4, 4.0, 2), (2, 1.3, 1), (3, 0.6, 0)])
def test_global_ads_has_the_squares_of_delta_plus_two_n_plus_l(d: int, delta: float, spin: int) -> None:
    exact = (delta + spin + 2 * np.arange(8)) ** 2
    assert solve(global_ads(d, delta, spin), 8).values == pytest.approx(exact, rel=1e-10)


@pytest.mark.parametrize("delta", [1.0, 1.5, 2.0, 3.0])
@pytest.mark.parametrize("z_h", [0.7, 1.3])
def test_btz_has_the_squares_of_delta_plus_two_n(delta: float, z_h: float) -> None:
    """λ_n z_h² = (Δ + 2n)²."""
    found = sampled(Geometry(2, z_h)).spectrum(delta * (delta - 2), 12).values
    assert found * z_h**2 == pytest.approx((delta + 2 * np.arange(12)) ** 2, rel=1e-9)


def test_the_ads5_soliton_has_the_glueballs_of_the_literature() -> None:
    found = sampled(Geometry(4, 1.0)).spectrum(0.0, 4)
    assert found.values == pytest.approx(SOLITON, rel=5e-7)
    assert found.errors.max() < 1e-11


def test_eigenvalues_converge_faster_than_any_power_and_from_above() -> None:
    problem = modes(sampled(Geometry(4, 1.0)), 0.0)
    best = eigenvalues(problem, 40)[3]
    errors = [float(eigenvalues(problem, size)[3] - best) for size in (6, 8, 10, 12, 16)]
    assert all(later < 0.2 * earlier for earlier, later in pairwise(errors))
    assert all(error > -1e-9 for error in errors)
    assert errors[-1] < 1e-7 * best


def test_the_reported_error_is_the_change_from_a_smaller_basis() -> None:
    coarse = solve(modes(sampled(Geometry(4, 1.0)), 0.0), 4, size=9)
    fine = solve(modes(sampled(Geometry(4, 1.0)), 0.0), 4, size=30)
    assert coarse.errors.max() > 1e-6
    assert fine.errors.max() < 1e-10


def test_quadrature_is_exact_for_polynomials_and_the_basis_orthonormal() -> None:
    y, weights = gauss_jacobi(12, 1.5, -0.4)
    values, slopes = jacobi_basis(y, 8, 1.5, -0.4)
    assert (values * weights) @ values.T == pytest.approx(np.eye(8), abs=1e-12)
    around = jacobi_basis(y + 1e-6, 8, 1.5, -0.4)[0] - jacobi_basis(y - 1e-6, 8, 1.5, -0.4)[0]
    assert slopes == pytest.approx(around / 2e-6, rel=1e-6, abs=1e-6)


def test_a_weight_that_cannot_be_integrated_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be integrated"):
        eigenvalues(Problem(np.ones_like, np.zeros_like, np.ones_like, alpha=-1.2), 8)


@pytest.mark.parametrize(("d", "delta"), [(2, 1.5), (3, 2.0), (4, 4.0), (3, 0.7)])
def test_mass_and_dimension_obey_delta_times_delta_minus_d(d: int, delta: float) -> None:
    """Δ(Δ − d) = m² L², from samples: L² is in the curvature of the samples, not assumed."""
    for scale in (1.0, 2.0):
        z = depth_grid(1.0, 161)
        A, f = Geometry(d, 1.0).sample(z)
        geometry = Sampled.of(z, A + math.log(scale), f, d=d, zeta=1.0, has_horizon=True)  # L = scale
        assert geometry.mass_squared(delta) * scale**2 == pytest.approx(delta * (delta - d), rel=1e-10)
        found = geometry.dimension(delta * (delta - d) / scale**2, is_alternate=delta < d / 2)
        assert found == pytest.approx(delta, rel=1e-9)


def test_a_mass_below_the_breitenlohner_freedman_bound_is_refused() -> None:
    with pytest.raises(ValueError, match="Breitenlohner"):
        modes(sampled(Geometry(3)), -2.3)


# ---------------------------------------------------------------- the dictionary


@pytest.mark.parametrize(
    ("geometry", "tolerance"),
    [
        (Geometry(2, 1.3), 1e-8),
        (Geometry(3, 1.0), 1e-5),
        (Geometry(4, 1.0), 1e-7),
        (Geometry(3), 1e-8),
        (Geometry(3, None, 1.5), 1e-8),
        (Geometry(3, 1.0, 1.5), 1e-4),
        (Geometry(4, 1.0, 1.0, 0.2), 1e-6),
    ],
)
def test_a_spectrum_alone_tells_the_dimension_and_the_mass_relation_follows(
    geometry: Geometry, tolerance: float
) -> None:
    space, dimension = sampled(geometry), geometry.effective_dimension
    masses = [nu**2 - dimension**2 / 4 for nu in (0.5, 1.0, 1.5, 2.0, 2.5)]
    deltas = []
    for nu, mass in zip((0.5, 1.0, 1.5, 2.0, 2.5), masses, strict=True):
        found = dictionary.dimension_from_spectrum(
            space.spectrum(mass, 32).values,
            depth=space.depth,
            effective_dimension=dimension,
            has_horizon=space.has_horizon,
        )
        assert found.nu == pytest.approx(nu, abs=tolerance)
        deltas.append(found.delta)
    relation = dictionary.mass_relation(deltas, masses)
    assert (relation.square, relation.linear) == (
        pytest.approx(1.0, abs=100 * tolerance),
        pytest.approx(-dimension, abs=100 * tolerance),
    )


def test_closed_forms_and_their_inverses_agree() -> None:
    for family, d, zeta, horizon in (
        ("ads", 2, 1.0, True),
        ("ads", 3, 1.0, False),
        ("lifshitz", 3, 1.5, False),
    ):
        known = {"d": d, "zeta": zeta, "end": 0.9, "family": family, "has_horizon": horizon}
        value = dictionary.closed_form(2, delta=2.2, **known)
        assert dictionary.closed_dimension(value, 2, **known) == pytest.approx(2.2, abs=1e-10)
    unknown = {"d": 3, "zeta": 1.0, "end": 0.9, "family": "ads", "has_horizon": True}
    assert dictionary.closed_form(0, delta=2.0, **unknown) is None
    assert dictionary.closed_dimension(4.0, 0, **unknown) is None


def test_too_few_modes_or_pairs_are_refused() -> None:
    with pytest.raises(ValueError, match="too few"):
        dictionary.dimension_from_spectrum(
            np.arange(5.0), depth=1.0, effective_dimension=3.0, has_horizon=True
        )
    with pytest.raises(ValueError, match="standing waves"):
        dictionary.dimension_from_spectrum(-np.ones(20), depth=1.0, effective_dimension=3.0, has_horizon=True)
    with pytest.raises(ValueError, match="cannot test"):
        dictionary.mass_relation([1, 2, 3], [1, 2, 3])
    with pytest.raises(ValueError, match="no zero"):
        dictionary.bessel_zero(-1.5, 1)
