"""The dictionary λ ↔ Δ: what a spectrum says about the operator, and closed forms to compare with.

High modes are standing waves: with I = ∫ dz/√f and ν = Δ − d_eff/2 (negative for the alternate choice)

    √λ_n I / π = n + ν/2 + c + O(1/√λ_n),  n = 0, 1, …,   c = 1/2 at a horizon, 3/4 at a hard wall

whatever the geometry; a fit in powers of 1/√λ_n leads to ν, and so from eigenvalues alone to Δ. That this Δ
and the mass that was put into the bulk equation obey Δ(Δ − d_eff) = m² is then a result, not an input.

Knows: Bohr–Sommerfeld; closed forms for the hard wall, BTZ and global AdS; Bessel's zeros; the regression.
Does not know: files, how eigenvalues were computed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from holography.metric import Array

_POWERS = 5
_LOWEST = 6
"""Modes below it are no waves yet."""
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(200)
_UNIT, _UNIT_WEIGHTS = (_NODES + 1) / 2, _WEIGHTS / 2


@dataclass(frozen=True)
class SpectralDimension:
    """Δ as a spectrum tells it."""

    delta: float
    nu: float
    error: float
    """How much Δ changes with one power less."""


def dimension_from_spectrum(
    eigenvalues: Array, *, depth: float, effective_dimension: float, has_horizon: bool
) -> SpectralDimension:
    """Return Δ from eigenvalues λ_0, λ_1, … and I = `depth`.

    Raises:
        ValueError: There are too few modes, or one is not positive.
    """
    if len(eigenvalues) < _LOWEST + _POWERS + 4:
        message = f"{len(eigenvalues)} modes are too few to extrapolate: {_LOWEST + _POWERS + 4} are needed"
        raise ValueError(message)
    if not np.all(eigenvalues[_LOWEST:] > 0):
        message = "a high mode has λ ≤ 0: these are no standing waves"
        raise ValueError(message)
    n = np.arange(len(eigenvalues), dtype=np.float64)[_LOWEST:]
    waves = np.sqrt(eigenvalues[_LOWEST:]) * depth
    offset = waves / math.pi - n - (0.5 if has_horizon else 0.75)
    nu, less = (2 * _limit(waves, offset, powers) for powers in (_POWERS, _POWERS - 1))
    return SpectralDimension(effective_dimension / 2 + nu, nu, abs(nu - less))


def _limit(waves: Array, values: Array, powers: int) -> float:
    columns = (waves[0] / waves)[:, None] ** np.arange(powers + 1)
    return float(np.linalg.lstsq(columns, values, rcond=None)[0][0])


@dataclass(frozen=True)
class MassRelation:
    """m² = c₀ + c₁ Δ + c₂ Δ²; closed form: (0, −d_eff, 1)."""

    constant: float
    linear: float
    square: float
    rms: float
    pairs: int


def mass_relation(deltas: Sequence[float], masses: Sequence[float]) -> MassRelation:
    """Fit m² as a polynomial of Δ.

    Raises:
        ValueError: There are fewer than four pairs: three coefficients would always fit.
    """
    if len(deltas) < 4:
        message = f"{len(deltas)} pairs (Δ, m²) cannot test a relation with three coefficients"
        raise ValueError(message)
    x, y = np.asarray(deltas, dtype=np.float64), np.asarray(masses, dtype=np.float64)
    columns = x[:, None] ** np.arange(3)
    found = np.linalg.lstsq(columns, y, rcond=None)[0]
    residual = y - columns @ found
    constant, linear, square = (float(value) for value in found)
    return MassRelation(constant, linear, square, float(np.sqrt((residual**2).mean())), len(x))


# ---------------------------------------------------------------- closed forms


def hard_wall(n: int, delta: float, effective_dimension: float, wall: float) -> float:
    """λ_n z₀² = j²_{Δ−d/2, n+1}, in the area coordinate r."""
    return float((bessel_zero(delta - effective_dimension / 2, n + 1) / wall) ** 2)


def btz(n: int, delta: float, z_h: float) -> float:
    """λ_n z_h² = (Δ + 2n)²."""
    return ((delta + 2 * n) / z_h) ** 2


def closed_form(
    n: int, *, delta: float, d: int, zeta: float, end: float, family: str, has_horizon: bool
) -> float | None:
    """Return the eigenvalue where a closed form is known: BTZ, and hard walls in AdS and Lifshitz."""
    if family == "deformed":
        return None
    if has_horizon:
        return btz(n, delta, end) if d == 2 and family == "ads" else None
    wall = ((2 - zeta) * end) ** (1 / (2 - zeta))
    return hard_wall(n, delta, d - 1 + zeta, wall)


def closed_dimension(
    eigenvalue: float, n: int, *, d: int, zeta: float, end: float, family: str, has_horizon: bool
) -> float | None:
    """Invert the closed form: the Δ whose mode n has this eigenvalue."""
    if family == "deformed" or eigenvalue <= 0:
        return None
    if has_horizon:
        return math.sqrt(eigenvalue) * end - 2 * n if d == 2 and family == "ads" else None
    wall = ((2 - zeta) * end) ** (1 / (2 - zeta))
    return (d - 1 + zeta) / 2 + bessel_order(math.sqrt(eigenvalue) * wall, n + 1)


def bessel(order: float, x: Array) -> Array:
    """J_ν(x) for x > 0 and any real ν, by Schläfli's integral."""
    x = np.asarray(x, dtype=np.float64)[..., None]
    theta = math.pi * _UNIT
    waves = np.cos(order * theta - x * np.sin(theta)) @ _UNIT_WEIGHTS
    far = np.arcsinh(50 / np.minimum(x, 50.0)) + 2.0
    t = far * _UNIT
    tail = (np.exp(-x * np.sinh(t) - order * t) * far) @ _UNIT_WEIGHTS
    return np.asarray(waves - math.sin(order * math.pi) / math.pi * tail)


@cache
def bessel_zero(order: float, number: int) -> float:
    """Return the positive zero j_{ν,number} of J_ν, number = 1, 2, …; ν > −1.

    Zeros are bracketed from below in steps that no two of them share.
    """
    if order <= -1 or number < 1:
        message = f"there is no zero number {number} of J with order {order:g}"
        raise ValueError(message)
    start = max(math.sqrt((order + 1) * (order + 3)) * 0.2, 1e-3) if order < 1 else order
    x = np.arange(start, start + math.pi * (number + 2) + 2.5 * max(order, 0.0) ** (1 / 3) + 4, 0.5)
    values = bessel(order, x)
    low = float(x[np.flatnonzero(values[:-1] * values[1:] < 0)[number - 1]])
    return _root(lambda at: float(bessel(order, np.array(at))), low, low + 0.5)


def bessel_order(zero: float, number: int) -> float:
    """Return ν with j_{ν,number} = `zero`: zeros grow with ν."""
    return _root(lambda order: bessel_zero(order, number) - zero, -0.999, zero)


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    """Return where a function changes its sign, by false position with halved ends (Illinois)."""
    at_low, at_high = function(low), function(high)
    for _ in range(100):
        middle = high - at_high * (high - low) / (at_high - at_low)
        at_middle = function(middle)
        if at_middle * at_high < 0:
            low, at_low = high, at_high
        else:
            at_low /= 2
        step, high, at_high = abs(middle - high), middle, at_middle
        if at_middle == 0 or step < 1e-15 * abs(middle):
            break
    return high
