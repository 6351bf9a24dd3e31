"""Train, validation and test: one after the other in time, with a gap as long as the target looks ahead."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from quantlab.errors import DataError
from quantlab.features import LOOKBACK

_TRAIN, _VALIDATION = 0.6, 0.2
_LEAST = 30


class Split(NamedTuple):
    """Ranges of bars, the end not included."""

    train: tuple[int, int]
    validation: tuple[int, int]
    test: tuple[int, int]

    def named(self) -> dict[str, tuple[int, int]]:
        """Return the ranges by name."""
        return self._asdict()

    def told(self, dates: np.ndarray, gap: int) -> dict[str, Any]:
        """Return the split as the manifest has it: first and last day of each part."""
        days: dict[str, Any] = {"method": "temporal", "gap_bars": gap}
        for name, (start, end) in self.named().items():
            days |= {
                f"{name}_start": str(dates[start]),
                f"{name}_end": str(dates[end - 1]),
                f"{name}_rows": end - start,
            }
        return days


def split(count: int, horizon: int) -> Split:
    """Split bars that have features and a target.

    Raises:
        DataError: There are too few.
    """
    first, last = LOOKBACK, count - horizon
    usable = last - first
    a, b = first + int(usable * _TRAIN), first + int(usable * (_TRAIN + _VALIDATION))
    found = Split((first, a - horizon), (a, b - horizon), (b, last))
    if min(end - start for start, end in found) < _LEAST:
        least = int((_LEAST + horizon) / _VALIDATION) + LOOKBACK + horizon + 1
        raise DataError(f"{count} bars are too few to learn from", hint=f"give at least {least}")
    return found
