"""Boundary two-point functions of a scalar operator: what a field theorist would measure.

A heavy operator's correlator is e^{−Δ ℓ}, where ℓ is the regularised length of the geodesic that joins the
two points through the bulk: the leading order in 1/Δ. In the vacuum of AdS and for d = 2 at finite
temperature it is exact for every Δ. There, and in the vacuum of Lifshitz, where lengths are logarithms, the
closed form is used. Operators have unit normalisation: ℓ → 2 ln x at short distance.

Knows: closed forms; geodesics of any `Geometry`, at equal time and at equal place (Euclidean time).
Does not know: how a geometry is found from such functions (`inverse`).

Source:
    Balasubramanian and Ross, Phys. Rev. D 61, 044007 (2000): correlators from geodesics.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

import numpy as np

from holography.metric import Array, Geometry


def _unit_interval(count: int) -> tuple[Array, Array]:
    """Return nodes and weights of Gauss and Legendre on 0 … 1."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return (nodes + 1) / 2, weights / 2


_COARSE, _FINE = _unit_interval(16), _unit_interval(64)
"""For the table of turning points, which are then refined; for lengths."""
_TABLE = 96
_CLOSEST = 1e-4
"""Nearest that a turning point of the table comes to boundary and horizon, in units of r_h."""

Redshift = Callable[[Array], Array]


class Bulk(Protocol):
    """What geodesics need of a geometry, over the area coordinate r: e^A → 1/r at the boundary."""

    @property
    def horizon(self) -> float | None:
        """r_h; None at zero temperature."""
        ...

    @property
    def deepest(self) -> float:
        """Deepest r that a geodesic may reach."""
        ...

    def log_space(self, r: Array) -> Array:
        """A."""
        ...

    def log_time(self, r: Array) -> Array:
        """A + ½ ln f."""
        ...

    def proper(self, r: Array) -> Array:
        """dρ/dr of the proper distance ρ along z, 1/r at the boundary."""
        ...


def thermal_log(separation: Array, delta: float, temperature: float) -> Array:
    """Return ln G of two dimensions at equal time: G = (πT / sinh πTx)^{2Δ}; at T = 0 x^{−2Δ}."""
    if temperature == 0:
        return np.asarray(-2 * delta * np.log(separation))
    rate = math.pi * temperature
    return np.asarray(2 * delta * (math.log(rate) - np.log(np.sinh(rate * separation))))


def thermal_time_log(tau: Array, delta: float, temperature: float) -> Array:
    """Return ln G of two dimensions at equal place: G = (πT / sin πTτ)^{2Δ}."""
    rate = math.pi * temperature
    return np.asarray(2 * delta * (math.log(rate) - np.log(np.sin(rate * tau))))


def log_two_point(geometry: Bulk, delta: float, separation: Array, *, along: str) -> Array:
    """Return ln G at the separations.

    Args:
        geometry: The bulk.
        delta: Δ of the operator.
        separation: Positive; along τ less than half the thermal circle.
        along: `x` (equal time) or `tau` (equal place).
    """
    return np.asarray(-delta * geodesic_length(geometry, separation, along=along))


def closed_log_two_point(geometry: Geometry, delta: float, separation: Array, *, along: str) -> Array | None:
    """Return ln G in closed form; None where there is none."""
    if geometry.deformation > 0:
        return None
    if geometry.horizon is None:
        if along == "x":
            return thermal_log(separation, delta, 0.0)
        return np.asarray(-2 * delta / geometry.zeta * np.log(geometry.zeta * separation))
    if geometry.d == 2 and geometry.zeta == 1:
        formula = thermal_log if along == "x" else thermal_time_log
        return formula(separation, delta, geometry.temperature)
    return None


def geodesic_length(geometry: Bulk, separation: Array, *, along: str) -> Array:
    """Return regularised lengths of the geodesics that span the separations.

    The turning point of each is found first. As dℓ/ds is the conserved momentum p, an error of the turning
    point enters the length only in second order.

    Raises:
        ValueError: A separation is larger than any geodesic of the connected branch spans.
    """
    redshift = geometry.log_space if along == "x" else geometry.log_time
    turning = _turning_points(geometry)
    spans, _lengths, _momenta = _geodesics(geometry, redshift, turning, _COARSE)
    last = int(np.argmax(spans)) + 1
    if np.any(separation > spans[last - 1]) or np.any(separation <= 0):
        message = f"no geodesic spans {float(np.max(separation)):g}: at most {spans[last - 1]:g}"
        raise ValueError(message)
    knots, position = np.log(spans[:last]), np.log(separation)
    parameter = np.arange(last, dtype=np.float64)
    found = np.interp(position, knots, parameter)
    rate = np.gradient(knots)
    for _ in range(3):
        spanned, length, momentum = _geodesics(geometry, redshift, _table_point(turning, found), _FINE)
        found = found + (position - np.log(spanned)) / np.interp(found, parameter, rate)
        found = np.clip(found, 0.0, last - 1.0)
    return np.asarray(length + momentum * (separation - spanned))


def _turning_points(geometry: Bulk) -> Array:
    """Return turning points from near the boundary to near the horizon."""
    if geometry.horizon is None:
        return np.asarray(geometry.deepest * np.geomspace(_CLOSEST / 100, 1.0, _TABLE))
    depth = np.geomspace(_CLOSEST, -math.log(_CLOSEST), _TABLE)
    return np.asarray(-geometry.horizon * np.expm1(-depth))


def _table_point(turning: Array, parameter: Array) -> Array:
    """Interpolate turning points geometrically."""
    return np.asarray(np.exp(np.interp(parameter, np.arange(len(turning)), np.log(turning))))


def _geodesics(
    geometry: Bulk, redshift: Redshift, turning: Array, rule: tuple[Array, Array]
) -> tuple[Array, Array, Array]:
    """Return span, regularised length and momentum of the geodesics that turn at these r.

    With q = p / e^{redshift} ≤ 1 the span is 2 ∫ q²/(p √(1−q²)) dρ and the length 2 ∫ dρ/√(1−q²), without its
    logarithm at the boundary. r = r* cos ψ removes the root at the turning point, ψ = κ sinh t the near one
    of the horizon.
    """
    depth = np.ones_like(turning)
    if geometry.horizon is not None:
        depth = np.minimum(np.sqrt(2 * (geometry.horizon / turning - 1)), 1.0)
    longest = np.arcsinh(0.5 * math.pi / depth)
    t = longest[:, None] * rule[0]
    psi = depth[:, None] * np.sinh(t)
    r = turning[:, None] * np.cos(psi)
    step = turning[:, None] * np.sin(psi) * depth[:, None] * np.cosh(t) * longest[:, None] * rule[1]
    deepest = redshift(turning)[:, None]
    drop = 2 * (deepest - redshift(r))
    root = np.sqrt(-np.expm1(drop))
    measure = geometry.proper(r)
    momentum = np.exp(deepest[:, 0])
    span = 2 * (measure * np.exp(drop) / root * step).sum(axis=1) / momentum
    length = 2 * ((measure / root - 1 / r) * step).sum(axis=1) + 2 * np.log(turning)
    return np.asarray(span), np.asarray(length), np.asarray(momentum)
