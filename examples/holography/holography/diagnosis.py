"""The ultraviolet dimension of an operator, and what is wrong when it comes out negative.

Delta_UV is minus half the slope of ln G over ln x at short distance. A unitary theory has Δ ≥ (d−2)/2; a fit
to data that hold a contact term, a plateau or noise may give less, even a negative number. Nothing is
clipped: the number is given with the reasons that the data show.

Knows: how short-distance data of a two-point function go wrong.
Does not know: the bulk.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np

from holography.metric import Array

_FEWEST = 4


@dataclass(frozen=True)
class UvDiagnosis:
    """Delta_UV with its standard error, where it was read, and what speaks against it."""

    delta: float
    error: float
    window: tuple[float, float]
    points: int
    unitarity_bound: float
    reasons: tuple[str, ...]

    @property
    def status(self) -> str:
        """`ok`, `suspect` (reasons, yet an allowed value) or `negative` / `below-unitarity`."""
        if self.delta < 0:
            return "negative"
        if self.delta < self.unitarity_bound - 3 * self.error - 1e-6:
            return "below-unitarity"
        return "suspect" if self.reasons else "ok"

    def document(self) -> dict[str, object]:
        return {
            **asdict(self),
            "window": list(self.window),
            "reasons": list(self.reasons),
            "status": self.status,
        }


def uv_dimension(separation: Array, log_g: Array, d: int, *, share: float = 0.25) -> UvDiagnosis:
    """Read Δ at short distance from ln G = c − 2Δ ln s + c₂ s².

    Args:
        separation: Positive and increasing.
        log_g: ln G there.
        d: Dimension of the boundary.
        share: Which part of the separations, from the shortest on, is the window.
    """
    count = min(max(_FEWEST + 2, int(share * len(separation))), len(separation))
    s, values = separation[:count], log_g[:count]
    slope, slope_error, curve = _slope(s, values)
    delta, error = -slope / 2, slope_error / 2
    bound = (d - 2) / 2
    reasons = tuple(_reasons(s, values, delta=delta, error=error, curve=curve, bound=bound))
    return UvDiagnosis(float(delta), float(error), (float(s[0]), float(s[-1])), count, bound, reasons)


def _slope(s: Array, values: Array) -> tuple[float, float, float]:
    """Return slope over ln s with its error, and how much the slope changes within the window."""
    unit = s / s[-1]
    columns = np.column_stack([np.ones_like(s), np.log(s), unit**2])
    found, _rest, _rank, _sizes = np.linalg.lstsq(columns, values, rcond=None)
    residual = values - columns @ found
    variance = float(residual @ residual) / max(len(s) - columns.shape[1], 1)
    error = np.sqrt(variance * np.linalg.pinv(columns.T @ columns)[1, 1])
    return float(found[1]), float(error), float(2 * found[2])


def _reasons(
    s: Array, values: Array, *, delta: float, error: float, curve: float, bound: float
) -> Iterator[str]:
    rising = int((np.diff(values) > 0).sum())
    steps = len(values) - 1
    if rising == steps:
        yield "the correlator grows with distance all through the window: a sign or an inverse is wrong"
    elif rising:
        yield f"the correlator grows in {rising} of {steps} steps: noise outweighs the decay"
    spread = float(values.max() - values.min())
    decades = float(np.log(s[-1] / s[0]))
    if spread < 0.2 * decades * max(bound, 0.1):
        told = f"ln G changes by {spread:.3g} over {decades:.3g} e-foldings"
        yield f"a plateau: {told}, as a contact term or a constant does"
    if error > 0.1 * max(abs(delta), 1e-12):
        yield f"the slope is uncertain by {error:.3g}, a tenth of Δ or more"
    if abs(curve) > max(abs(2 * delta), 1e-12):
        yield "the slope changes by more than itself within the window, which reaches beyond short distances"
    if delta < 0:
        yield "Delta_UV is negative: no operator of a unitary theory has such a dimension"
    elif delta < bound - 3 * error - 1e-6:
        yield f"Delta_UV = {delta:.4g} is below the unitarity bound (d − 2)/2 = {bound:g}"
