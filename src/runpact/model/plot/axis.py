"""Axes: where a value stands, which values are written beside it.

Knows: linear and logarithmic scales, categories, round numbers.
Does not know: pixels.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import msgspec

from runpact.model.facts import Json

_MOST_TICKS = 7
_LOG_DECADES = 2.0
"""Positive values that span so many powers of ten are shown on a logarithmic scale."""
_LONGEST = 24
_LARGEST = 1.7976931348623157e308
_ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)


class Tick(msgspec.Struct, frozen=True):
    """A value written beside an axis."""

    position: float
    """0 at the low end, 1 at the high end."""
    text: str


class Axis(msgspec.Struct, frozen=True, kw_only=True):
    """One direction of a picture."""

    title: str
    low: float = 0.0
    high: float = 1.0
    is_log: bool = False
    categories: tuple[str, ...] = ()
    """Names in order, for values that are no numbers."""

    def position(self, value: Json) -> float:
        """Return where a value stands, 0 to 1."""
        if self.categories:
            return (self.categories.index(category_of(value)) + 0.5) / len(self.categories)
        number = value if isinstance(value, int | float) else 0.0
        if self.is_log:
            number, low, high = math.log10(number), math.log10(self.low), math.log10(self.high)
        else:
            low, high = self.low, self.high
        return (number / 2 - low / 2) / (high / 2 - low / 2)  # halves: the whole span may be beyond a double

    @property
    def ticks(self) -> tuple[Tick, ...]:
        """The values to write, from low to high."""
        if self.categories:
            texts = [(name, shortened(name)) for name in self.categories]
            return tuple(Tick(self.position(name), text) for name, text in texts)
        values = _decades(self.low, self.high) if self.is_log else _round_values(self.low, self.high)
        return tuple(Tick(self.position(value), number_text(value)) for value in values)


def axis_of(title: str, values: Iterable[Json], *, is_log: bool | None = None) -> Axis:
    """Return the axis on which all values have their place.

    Args:
        title: What the values are.
        values: At least one.
        is_log: Logarithmic, if all are positive; by default when they span two powers of ten.
    """
    found = list(values)
    numbers = [value for value in found if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(numbers) < len(found):
        return Axis(title=title, categories=tuple(dict.fromkeys(category_of(value) for value in found)))
    low, high = float(min(numbers)), float(max(numbers))
    can_be = low > 0
    wants = math.log10(high / low) >= _LOG_DECADES if is_log is None and can_be else bool(is_log)
    return _logarithmic(title, low, high) if can_be and wants else _linear(title, low, high)


def _linear(title: str, low: float, high: float) -> Axis:
    room = (high / 2 - low / 2) * 0.08 if high > low else abs(high) / 2 or 0.5
    is_from_zero = low == 0 < high
    low, high = (low if is_from_zero else max(low - room, -_LARGEST)), min(high + room, _LARGEST)
    return Axis(title=title, low=low, high=high)


def _logarithmic(title: str, low: float, high: float) -> Axis:
    room = max((high / low) ** 0.04, 1.1)
    return Axis(title=title, low=low / room, high=high * room, is_log=True)


def _round_values(low: float, high: float) -> Sequence[float]:
    rough = high / (_MOST_TICKS - 1) - low / (_MOST_TICKS - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in _ROUND if factor * power >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def _decades(low: float, high: float) -> Sequence[float]:
    first, last = math.ceil(math.log10(low)), math.floor(math.log10(high))
    if last - first < 1:
        return _round_values(low, high)
    every = (last - first) // _MOST_TICKS + 1
    return [10.0**power for power in range(first, last + 1, every)]


def number_text(value: float) -> str:
    """Return a number as it is written beside an axis."""
    return f"{value:.6g}".replace("e+0", "e").replace("e-0", "e-").replace("e+", "e").replace("-", "−")


def category_of(value: Json) -> str:
    """Return the name of a value that is no number."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def shortened(text: str, longest: int = _LONGEST) -> str:
    """Return a text without its middle where it is too long."""
    half = (longest - 1) // 2
    return text if len(text) <= longest else f"{text[:half]}…{text[-half:]}"
