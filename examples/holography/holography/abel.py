"""From two-point functions back to the bulk without any family: Abel's inversion.

A geodesic's momentum is p = dℓ/ds, and its span tells how much proper distance ρ lies at each redshift e^{B}:

    s(p) / 2p = ∫_p^∞ (−dρ/du) / (u √(u² − p²)) du,    u = e^{B}

which Abel's formula inverts. Equal time gives ρ over e^A, equal place gives ρ over e^A √f; together they are
A and f over ρ, and dz = √f e^{−A} dρ. What is assumed: ln G = −Δ ℓ, unit normalisation, and that the data
reach from short distances on. What they cannot tell is what lies deeper than the geodesic of the largest
separation.

Knows: Chebyshev fits, the inversion.
Does not know: families, horizons.

Source:
    Bilson, JHEP 08 (2008) 073 and JHEP 02 (2011) 050: bulk metrics from geodesics.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import chebyshev

from holography.metric import Array

_DEGREE = 14
"""Most terms of a fitted curve; noisy data get fewer."""
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(48)
_UNIT, _UNIT_WEIGHTS = (_NODES + 1) / 2, _WEIGHTS / 2
_DENSE = 1000
_LEAST_SHARE = 0.3
"""Of the separations that must have geodesics."""


@dataclass(frozen=True)
class Curve:
    """ℓ(s) = κ ln s + c₀ + s² P(s), P a polynomial on 0 … `longest`."""

    kappa: float
    constant: float
    longest: float
    terms: Array
    delta: float
    """ln G = −`delta` · ℓ."""
    rms: float
    """Of ln G about the curve."""

    def momentum(self, s: Array) -> Array:
        """p = dℓ/ds."""
        unit = 2 * s / self.longest - 1
        slope = chebyshev.chebval(unit, chebyshev.chebder(self.terms)) * 2 / self.longest
        return np.asarray(self.kappa / s + 2 * s * chebyshev.chebval(unit, self.terms) + s**2 * slope)

    def momentum_slope(self, s: Array) -> Array:
        """dp/ds."""
        unit, scale = 2 * s / self.longest - 1, 2 / self.longest
        value = chebyshev.chebval(unit, self.terms)
        first = chebyshev.chebval(unit, chebyshev.chebder(self.terms)) * scale
        second = chebyshev.chebval(unit, chebyshev.chebder(self.terms, 2)) * scale**2
        return np.asarray(-self.kappa / s**2 + 2 * value + 4 * s * first + s**2 * second)


@dataclass(frozen=True)
class Inverted:
    """A and f over z, as deep as the data reach."""

    z: Array
    A: Array
    f: Array
    delta: float
    zeta: float


def invert(x: Array, log_g_x: Array, tau: Array, log_g_tau: Array) -> Inverted:
    """Return A(z), f(z), Δ and ζ.

    Raises:
        ValueError: The curves through the data do not decay everywhere: they have no geodesics.
    """
    space = fitted_curve(x, log_g_x)
    time = fitted_curve(tau, log_g_tau, delta=space.delta)
    u, rho = _depths(space, offset=0.0)
    zeta = 2 / time.kappa
    h, rho_time = _depths(time, offset=0.5 * (time.constant - time.kappa * np.log(zeta)))
    reach = rho <= rho_time[-1]
    u, rho = u[reach], rho[reach]
    log_h = np.interp(rho, rho_time, np.log(h) + zeta * rho_time) - zeta * rho
    y = np.exp(rho)
    rate = np.exp(log_h - 2 * np.log(u) - (2 - zeta) * rho)  # dz = e^{−A} √f dρ = rate · d(y^{2−ζ} / (2−ζ))
    base = y ** (2 - zeta) / (2 - zeta)
    steps = 0.5 * (rate[1:] + rate[:-1]) * np.diff(base)
    z = np.concatenate([[rate[0] * base[0]], steps]).cumsum()
    return Inverted(z, np.log(u), np.exp(2 * log_h) / u**2, space.delta, zeta)


def fitted_curve(s: Array, log_g: Array, *, delta: float | None = None) -> Curve:
    """Fit ℓ(s); without Δ the logarithm's factor is 2Δ and the constant 0: a unit-normalised operator."""
    longest = float(s[-1])
    best: tuple[float, Curve] | None = None
    for degree in range(2, _DEGREE + 1):
        terms = s[:, None] ** 2 * chebyshev.chebvander(2 * s / longest - 1, degree)
        front = [2 * np.log(s)] if delta is None else [np.log(s), np.ones_like(s)]
        columns = np.column_stack([*front, terms])
        found = np.linalg.lstsq(columns, -log_g, rcond=None)[0]
        residual = log_g + columns @ found
        mean = float(residual @ residual) / len(s)
        score = len(s) * np.log(mean + 1e-24) + 2 * columns.shape[1] * np.log(len(s))
        scale = found[0] if delta is None else delta
        head = (2.0, 0.0) if delta is None else (found[0] / scale, found[1] / scale)
        rest = found[len(front) :] / scale
        curve = Curve(float(head[0]), float(head[1]), longest, rest, float(scale), float(np.sqrt(mean)))
        if best is None or score < best[0]:
            best = (float(score), curve)
    if best is None:
        message = "no curve was fitted"
        raise ValueError(message)
    return best[1]


def _depths(curve: Curve, *, offset: float) -> tuple[Array, Array]:
    """Return redshift u and proper distance ρ of the turning points of geodesics of all spans.

    −dρ/d ln u = W(u) = (2u³/π) ∫₀^X dF/ds / √(p(s)² − u²) ds with F = s/2p and p(X) = u.
    """
    spans = np.linspace(0, 1, _DENSE + 1)[1:] ** 1.5 * curve.longest
    u = curve.momentum(spans)
    falls = np.concatenate([[True], np.diff(u) < 0]) & (u > 0)
    count = len(u) if falls.all() else int(np.argmin(falls))
    if count < _LEAST_SHARE * len(u):
        message = (
            f"the curve through the data has no geodesics beyond {spans[count]:.3g}: its slope does not fall"
        )
        raise ValueError(message)
    spans, u = spans[:count], u[:count]
    phi = 0.5 * np.pi * _UNIT
    s = spans[:, None] * np.sin(phi)
    p, slope = curve.momentum(s), curve.momentum_slope(s)
    growth = (1 - s * slope / p) / (2 * p)
    square = (p - u[:, None]) * (p + u[:, None])
    nearly = np.abs(2 * u[:, None] * curve.momentum_slope(spans)[:, None] * (spans[:, None] - s)) + 1e-300
    root = np.sqrt(
        np.where(square > 0, square, nearly)
    )  # beside the turning point noise may reverse the order
    inside = growth / root * spans[:, None] * np.cos(phi) * 0.5 * np.pi * _UNIT_WEIGHTS
    depth = 2 * u**3 / np.pi * inside.sum(axis=1)
    excess = (depth - 0.5 * curve.kappa) * -curve.momentum_slope(spans) / u
    steps = 0.5 * (excess[1:] + excess[:-1]) * np.diff(spans)
    gathered = np.concatenate([[0.5 * excess[0] * spans[0]], steps]).cumsum()
    return u, -0.5 * curve.kappa * np.log(u) + offset + gathered
