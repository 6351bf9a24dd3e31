"""Equations found in samples, against Einstein's."""

from __future__ import annotations

import numpy as np
import pytest
from holography.metric import Geometry, depth_grid
from holography.regression import find_equations, reading


def equations(geometry: Geometry) -> dict:
    z = depth_grid(geometry.z_h or 1.0, 161)
    return {found.name: found for found in find_equations(z, *geometry.sample(z))}


@pytest.mark.parametrize("d", [2, 3, 4])
def test_a_black_brane_gives_einsteins_equations_with_d_in_their_coefficients(d: int) -> None:
    found = equations(Geometry(d, 0.8))
    assert found["warp"].terms == pytest.approx({"A'^2": 1.0}, rel=1e-8)
    assert found["blackening"].terms == pytest.approx({"A' f'": -(d - 1)}, rel=1e-7)
    assert found["constraint"].terms == pytest.approx({"f A'^2": 1.0, "A' f'": 1 / d}, rel=1e-7)
    assert all(equation.holds for equation in found.values())
    assert reading(tuple(found.values()))["d"] == pytest.approx(d, abs=1e-7)


def test_a_lifshitz_brane_gives_its_exponent_and_its_dimension() -> None:
    zeta, d = 1.5, 3
    found = equations(Geometry(d, 1.0, zeta))
    assert found["warp"].terms == pytest.approx({"A'^2": 2 - zeta}, rel=1e-7)
    expected = {"A' f'": -(d + 1 - 2 * zeta), "A'^2 f": -(2 - 2 * zeta) * (d + 1 - zeta)}
    assert found["blackening"].terms == pytest.approx(expected, rel=1e-6)
    read = reading(tuple(found.values()))
    assert (read["d"], read["zeta"]) == (pytest.approx(d, abs=1e-6), pytest.approx(zeta, abs=1e-8))


def test_a_deformation_stands_in_the_warp_equation_and_leaves_the_constraint_unexplained() -> None:
    a = 0.2
    found = equations(Geometry(4, 1.0, 1.0, a))
    assert found["warp"].terms == pytest.approx({"A'^2": 1.0, "1": -6 * a, "z^2": -4 * a**2}, rel=1e-6)
    assert found["blackening"].terms == pytest.approx({"A' f'": -3.0}, rel=1e-6)
    assert not found["constraint"].holds
    assert reading(tuple(found.values()))["deformation"] == pytest.approx(a, rel=1e-6)


def test_what_samples_cannot_tell_is_said_and_not_guessed() -> None:
    vacuum = equations(Geometry(3))
    assert vacuum["blackening"].terms == {}
    assert vacuum["blackening"].note == "the target vanishes: no blackening"
    assert ("A'^2 f",) in vacuum["warp"].alternatives
    assert reading(tuple(vacuum.values()))["d"] is None
    lifshitz = equations(Geometry(3, None, 1.5))
    assert lifshitz["blackening"].alternatives
    assert reading(tuple(lifshitz.values()))["d"] is None


def test_shuffled_samples_have_no_equations() -> None:
    z = depth_grid(1.0, 161)
    A, f = Geometry(3, 1.0).sample(z)
    order = np.random.default_rng(1).permutation(161)
    found = {equation.name: equation for equation in find_equations(z, A[order], f)}
    assert not found["warp"].holds
    assert not found["constraint"].holds
    assert reading(tuple(found.values()))["zeta"] is None
