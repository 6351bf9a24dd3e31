"""How well the numerical methods do where the answer is known exactly.

- Empty AdS with a hard wall: its modes are squared zeros of Bessel functions, and tell how the spectral basis
  converges.
- Black branes of Einstein's equations: R = −d(d+1) everywhere, and tells how finite differences converge. In
  empty AdS A is linear in ln z, which finite differences get right on any grid.
- The vacuum and BTZ: ln G in closed form, which geodesics must give.

Knows: exact solutions, errors over resolution, how fast they fall.
Does not know: configurations, what is good enough, files.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from holography.correlators import closed_log_two_point, log_two_point
from holography.dictionary import hard_wall
from holography.inverse import Boundary
from holography.metric import Array, Geometry, curvature, depth_grid
from holography.spectra import Sampled, modes
from holography.sturm_liouville import Spectrum, eigenvalues
from holography.systems import System, measure

DIMENSIONS = (2, 3, 4)
_CURVES = 4
GRIDS = (17, 25, 33)
"""Samples of the grids over which the order is measured: coarse, so that rounding has no part in it."""
BASES = (6, 8, 10, 12)
"""Sizes of the bases over which the rate is measured; from some 16 on only rounding is left."""
_MASSLESS = 0.0
_MODES = 4
"""Lowest modes that are compared while the basis grows."""
_DRAWN = 1024
"""Samples of noise that are drawn to compare two streams."""
UNRELATED = 5 / math.sqrt(_DRAWN)
"""Largest |r| that independent streams may show: five standard deviations."""


@dataclass(frozen=True)
class Methods:
    """What is held against the exact solutions: the pieces that the stages compute with."""

    scalar: Callable[[Array, Array, Array, int], Array] = curvature
    lowest: Callable[[Sampled, float, int], Spectrum] = Sampled.spectrum
    draw: Callable[..., tuple[Boundary, dict[str, str]]] = measure


OURS = Methods()


def curvature_error(d: int, samples: int, methods: Methods = OURS) -> float:
    """Return the largest relative error of the Ricci scalar of a black brane, by finite differences."""
    geometry = Geometry(d, 1.0)
    z = depth_grid(1.0, samples)
    A, f = geometry.sample(z)
    return float(np.abs(methods.scalar(z, A, f, d) / (d * (d + 1)) + 1).max())


def modes_error(d: int, samples: int, count: int, methods: Methods = OURS) -> float:
    """Return the largest relative error of the lowest λ of empty AdS, as stage 06 computes them."""
    found = methods.lowest(_empty(d, samples), _MASSLESS, count).values
    return float(np.abs(found / _walls(d, count) - 1).max())


def geodesics_error(geometry: Geometry, points: int, *, along: str) -> float:
    """Return the largest error of ln G by geodesics, for Δ = 1, where it is known in closed form."""
    unit = (np.arange(1, points + 1) / points) ** 1.5
    reach = 0.45 / geometry.temperature if along == "tau" and geometry.horizon else 2.0
    exact = closed_log_two_point(geometry, 1.0, reach * unit, along=along)
    if exact is None:
        message = f"no closed form is known along {along} for {geometry}"
        raise ValueError(message)
    return float(np.abs(log_two_point(geometry, 1.0, reach * unit, along=along) - exact).max())


def grid_curve(methods: Methods = OURS) -> tuple[Array, Array]:
    """Return numbers of samples, and the error of the Ricci scalar at each."""
    return np.array(GRIDS, dtype=np.float64), np.array(
        [curvature_error(_CURVES, count, methods) for count in GRIDS]
    )


def basis_curve(samples: int = 161) -> tuple[Array, Array]:
    """Return sizes of the basis, and the error of the lowest modes at each."""
    empty, exact = _empty(_CURVES, samples), _walls(_CURVES, _MODES)
    problem = modes(empty, _MASSLESS)
    found = [eigenvalues(problem, size)[:_MODES] / empty.scale for size in BASES]
    return np.array(BASES, dtype=np.float64), np.array([np.abs(each / exact - 1).max() for each in found])


def order_of(samples: Array, errors: Array) -> float:
    """Return p of error ~ h^p, h = 1/(samples − 1), by least squares."""
    return -float(np.polyfit(np.log(samples - 1), np.log(errors), 1)[0])


def digits_of(sizes: Array, errors: Array) -> float:
    """Return how many digits each further function of the basis brings, by least squares."""
    return -float(np.polyfit(sizes, np.log10(errors), 1)[0])


def noise_of(seed: int, index: int, methods: Methods = OURS) -> Array:
    """Return the noise that stage 01 adds to the system of this number, drawn as stage 01 draws it."""
    noisy, silent = (System("", "ads", Geometry(2), 1.0, sigma, 2.0) for sigma in (1.0, 0.0))
    drawn, exact = (methods.draw(each, points=_DRAWN, seed=seed, index=index)[0] for each in (noisy, silent))
    return np.asarray(drawn.log_g_x - exact.log_g_x)


def correlation(left: Array, right: Array) -> float:
    """Return |r| of two streams: near 0 when they are independent, 1 when they are the same."""
    return abs(float(np.corrcoef(left, right)[0, 1]))


def _empty(d: int, samples: int) -> Sampled:
    z = depth_grid(1.0, samples)
    A, f = Geometry(d).sample(z)
    return Sampled.of(z, A, f, d=d, zeta=1.0, has_horizon=False)


def _walls(d: int, count: int) -> Array:
    """Return λ of a massless field, Δ = d, with a wall at z = 1: squared zeros of J_{d/2}."""
    return np.array([hard_wall(n, float(d), float(d), 1.0) for n in range(count)])
