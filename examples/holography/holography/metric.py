"""Static metrics ds² = e^{2A(z)} (−f(z) dt² + dx² + dz²/f(z)) in d + 1 dimensions, with L = 1.

One family holds all: with the area coordinate r,

    e^A = e^{−a r²} / r,   f = F(r) r^{2−2ζ},   dz = r^{1−ζ} dr

- AdS: ζ = 1, a = 0, F = 1 or 1 − (r/r_h)^d;
- Lifshitz with dynamical exponent ζ < 2: F = 1 or 1 − (r/r_h)^{d−1+ζ}, time scales as r^ζ;
- deformed: ζ = 1, a > 0; F solves F'' + (d−1) A' F' = 0, which is Einstein's equation for any scalar that
bends A.

Knows: A, f, proper distance, temperature.
Does not know: correlators, data, files.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

FAMILIES = ("ads", "lifshitz", "deformed")
_TERMS = 36
_MOST_BENT = 5.0
"""Largest (d − 1) a r_h²: up to there so many terms of the series for F are exact to rounding."""


@dataclass(frozen=True)
class Geometry:
    """One metric; `horizon` is r_h, None at zero temperature."""

    d: int
    horizon: float | None = None
    zeta: float = 1.0
    deformation: float = 0.0

    def __post_init__(self) -> None:
        if self.d < 2 or not 1 <= self.zeta < 2 or self.deformation < 0:
            message = f"no such geometry: d = {self.d}, ζ = {self.zeta}, a = {self.deformation}"
            raise ValueError(message)
        if self.deformation > 0 and self.zeta != 1:
            message = "a deformed geometry has ζ = 1"
            raise ValueError(message)
        if self.horizon is not None and not self.horizon > 0:
            message = f"the horizon stands at r_h > 0, got {self.horizon}"
            raise ValueError(message)
        if self.horizon is not None and (self.d - 1) * self.deformation * self.horizon**2 > _MOST_BENT:
            message = (
                f"(d − 1) a r_h² is at most {_MOST_BENT:g}, got r_h = {self.horizon}, a = {self.deformation}"
            )
            raise ValueError(message)

    @property
    def family(self) -> str:
        if self.deformation > 0:
            return "deformed"
        return "lifshitz" if self.zeta != 1 else "ads"

    @property
    def effective_dimension(self) -> float:
        """d − 1 + ζ: Δ(Δ − d_eff) = m²."""
        return self.d - 1 + self.zeta

    @property
    def deepest(self) -> float:
        """Deepest r that geodesics are looked for in."""
        if self.horizon is not None:
            return self.horizon
        return 100.0 if self.deformation == 0 else 2 / math.sqrt(self.deformation)

    @property
    def z_h(self) -> float | None:
        return None if self.horizon is None else float(self.z_of(np.float64(self.horizon)))

    @property
    def temperature(self) -> float:
        """T = |f'(z_h)| / 4π; 0 without a horizon."""
        if self.horizon is None:
            return 0.0
        r = self.horizon
        slope = float(self._weight(np.float64(r)) / self._integral(np.float64(r)))
        return float(slope * r ** (1 - self.zeta) / (4 * math.pi))

    def z_of(self, r: Array | np.float64) -> Array:
        power = 2 - self.zeta
        return np.asarray(r**power / power)

    def r_of(self, z: Array | np.float64) -> Array:
        power = 2 - self.zeta
        return np.asarray((power * z) ** (1 / power))

    def blackening(self, r: Array) -> Array:
        """F(r): 1 at the boundary, 0 at the horizon."""
        if self.horizon is None:
            return np.ones_like(r)
        if self.deformation == 0:
            with np.errstate(divide="ignore"):
                return np.asarray(-np.expm1(self.effective_dimension * np.log(r / self.horizon)))
        return np.asarray(1 - self._integral(r) / self._horizon_integral)

    def log_space(self, r: Array) -> Array:
        """ln of the redshift of a spatial direction: A."""
        return np.asarray(-np.log(r) - self.deformation * r**2)

    def log_time(self, r: Array) -> Array:
        """ln of the redshift of time: A + ½ ln f."""
        return np.asarray(self.log_space(r) + 0.5 * np.log(self.blackening(r)) + (1 - self.zeta) * np.log(r))

    def proper(self, r: Array) -> Array:
        """dρ/dr of the proper distance ρ along z."""
        return np.asarray(np.exp(-self.deformation * r**2) / (r * np.sqrt(self.blackening(r))))

    def sample(self, z: Array) -> tuple[Array, Array]:
        """Return A(z) and f(z)."""
        r = self.r_of(z)
        return self.log_space(r), np.asarray(self.blackening(r) * r ** (2 - 2 * self.zeta))

    @cached_property
    def _horizon_integral(self) -> float:
        return float(self._integral(np.float64(self.horizon or 1.0)))

    def _weight(self, r: Array | np.float64) -> Array:
        """e^{−(d−1) A}, of which F is the integral; for Lifshitz the power that its matter gives."""
        growth = (self.d - 1) * self.deformation * r**2
        return np.asarray(r ** (self.effective_dimension - 1) * np.exp(growth))

    def _integral(self, r: Array | np.float64) -> Array:
        """∫₀^r of `_weight`: Σ bᵏ r^{d+2k} / (k! (d + 2k)) with b = (d − 1) a."""
        bend = np.asarray((self.d - 1) * self.deformation * np.asarray(r) ** 2)
        terms = _TERMS if self.deformation > 0 else 1
        factors = [1 / (math.factorial(k) * (self.effective_dimension + 2 * k)) for k in range(terms)]
        return np.asarray(r**self.effective_dimension * np.polynomial.polynomial.polyval(bend, factors))


def depth_grid(deepest: float, count: int, nearest: float = 0.01) -> Array:
    """Return z from `nearest` · `deepest` to `deepest`, geometric near the boundary, dense near the end."""
    start = 2 / math.pi * math.asin(math.sqrt(nearest))
    z = deepest * np.sin(0.5 * math.pi * np.geomspace(start, 1.0, count)) ** 2
    z[-1] = deepest
    return np.asarray(z)


def curvature(z: Array, A: Array, f: Array, d: int) -> Array:
    """Return the Ricci scalar of sampled functions.

    R = −e^{−2A} [d(d−1) f A'² + 2d f A'' + 2d A' f' + f'']
    """
    A1, A2 = derivatives(z, A)
    f1, f2 = derivatives(z, f)
    inside = d * (d - 1) * f * A1**2 + 2 * d * f * A2 + 2 * d * A1 * f1 + f2
    return np.asarray(-np.exp(-2 * A) * inside)


def null_energy(z: Array, A: Array, f: Array, d: int) -> tuple[Array, Array]:
    """Return z² times the two null energies, which no sensible matter makes negative: along z, along x.

    −(A'' − A'²) ≥ 0 and f'' + (d−1) A' f' ≥ 0.
    """
    A1, A2 = derivatives(z, A)
    f1, f2 = derivatives(z, f)
    return np.asarray(z**2 * (A1**2 - A2)), np.asarray(z**2 * (f2 + (d - 1) * A1 * f1))


def derivatives(z: Array, values: Array, *, stencil: int = 9) -> tuple[Array, Array]:
    """Return first and second derivative along z of samples, by finite differences in ln z.

    In ln z the power laws of the boundary are polynomials or slow exponentials, so that nine points give
    about ten digits. The points need not be equidistant.
    """
    t = np.log(z)
    count = len(z)
    width = min(stencil, count)
    starts = np.clip(np.arange(count) - width // 2, 0, count - width)
    members = starts[:, None] + np.arange(width)
    offsets = t[members] - t[:, None]
    scale = np.abs(offsets).max(axis=1, keepdims=True)
    powers = np.swapaxes((offsets / scale)[:, :, None] ** np.arange(width), 1, 2)
    wanted = np.zeros((count, width, 2))
    wanted[:, 1, 0], wanted[:, 2, 1] = 1.0, 2.0
    weights = np.linalg.solve(powers, wanted)
    first = (weights[:, :, 0] * values[members]).sum(axis=1) / scale[:, 0]
    second = (weights[:, :, 1] * values[members]).sum(axis=1) / scale[:, 0] ** 2
    return np.asarray(first / z), np.asarray((second - first) / z**2)
