"""From two-point functions back to the bulk: a fit of parametrised families.

What is given: ln G at equal time over x, ln G at equal place over τ, the boundary dimension d. What is
assumed: the operator is unit-normalised and heavy (or d = 2 or the vacuum), so that ln G = −Δ ℓ; the bulk is
one of the families of `metric`. Nothing else is used: neither the family, nor z_h, ζ, a or Δ of whoever made
the data.

A unique inversion is not possible in general: data of one operator reach only as deep as the geodesic of the
largest separation, and light operators at finite temperature are no geodesics. `abel` inverts without any
family, but no deeper than that; the fit goes on to the horizon. Stage 02 does both and reports how far they
differ.

Knows: Levenberg–Marquardt; the choice between families by the Bayesian information criterion.
Does not know: files, or the truth.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from holography.correlators import log_two_point
from holography.diagnosis import UvDiagnosis, uv_dimension
from holography.metric import Array, Geometry

_ROUNDING = 1e-10
"""Spread of ln G that is not worth explaining: smaller residuals are equally good."""
_UNEXPLAINED = 4.0
"""A fit whose residuals exceed the data's own scatter so many times explains nothing."""
MOST_NOISE = 0.1
"""Data whose scatter is a larger part of their spread are no function of the separation."""
_EVIDENCE = 10.0
"""A larger family is believed only when it lowers the criterion by more: very strong evidence."""
_STEPS = 60
_GAIN = 1e-3
"""A step that lowers the sum of squares by a smaller part is the last one."""
_DAMPING = (1e-12, 1e-3, 1e-1, 1e1, 1e4)


@dataclass(frozen=True)
class Boundary:
    """What was measured on the boundary."""

    d: int
    x: Array
    log_g_x: Array
    tau: Array
    log_g_tau: Array

    def __post_init__(self) -> None:
        for name, s, values in (("x", self.x, self.log_g_x), ("tau", self.tau, self.log_g_tau)):
            if s.ndim != 1 or s.shape != values.shape or len(s) < 2 * _LEAST:
                message = (
                    f"{name} and log_g_{name} need one shape and {2 * _LEAST} points or more, got {s.shape}"
                )
                raise ValueError(message)
            if not (np.all(np.isfinite(s)) and np.all(np.isfinite(values))):
                message = f"{name} or log_g_{name} holds values that are not finite"
                raise ValueError(message)
            if s[0] <= 0 or np.any(np.diff(s) <= 0):
                message = f"{name} must be positive and strictly increasing"
                raise ValueError(message)


_LEAST = 8


@dataclass(frozen=True)
class Fit:
    """One family, fitted."""

    geometry: Geometry
    delta: float
    parameters: int
    rms: float
    """Root mean square residual of ln G."""
    bic: float
    delta_error: float
    """Standard error of Δ."""


@dataclass(frozen=True)
class Recovered:
    """What the data say about the bulk."""

    best: Fit
    is_explained: bool
    """False when no family explains the data: then `best` is only the least bad."""
    scatter: float
    """The data's own scatter, told from a smooth curve through them."""
    others: tuple[Fit, ...]
    uv: UvDiagnosis

    @property
    def family(self) -> str:
        return self.best.geometry.family if self.is_explained else "unknown"


def recover(boundary: Boundary) -> Recovered:
    """Fit every family, at zero and at finite temperature, and choose.

    Raises:
        ValueError: The data are noise, or their short-distance behaviour is none of an operator.
    """
    noise = max(noise_share(boundary.x, boundary.log_g_x), noise_share(boundary.tau, boundary.log_g_tau))
    if noise > MOST_NOISE:
        message = (
            f"the data are noise: they scatter by {noise:.2g} of their spread, at most {MOST_NOISE:g} is read"
        )
        raise ValueError(message)
    uv = uv_dimension(boundary.x, boundary.log_g_x, boundary.d)
    if not uv.delta > 0:
        message = f"Delta_UV = {uv.delta:.4g} is not positive: {'; '.join(uv.reasons)}"
        raise ValueError(message)
    fits: list[Fit] = []
    for guess in _guesses(boundary, uv):
        fits.append(_fitted(boundary, guess))
        if fits[-1].rms < _ROUNDING:  # a larger family cannot explain more
            break
    least = min(fit.bic for fit in fits)
    fits.sort(key=lambda fit: (fit.bic > least + _EVIDENCE, fit.parameters, fit.bic))
    scatter = max(scatter_of(boundary.x, boundary.log_g_x), scatter_of(boundary.tau, boundary.log_g_tau))
    is_explained = fits[0].rms <= _UNEXPLAINED * scatter + _ROUNDING * 100
    return Recovered(fits[0], is_explained, scatter, tuple(fits[1:]), uv)


def scatter_of(separation: Array, log_g: Array, degree: int = 11) -> float:
    """Return the scatter about a smooth curve: a logarithm and a polynomial in the separation."""
    unit = separation / separation[-1]
    columns = np.column_stack([np.log(unit), np.polynomial.chebyshev.chebvander(2 * unit - 1, degree)])
    residual = log_g - columns @ np.linalg.lstsq(columns, log_g, rcond=None)[0]
    return float(np.sqrt((residual**2).sum() / max(len(unit) - columns.shape[1], 1)))


def noise_share(separation: Array, log_g: Array) -> float:
    """Return the scatter over the spread of ln G: near 0 for a measured function, near 1 for noise."""
    return scatter_of(separation, log_g) / (float(np.std(log_g)) or 1e-300)


@dataclass(frozen=True)
class _Guess:
    """A family with the logarithms of its parameters, Δ first."""

    build: Callable[[Array], Geometry]
    start: tuple[float, ...]


def _guesses(boundary: Boundary, uv: UvDiagnosis) -> list[_Guess]:
    """Return every family with values to begin with."""
    d, delta = boundary.d, uv.delta
    steepest = (boundary.log_g_x[-1] - boundary.log_g_x[-3]) / (boundary.x[-1] - boundary.x[-3])
    horizon = (
        max(min(-delta / steepest, 0.7 * boundary.x[-1]), 0.2 * boundary.x[-1])
        if steepest < 0
        else boundary.x[-1]
    )
    time = uv_dimension(boundary.tau, boundary.log_g_tau, d).delta
    zeta = float(np.clip(delta / time, 1.05, 1.9)) if time > 0 else 1.2
    first, deep, bend = math.log(delta), math.log(horizon), math.log(0.1 / horizon**2)
    return [
        _Guess(lambda _: Geometry(d), (first,)),
        _Guess(lambda p: Geometry(d, math.exp(p[1])), (first, deep)),
        _Guess(lambda p: Geometry(d, None, _zeta(p[1])), (first, _from_zeta(zeta))),
        _Guess(lambda p: Geometry(d, math.exp(p[2]), _zeta(p[1])), (first, _from_zeta(zeta), deep)),
        _Guess(lambda p: Geometry(d, math.exp(p[2]), 1.0, math.exp(p[1])), (first, bend, deep)),
    ]


def _zeta(parameter: float) -> float:
    """Map a real number to 1 < ζ < 2."""
    return 1 + 1 / (1 + math.exp(-parameter))


def _from_zeta(zeta: float) -> float:
    return math.log((zeta - 1) / (2 - zeta))


def _residuals(boundary: Boundary, guess: _Guess, values: Array) -> Array | None:
    """Return model minus data; None where the parameters make no geometry that spans the data."""
    try:
        geometry = guess.build(values)
        delta = math.exp(values[0])
        return np.concatenate(
            [
                log_two_point(geometry, delta, boundary.x, along="x") - boundary.log_g_x,
                log_two_point(geometry, delta, boundary.tau, along="tau") - boundary.log_g_tau,
            ]
        )
    except (ValueError, OverflowError):
        return None


def _fitted(boundary: Boundary, guess: _Guess) -> Fit:
    """Minimise the squared residuals by Levenberg–Marquardt, in logarithms of the parameters."""
    values, residual = _feasible(boundary, guess)
    for _ in range(_STEPS):
        jacobian = _jacobian(boundary, guess, values, residual)
        moved = _step(boundary, guess, values, residual, jacobian)
        if moved is None:
            break
        before, (values, residual) = float(residual @ residual), moved
        if (
            residual @ residual > (1 - _GAIN) * before
            or residual @ residual < len(residual) * _ROUNDING**2 / 100
        ):
            break
    return _summary(boundary, guess, values, residual)


def _step(
    boundary: Boundary, guess: _Guess, values: Array, residual: Array, jacobian: Array
) -> tuple[Array, Array] | None:
    """Return better parameters, with as little damping as makes them better; None when nothing does."""
    normal, slope = jacobian.T @ jacobian, jacobian.T @ residual
    sizes = np.diag(normal) + 1e-12 * float(np.diag(normal).max())
    for damping in _DAMPING:
        move = np.clip(np.linalg.solve(normal + damping * np.diag(sizes), -slope), -1.0, 1.0)
        tried = _residuals(boundary, guess, values + move)
        if tried is not None and tried @ tried < residual @ residual:
            return values + move, tried
    return None


def _feasible(boundary: Boundary, guess: _Guess) -> tuple[Array, Array]:
    """Return a start from which the data can be spanned, with larger horizons and less bend if need be."""
    values = np.array(guess.start)
    for _ in range(30):
        residual = _residuals(boundary, guess, values)
        if residual is not None:
            return values, residual
        values[1:] += np.array([0.0, 0.3] if len(values) == 3 else [0.3])[: len(values) - 1]
        if len(values) == 3:
            values[1] -= 0.3
    message = f"no parameters of this family span x = {boundary.x[-1]:g} and τ = {boundary.tau[-1]:g}"
    raise ValueError(message)


def _jacobian(boundary: Boundary, guess: _Guess, values: Array, residual: Array) -> Array:
    """Return central differences of the residuals; one-sided where a side makes no geometry."""
    columns = [residual + np.concatenate([boundary.log_g_x, boundary.log_g_tau])]  # ln G is linear in Δ
    for index in range(1, len(values)):
        step = np.zeros_like(values)
        step[index] = 1e-5
        above, below = (_residuals(boundary, guess, values + sign * step) for sign in (1, -1))
        ends = [end if end is not None else residual for end in (above, below)]
        width = 1e-5 * ((above is not None) + (below is not None))
        columns.append((ends[0] - ends[1]) / (width or 1.0))
    return np.column_stack(columns)


def _summary(boundary: Boundary, guess: _Guess, values: Array, residual: Array) -> Fit:
    count, used = len(residual), len(values)
    mean_square = float(residual @ residual) / count
    jacobian = _jacobian(boundary, guess, values, residual)
    covariance = np.linalg.pinv(jacobian.T @ jacobian) * mean_square * count / max(count - used, 1)
    delta = math.exp(values[0])
    return Fit(
        geometry=guess.build(values),
        delta=delta,
        parameters=used,
        rms=math.sqrt(mean_square),
        bic=count * math.log(mean_square + _ROUNDING**2) + used * math.log(count),
        delta_error=delta * math.sqrt(float(covariance[0, 0])),
    )
