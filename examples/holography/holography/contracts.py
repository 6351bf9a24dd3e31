"""Physics contracts of a recovered geometry: each is a number, held against a limit.

A contract holds, does not hold, or cannot be decided because what it needs is not there. Nothing here looks
at which family made the data, except the contracts whose name begins with `declared`, which compare with what
stage 01 wrote.

Knows: the contracts.
Does not know: files; what happens after a contract is broken.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from holography.abel import Inverted
from holography.correlators import geodesic_length
from holography.diagnosis import UvDiagnosis, uv_dimension
from holography.inverse import MOST_NOISE, Boundary, noise_share, scatter_of
from holography.metric import Array, curvature, derivatives, null_energy
from holography.spectra import Sampled

HOLDS, BROKEN, UNDECIDED = "holds", "broken", "undecided"
_EDGE = 4
"""Samples at each end whose derivatives are one-sided."""


@dataclass(frozen=True)
class Case:
    """A geometry with everything that is known about it."""

    z: Array
    A: Array
    f: Array
    d: int
    family: str
    zeta: float
    z_h: float | None
    delta: float
    boundary: Boundary | None = None
    period: float | None = None
    """Circumference of the thermal circle, 1/T; None at zero temperature or when it is not known."""
    abel: Inverted | None = None
    reading: Mapping[str, float | None] = field(default_factory=dict)
    """What stage 03 read from its equations."""
    declared: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Judged:
    """One contract's answer."""

    name: str
    verdict: str
    value: float | None
    limit: float
    why: str = ""

    def document(self) -> dict[str, object]:
        return asdict(self)


def judge(case: Case) -> tuple[Judged, ...]:
    """Hold every contract against a case."""
    with np.errstate(all="ignore"):
        return tuple(_judged(name, rule, limit, case) for name, (rule, limit) in CONTRACTS.items())


def _judged(name: str, rule: Callable[[Case], float | str], limit: float, case: Case) -> Judged:
    """A rule gives a number that must not exceed its limit, or says why it cannot."""
    try:
        value = rule(case)
    except (ValueError, np.linalg.LinAlgError) as error:
        return Judged(name, BROKEN, None, limit, f"could not be computed: {error}")
    if isinstance(value, str):
        return Judged(name, UNDECIDED, None, limit, value)
    if not math.isfinite(value):
        return Judged(name, BROKEN, None, limit, "the value is not finite")
    return Judged(name, HOLDS if value <= limit else BROKEN, float(value), limit)


def broken(judged: tuple[Judged, ...]) -> tuple[str, ...]:
    return tuple(entry.name for entry in judged if entry.verdict == BROKEN)


# ---------------------------------------------------------------- the metric


def _uv_curvature(case: Case) -> float:
    """R → −(2ζ² + 2ζ(d−1) + d(d−1)) at the boundary; −d(d+1) for ζ = 1."""
    d, zeta = case.d, case.zeta
    expected = -(2 * zeta**2 + 2 * zeta * (d - 1) + d * (d - 1))
    return float(np.abs(curvature(case.z, case.A, case.f, d)[: 2 * _EDGE] / expected - 1).max())


def _constant_curvature(case: Case) -> float | str:
    """R = −d(d+1) everywhere: what makes a geometry AdS, black brane or not."""
    if case.family != "ads":
        return f"a geometry of family {case.family} need not have constant curvature"
    return float(np.abs(curvature(case.z, case.A, case.f, case.d) / (-case.d * (case.d + 1)) - 1).max())


def _blackening(case: Case) -> float:
    """f'' + (d+1−2ζ) A'f' + (2−2ζ)(d+1−ζ) A'² f = 0; for ζ = 1 Einstein's f'' + (d−1) A'f' = 0."""
    d, zeta = case.d, case.zeta
    A1, _A2 = derivatives(case.z, case.A)
    f1, f2 = derivatives(case.z, case.f)
    terms = [f2, (d + 1 - 2 * zeta) * A1 * f1, (2 - 2 * zeta) * (d + 1 - zeta) * A1**2 * case.f]
    size = np.max([np.abs(case.z**2 * term) for term in terms], axis=0)
    residual = np.abs(case.z**2 * np.sum(terms, axis=0))
    return float((residual / _resolved(size, case)).max())


def _resolved(size: Array, case: Case) -> Array:
    """Raise sizes to what samples of f resolve: its second derivative has about nine digits of f itself."""
    A1, _A2 = derivatives(case.z, case.A)
    floor = 1e-4 * np.abs(case.f) * (case.z * A1) ** 2
    return np.asarray(np.maximum(np.maximum(size, 1e-3 * size.max()), floor))


def _horizon(case: Case) -> float | str:
    """f > 0 outside, f(z_h) = 0, and f falls there with a finite slope: all as one relative number."""
    if case.z_h is None:
        return "there is no horizon"
    slope = float(derivatives(case.z, case.f)[0][-1])
    inside = float(case.f[:-1].min())
    if not (math.isfinite(slope) and slope < 0 and inside > 0):
        return math.inf
    return max(abs(float(case.f[-1])) / float(case.f.max()), abs(float(case.z[-1]) / case.z_h - 1))


def _temperature(case: Case) -> float | str:
    """T = |f'(z_h)| / 4π is the inverse of the thermal circle of the data."""
    if case.z_h is None and case.period is None:
        return "zero temperature"
    if case.period is None:
        return "the circumference of the thermal circle is not known"
    if case.z_h is None:
        return math.inf
    slope = float(derivatives(case.z, case.f)[0][-1])
    return abs(abs(slope) / (4 * math.pi) * case.period - 1)


def _null_energy(case: Case) -> float:
    """−(A'' − A'²) ≥ 0 and f'' + (d−1) A'f' ≥ 0, in units of the larger term of each."""
    along_z, along_x = null_energy(case.z, case.A, case.f, case.d)
    A1, _A2 = derivatives(case.z, case.A)
    f1, _f2 = derivatives(case.z, case.f)
    first = np.minimum(along_z / (case.z * A1) ** 2, 0)
    size = np.abs(case.z**2 * A1 * f1)
    second = np.minimum(along_x / _resolved(size, case), 0)
    return float(-min(first.min(), second.min()))


def _warp(case: Case) -> float:
    """A falls all the way from the boundary inwards: space only shrinks."""
    rise = np.diff(case.A) / np.diff(np.log(case.z))
    return float(max(rise.max(), -1.0)) + 1.0 if np.any(rise >= 0) else 0.0


# ---------------------------------------------------------------- the operator


def _unitarity(case: Case) -> float:
    """Δ ≥ (d − 2)/2."""
    return (case.d - 2) / 2 - case.delta


def _stability(case: Case) -> float:
    """m² = Δ(Δ − D) ≥ −D²/4, D = d − 1 + ζ: the Breitenlohner–Freedman bound."""
    middle = case.d - 1 + case.zeta
    return -(middle**2) / 4 - case.delta * (case.delta - middle)


def _uv_diagnosis(case: Case) -> float | str:
    """Delta_UV, read at short distance alone, is positive and not below the unitarity bound."""
    if case.boundary is None:
        return "the boundary data are not there"
    found: UvDiagnosis = uv_dimension(case.boundary.x, case.boundary.log_g_x, case.d)
    return 0.0 if found.status in {"ok", "suspect"} else 1.0


# ---------------------------------------------------------------- geometry and data


def _signal(case: Case) -> float | str:
    """The data are more than noise: their scatter about a smooth curve, over their spread."""
    if case.boundary is None:
        return "the boundary data are not there"
    b = case.boundary
    return max(noise_share(b.x, b.log_g_x), noise_share(b.tau, b.log_g_tau))


def _correlator(case: Case) -> float | str:
    """The samples of A and f give back the two-point functions: residual of ln G, per Δ."""
    if case.boundary is None:
        return "the boundary data are not there"
    if not np.all(case.f[:-1] > 0):
        return math.inf
    bulk = Sampled.of(case.z, case.A, case.f, d=case.d, zeta=case.zeta, has_horizon=case.z_h is not None)
    b = case.boundary
    worst = 0.0
    for along, s, log_g in (("x", b.x, b.log_g_x), ("tau", b.tau, b.log_g_tau)):
        residual = geodesic_length(bulk, s, along=along) + log_g / case.delta
        allowed = 1.5 * scatter_of(s, log_g) / case.delta
        worst = max(worst, float(np.sqrt((residual**2).mean())) - allowed)
    return worst


def _two_inversions(case: Case) -> float | str:
    """The fit and Abel's inversion agree: largest difference of A, and of f over its vacuum's."""
    if case.abel is None:
        return "Abel's inversion was not possible"
    seen = (case.abel.z >= case.z[0]) & (case.abel.z <= case.z[-1]) & (case.abel.z >= 0.05 * case.abel.z[-1])
    if seen.sum() < 10:
        return "the two inversions share too few depths"
    bulk = Sampled.of(case.z, case.A, case.f, d=case.d, zeta=case.zeta, has_horizon=case.z_h is not None)
    z = case.abel.z[seen]
    A, f = bulk.at(z)
    differences = (
        np.abs(case.abel.A[seen] - A),
        np.abs(case.abel.f[seen] / f - 1) * bulk.g(bulk.y_of(z)) / bulk.g.at_boundary,
    )
    noise = 0.0 if case.boundary is None else scatter_of(case.boundary.x, case.boundary.log_g_x) / case.delta
    return float(max(part.max() for part in differences)) - 100 * noise


def _equations(case: Case) -> float | str:
    """d and ζ, read from the equations that stage 03 found, are those of the geometry."""
    pairs = [(case.reading.get("d"), float(case.d)), (case.reading.get("zeta"), case.zeta)]
    known = [abs(found - expected) for found, expected in pairs if found is not None]
    return max(known) if known else "the equations tell neither d nor ζ"


def _declared(key: str) -> Callable[[Case], float | str]:
    def compare(case: Case) -> float | str:
        if key not in case.declared:
            return "nothing was declared"
        declared, found = case.declared[key], getattr(case, key)
        if isinstance(declared, str) or declared is None or found is None:
            return 0.0 if declared == found else math.inf
        return abs(float(found) / float(declared) - 1)

    compare.__doc__ = f"{key} is the one that was declared when the data were made."
    return compare


CONTRACTS: dict[str, tuple[Callable[[Case], float | str], float]] = {
    "uv_curvature": (_uv_curvature, 1e-2),
    "constant_curvature": (_constant_curvature, 1e-6),
    "blackening": (_blackening, 1e-4),
    "horizon": (_horizon, 1e-8),
    "temperature": (_temperature, 1e-3),
    "null_energy": (_null_energy, 1e-6),
    "warp": (_warp, 0.0),
    "unitarity": (_unitarity, 1e-6),
    "stability": (_stability, 1e-9),
    "uv_diagnosis": (_uv_diagnosis, 0.0),
    "signal": (_signal, MOST_NOISE),
    "correlator": (_correlator, 1e-6),
    "two_inversions": (_two_inversions, 1e-3),
    "equations": (_equations, 1e-4),
    "declared_family": (_declared("family"), 0.0),
    "declared_z_h": (_declared("z_h"), 1e-3),
    "declared_delta": (_declared("delta"), 1e-3),
}
"""Name to rule and largest value that still holds."""
