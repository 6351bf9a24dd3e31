"""What trainers log, as a run takes it.

Knows: that trainers log what is no finite number, and that training is not to end for it.
Does not know: any trainer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from runpact.formats.encode import plain_data
from runpact.model.errors import ValueRefusedError

if TYPE_CHECKING:
    from runpact.verbs.life.active import ActiveRun

REFUSED = "metric.refused"


def log_finite(run: ActiveRun, values: Mapping[str, object], *, step: float | None) -> None:
    """Log the finite numbers of what a trainer logs; the event `metric.refused` names the others.

    Args:
        run: The open run.
        values: By name: numbers, scalars of a library, or what is none, which is left out.
        step: Of the trainer.
    """
    numbers = {name: number for name, value in values.items() if (number := _number(value)) is not None}
    finite = {name: number for name, number in numbers.items() if math.isfinite(number)}
    if finite:
        run.log(finite, step=step)
    if len(finite) < len(numbers):
        run.event(REFUSED, metrics=sorted(numbers.keys() - finite.keys()), step=step)


def told(values: Mapping[str, object]) -> dict[str, object]:
    """Return settings as plain data; what is none as it describes itself, absolute paths as `[path]`."""
    return {str(name): _plain(value) for name, value in values.items()}


def _plain(value: object) -> object:
    if isinstance(value, str) and value.startswith(("/", "~/")):
        return "[path]"
    try:
        return plain_data(value)
    except ValueRefusedError:
        return f"{value!r:.200}"


def _number(value: object) -> float | None:
    if hasattr(value, "item"):
        try:
            value = value.item()
        except (RuntimeError, ValueError, TypeError):
            return None  # an array of several
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
