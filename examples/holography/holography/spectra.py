"""Normal modes of a scalar field, as Sturm–Liouville problems.

A mode φ(z) e^{ikx} with k² = −λ obeys, in ds² = e^{2A}(−f dt² + dx² + dz²/f),

    −(e^{(d−1)A} f φ')' + m² e^{(d+1)A} φ = λ e^{(d−1)A} φ

With a horizon λ are squared screening masses (glueball masses of the soliton whose circle is the time): φ is
regular there. Without one, space ends at a hard wall, φ = 0.

The samples are taken apart as A = a − α ln z, f = z^β g with α = 1/(2−ζ), β = (2−2ζ)/(2−ζ), and a, g smooth
in y = (z/end)^α, which is proportional to the area coordinate r. There every geometry has the powers of an
AdS of D = d − 1 + ζ dimensions: φ = y^Δ u(y) with α² g(0) Δ(Δ − D) = m² e^{2a(0)}, and u obeys

    −(p u')' + v u = μ w u,   p = α² M g,   w = M,
    v = M [m² e^{2a} − α² (Δ(Δ−D) g + Δ y ((d−1) a' g + g'))] / y²

with M = e^{(d−1)a}, all times y^{2Δ+1−D}, and μ = λ end^{2α}. The larger Δ is the standard choice; the
smaller one, where it is allowed, the alternate.

Knows: the problem of a sampled geometry; global AdS; the box.
Does not know: files.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import chebyshev

from holography.metric import Array
from holography.sturm_liouville import Problem, Spectrum, solve

_DEGREE = 24
_EXACT = 1e-13
"""A curve through smooth samples is good enough when it misses them by no more than this."""


@dataclass(frozen=True)
class Smooth:
    """A polynomial in y, 0 ≤ y ≤ 1."""

    terms: Array

    def __call__(self, y: Array) -> Array:
        return np.asarray(chebyshev.chebval(2 * y - 1, self.terms))

    def slope(self, y: Array) -> Array:
        return np.asarray(2 * chebyshev.chebval(2 * y - 1, chebyshev.chebder(self.terms)))

    @property
    def at_boundary(self) -> float:
        return float(chebyshev.chebval(-1.0, self.terms))


@dataclass(frozen=True)
class Sampled:
    """A geometry that is known by samples alone, and by the exponent ζ of its time."""

    d: int
    zeta: float
    end: float
    a: Smooth
    g: Smooth
    has_horizon: bool

    @classmethod
    def of(cls, z: Array, A: Array, f: Array, *, d: int, zeta: float, has_horizon: bool) -> Sampled:
        """Fit curves through samples."""
        alpha, beta = 1 / (2 - zeta), (2 - 2 * zeta) / (2 - zeta)
        end = float(z[-1])
        y = (z / end) ** alpha
        return cls(d, zeta, end, smoothed(y, A + alpha * np.log(z)), smoothed(y, f * z**-beta), has_horizon)

    @property
    def alpha(self) -> float:
        return 1 / (2 - self.zeta)

    @property
    def effective_dimension(self) -> float:
        return self.d - 1 + self.zeta

    @property
    def scale(self) -> float:
        """μ = λ · scale."""
        return float(self.end ** (2 * self.alpha))

    @property
    def curvature(self) -> float:
        """m² = curvature · Δ(Δ − D); 1 where L = 1."""
        return float(self.alpha**2 * self.g.at_boundary * math.exp(-2 * self.a.at_boundary))

    @property
    def depth(self) -> float:
        """∫ dz/√f from the boundary to the end, which counts the waves of a high mode."""
        nodes, weights = np.polynomial.legendre.leggauss(64)
        s = (nodes + 1) / 2  # y = 1 − s² removes the root of a horizon
        return float((weights * s / np.sqrt(self.g(1 - s**2))).sum() * self.end**self.alpha / self.alpha)

    def y_of(self, z: Array) -> Array:
        return np.asarray((z / self.end) ** self.alpha)

    def at(self, z: Array) -> tuple[Array, Array]:
        """Return A and f between the samples."""
        y = self.y_of(z)
        power = (2 - 2 * self.zeta) * self.alpha
        return np.asarray(self.a(y) - self.alpha * np.log(z)), np.asarray(self.g(y) * z**power)

    @property
    def deepest(self) -> float:
        """The area coordinate r of the last sample: e^A → 1/r at the boundary."""
        return float(self.end**self.alpha * math.exp(-self.a.at_boundary))

    @property
    def horizon(self) -> float | None:
        return self.deepest if self.has_horizon else None

    def log_space(self, r: Array) -> Array:
        """A over r, for geodesics."""
        return np.asarray(self.a(r / self.deepest) - self.a.at_boundary - np.log(r))

    def log_time(self, r: Array) -> Array:
        """A + ½ ln f over r."""
        y = r / self.deepest
        power = (1 - self.zeta) * (np.log(y) + self.alpha * math.log(self.end))
        return np.asarray(self.log_space(r) + 0.5 * np.log(self.g(y)) + power)

    def proper(self, r: Array) -> Array:
        """dρ/dr over r."""
        y = r / self.deepest
        rate = np.exp(self.a(y)) / (self.alpha * np.sqrt(self.g(y)))
        return np.asarray(rate / r)

    def dimension(self, mass_squared: float, *, is_alternate: bool = False) -> float:
        """Return Δ of a field with this mass.

        Raises:
            ValueError: Δ is complex: m² lies below the Breitenlohner–Freedman bound.
        """
        middle = self.effective_dimension / 2
        under = middle**2 + mass_squared / self.curvature
        if under < -1e-9:
            message = f"m² = {mass_squared:g} lies below the Breitenlohner–Freedman bound {-(middle**2):g}"
            raise ValueError(message)
        root = math.sqrt(under) if under > 1e-12 * max(middle**2, 1.0) else 0.0  # at the bound, to rounding
        return middle - root if is_alternate else middle + root

    def mass_squared(self, delta: float) -> float:
        """Return m² of the field with this Δ."""
        return self.curvature * delta * (delta - self.effective_dimension)

    def spectrum(self, mass_squared: float, count: int, *, is_alternate: bool = False) -> Spectrum:
        """Return the lowest λ."""
        found = solve(modes(self, mass_squared, is_alternate=is_alternate), count, size=3 * count + 16)
        return Spectrum(found.values / self.scale, found.errors, found.size)


def smoothed(y: Array, values: Array) -> Smooth:
    """Fit the lowest polynomial on 0 … 1 that the samples allow."""
    size = float(np.abs(values).max()) or 1.0
    for degree in range(_DEGREE + 1):
        terms = np.linalg.lstsq(chebyshev.chebvander(2 * y - 1, degree), values, rcond=None)[0]
        curve = Smooth(np.asarray(terms))
        if np.abs(curve(y) - values).max() <= _EXACT * size:
            break
    return curve


def modes(geometry: Sampled, mass_squared: float, *, is_alternate: bool = False) -> Problem:
    """Return the problem of normal modes; its eigenvalues are μ = λ · `geometry.scale`.

    Raises:
        ValueError: m² lies below the bound, or the fall-off cannot be normalised.
    """
    d, square = geometry.d, geometry.alpha**2
    delta = geometry.dimension(mass_squared, is_alternate=is_alternate)
    a0, g0 = geometry.a.at_boundary, geometry.g.at_boundary
    indicial = delta * (delta - geometry.effective_dimension)

    def measure(y: Array) -> Array:
        return np.asarray(np.exp((d - 1) * (geometry.a(y) - a0)))

    def p(y: Array) -> Array:
        return np.asarray(square * measure(y) * geometry.g(y))

    def v(y: Array) -> Array:
        g = geometry.g(y)
        # the leading terms of m² e^{2a} and of g cancel, and are left out before numbers lose their digits
        inside = indicial * (g0 * np.expm1(2 * (geometry.a(y) - a0)) - (g - g0))
        inside -= delta * y * ((d - 1) * geometry.a.slope(y) * g + geometry.g.slope(y))
        return np.asarray(square * measure(y) * inside / y**2)

    alpha = 2 * delta + 1 - geometry.effective_dimension
    return Problem(p, v, measure, alpha=alpha, is_zero_at_end=not geometry.has_horizon)


def global_ads(d: int, delta: float, spin: int) -> Problem:
    """Return modes of global AdS, ds² = (−dt² + dχ² + sin²χ dΩ²) / cos²χ, whose λ = ω² = (Δ + 2n + l)².

    φ = cos^Δ χ sin^l χ g, y = 1 − 2χ/π; the weight is tan^{d−1} χ cos^{2Δ} χ sin^{2l} χ.
    """
    left, right = 2 * delta - d + 1, 2 * spin + d - 1

    def weight(y: Array) -> Array:
        falling = np.sin(0.5 * math.pi * y) / y  # cos χ / y
        rising = np.cos(0.5 * math.pi * y) / (1 - y)  # sin χ / (1 − y)
        return np.asarray(falling**left * rising**right)

    return Problem(
        p=lambda y: np.asarray(weight(y) * 4 / math.pi**2),
        v=lambda y: np.asarray(weight(y) * (delta + spin) ** 2),
        w=weight,
        alpha=left,
        beta=float(right),
    )


def box() -> Problem:
    """Return −φ'' = λ φ between two walls at distance 1, whose λ = (nπ)²."""
    return Problem(np.ones_like, np.zeros_like, np.ones_like, is_zero_at_start=True, is_zero_at_end=True)
