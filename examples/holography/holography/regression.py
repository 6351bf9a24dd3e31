"""Bulk equations found in sampled A(z) and f(z), by least squares on a fixed library.

Three questions are asked of every geometry, each with its own library; none knows d, ζ or the family:

- warp: which combination of A'², A'f'/f-free terms, z⁰, z² … is A''?
- blackening: which combination is f''?
- constraint: which combination is e^{2A}?

All subsets of a library, from one term up, are fitted to relative residuals; the smallest that explains the
samples is the equation. Exhaustive search over so few terms needs no threshold and no luck. Subsets of the
same size that explain as well are reported as well: then the samples cannot tell the equations apart. For
comparison, Einstein gives

    AdS, deformed: A'' = A'² (− 6a − 4a² z²),  f'' = −(d−1) A'f',  e^{2A} = f A'² + A'f'/d (AdS)
    Lifshitz:      A'' = (2−ζ) A'²,            f'' = −(d+1−2ζ) A'f' − (2−2ζ)(d+1−ζ) A'²f

Knows: libraries, the search, what can be read from coefficients.
Does not know: how samples were made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from holography.metric import Array, derivatives

EXPLAINED = 1e-6
"""Largest relative root mean square residual of an equation that holds."""
_MOST_TERMS = 3
_EQUAL = 10.0
"""Subsets whose residuals differ by less than this factor, or both lie below the floor, explain as well."""
_FLOOR = 1e-8
_RESOLVED = 1e-3
"""Where a quantity is smaller than this part of its largest, its residual counts against that."""
_ABSENT = 1e-9
"""A quantity that is smaller than this part of the others everywhere is absent."""


@dataclass(frozen=True)
class Equation:
    """target = Σ coefficient · term; `terms` is empty when the target vanishes."""

    name: str
    target: str
    terms: Mapping[str, float]
    residual: float
    holds: bool
    alternatives: tuple[tuple[str, ...], ...]
    note: str = ""

    def __str__(self) -> str:
        parts = [f"{value:+.6g} {name}" for name, value in self.terms.items()]
        return f"{self.target} = {' '.join(parts) or '0'}"

    def document(self) -> dict[str, object]:
        return {
            "name": self.name,
            "equation": str(self),
            "target": self.target,
            "terms": dict(self.terms),
            "residual": self.residual,
            "holds": self.holds,
            "alternatives": [list(terms) for terms in self.alternatives],
            "note": self.note,
        }


def find_equations(z: Array, A: Array, f: Array) -> tuple[Equation, ...]:
    """Return the warp equation, the blackening equation and the constraint."""
    A1, A2 = derivatives(z, A)
    f1, f2 = derivatives(z, f)
    ones = np.ones_like(z)
    warp = {"A'^2": A1**2, "A'": A1, "1": ones, "z": z, "z^2": z**2, "A'^2 f": A1**2 * f, "A' f'": A1 * f1}
    black = {"A' f'": A1 * f1, "A'^2 f": A1**2 * f, "f'": f1, "f": f, "f'^2": f1**2, "A' f": A1 * f}
    bound = {"f A'^2": f * A1**2, "A' f'": A1 * f1, "1": ones, "f": f, "f'": f1, "f'^2": f1**2}
    flow = np.maximum(np.abs(f2), np.abs(A1 * f1))
    flow = np.maximum(flow, _RESOLVED * np.max(z**2 * flow) / z**2)  # f − 1 near the boundary has few digits
    return (
        _found("warp", "A''", A2, warp, np.abs(A2)),
        _found("blackening", "f''", f2, black, flow, np.abs(A1 * f / z)),
        _found("constraint", "e^{2A}", np.exp(2 * A), bound, np.exp(2 * A)),
    )


def _found(
    name: str,
    target: str,
    values: Array,
    library: Mapping[str, Array],
    scale: Array,
    against: Array | None = None,
) -> Equation:
    """Search the smallest subset that explains the target."""
    if against is not None and np.all(scale <= _ABSENT * against.max()):
        return Equation(
            name, target, {}, 0.0, holds=True, alternatives=(), note="the target vanishes: no blackening"
        )
    present = {key: column for key, column in library.items() if np.abs(column / scale).max() > _ABSENT}
    goal = values / scale
    columns = {key: column / scale for key, column in present.items()}
    best: list[tuple[float, tuple[str, ...], Array]] = []
    for count in range(1, _MOST_TERMS + 1):
        tried = [_fit(goal, columns, names) for names in combinations(columns, count)]
        least = min(residual for residual, _names, _found in tried)
        if not best or least < best[0][0] / _EQUAL:
            best = [entry for entry in tried if entry[0] <= max(_FLOOR, least * _EQUAL)]
        if best[0][0] <= _FLOOR:
            break
    residual, names, coefficients = best[0]
    rivals = [n for r, n, _c in best[1:] if r <= EXPLAINED]
    terms = {key: float(value) for key, value in zip(names, coefficients, strict=True)}
    note = "the samples cannot tell these apart" if rivals and residual <= EXPLAINED else ""
    return Equation(name, target, terms, residual, residual <= EXPLAINED, tuple(rivals[:6]), note)


def _fit(
    goal: Array, columns: Mapping[str, Array], names: tuple[str, ...]
) -> tuple[float, tuple[str, ...], Array]:
    matrix = np.column_stack([columns[name] for name in names])
    sizes = np.sqrt((matrix**2).mean(axis=0))
    found = np.linalg.lstsq(matrix / sizes, goal, rcond=None)[0] / sizes
    residual = goal - matrix @ found
    return float(np.sqrt((residual**2).mean() / (goal**2).mean())), names, np.asarray(found)


def reading(equations: tuple[Equation, ...]) -> dict[str, float | None]:
    """Read ζ, d and a from coefficients, each None where the equation does not tell it."""
    by_name = {equation.name: equation for equation in equations if equation.holds}
    warp = by_name["warp"].terms if "warp" in by_name else {}
    black = by_name["blackening"].terms if "blackening" in by_name else {}
    zeta = 2 - warp["A'^2"] if "A'^2" in warp else None
    bend = -warp["1"] / 6 if set(warp) == {"A'^2", "1", "z^2"} else None
    d = None
    if zeta is not None and "A' f'" in black and not by_name["blackening"].alternatives:
        d = -black["A' f'"] - 1 + 2 * zeta
    return {"zeta": zeta, "d": d, "deformation": bend}
