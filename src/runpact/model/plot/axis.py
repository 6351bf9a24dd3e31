"""Axes: where a value stands, which values are written beside it.

Knows: linear and logarithmic scales, categories, round numbers.
Does not know: pixels.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

import msgspec

from runpact.model.errors import CannotStartError
from runpact.model.facts import Json

_MOST_TICKS = 7
_LOG_DECADES = 2.0
"""Positive values that span so many powers of ten are shown on a logarithmic scale."""
_FEWEST_STEPS, _LEAST_SPAN, _MUCH_THE_SAME = 3, 8.0, 1.6
"""Three values, eight as many from end to end, by factors so alike (1, 2, 5, 10): a logarithmic scale."""
_MOST_MARKS = 6
"""So many different values of a setting are each written beside its axis."""
_LONGEST = 24
_LARGEST = 1.7976931348623157e308
_ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)
_WHOLE_ROUND = (1.0, 2.0, 5.0, 10.0)
_LOG_ROUND = ((1.0, 2.0, 5.0), (1.0, 3.0), (1.0,))
"""What is written of each power of ten, the finest first."""
_MOST_LOG_TICKS, _FEWEST_LOG_TICKS = 10, 3
_DIGITS = re.compile(r"(\d+)")


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
    marks: tuple[float, ...] = ()
    """The values to write, where they are few; else round ones are written."""
    is_whole: bool = False
    """Only whole numbers have their place on it."""

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
        return tuple(
            Tick(self.position(value), number_text(value)) for value in self.marks or self._written()
        )

    def _written(self) -> Sequence[float]:
        if self.is_log:
            return _decades(self.low, self.high)
        return _round_values(self.low, self.high, is_whole=self.is_whole)


def axis_of(title: str, values: Iterable[Json], *, is_log: bool | None = None) -> Axis:
    """Return the axis on which all values have their place.

    Args:
        title: What the values are.
        values: At least one.
        is_log: Logarithmic; by default when all are positive and span two powers of ten.

    Raises:
        CannotStartError: It is to be logarithmic, and a value is not positive.
    """
    found = list(values)
    numbers = [value for value in found if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(numbers) < len(found):
        names = {category_of(value) for value in found}
        return Axis(title=title, categories=tuple(sorted(names, key=_natural)))
    low, high = float(min(numbers)), float(max(numbers))
    if is_log and low <= 0:
        raise CannotStartError(
            "a logarithmic scale has a place for positive values alone",
            expected=f"values of {title} above 0",
            got=number_text(low),
            hint="leave the scale to the values, or ask for a linear one",
        )
    wants = is_log if is_log is not None else low > 0 and math.log10(high / low) >= _LOG_DECADES
    axis = _logarithmic(title, low, high) if wants else _linear(title, low, high)
    return axis if low < high else msgspec.structs.replace(axis, marks=(low,))


def setting_axis(title: str, values: Iterable[Json], *, is_log: bool | None = None) -> Axis:
    """Return the axis of a setting: few values are each written, and whole numbers stay whole.

    Args:
        title: What the values are.
        values: At least one.
        is_log: Logarithmic; by default when they span two powers of ten, or stand apart by like factors.
    """
    found = list(values)
    axis = axis_of(title, found, is_log=is_log or _in_factors(found) or None)
    if axis.categories:
        return axis
    different = sorted({float(value) for value in found if isinstance(value, int | float)})
    marks = tuple(different) if len(different) <= _MOST_MARKS else ()
    is_whole = all(isinstance(value, int) for value in found)
    return msgspec.structs.replace(axis, marks=marks, is_whole=is_whole and not axis.is_log)


def _in_factors(values: Iterable[Json]) -> bool:
    """Whether values are numbers that somebody spaced by factors, as 0.01, 0.03, 0.1 or 16, 32, 64."""
    numbers = sorted({float(value) for value in values if type(value) in {int, float}})  # type: ignore[arg-type]  # just seen
    if len(numbers) < _FEWEST_STEPS or numbers[0] <= 0 or numbers[-1] / numbers[0] < _LEAST_SPAN:
        return False
    factors = [after / before for before, after in pairwise(numbers)]
    return max(factors) <= min(factors) * _MUCH_THE_SAME


def _linear(title: str, low: float, high: float) -> Axis:
    room = (high / 2 - low / 2) * 0.08 if high > low else abs(high) / 2 or 0.5
    is_from_zero = low == 0 < high
    low, high = (low if is_from_zero else max(low - room, -_LARGEST)), min(high + room, _LARGEST)
    return Axis(title=title, low=low, high=high)


def _logarithmic(title: str, low: float, high: float) -> Axis:
    room = max((high / low) ** 0.04, 1.1)
    return Axis(title=title, low=low / room, high=high * room, is_log=True)


def _round_values(low: float, high: float, *, is_whole: bool = False) -> Sequence[float]:
    rough = high / (_MOST_TICKS - 1) - low / (_MOST_TICKS - 1)
    rough = max(rough, 1.0) if is_whole else rough
    power = 10.0 ** math.floor(math.log10(rough))
    factors = _WHOLE_ROUND if is_whole else _ROUND
    step = next(factor * power for factor in factors if factor * power >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def _decades(low: float, high: float) -> Sequence[float]:
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for factors in _LOG_ROUND:
        found = [factor * 10.0**power for power in range(first, last) for factor in factors]
        found = [value for value in (*found, 10.0**last) if low <= value <= high]
        if len(found) <= _MOST_LOG_TICKS:
            return found if len(found) >= _FEWEST_LOG_TICKS else _round_values(low, high)
    first, last = math.ceil(math.log10(low)), math.floor(math.log10(high))
    every = (last - first) // _MOST_TICKS + 1
    return [10.0**power for power in range(first, last + 1, every)]


def number_text(value: float) -> str:
    """Return a number as it is written beside an axis."""
    return f"{value:.6g}".replace("e+0", "e").replace("e-0", "e-").replace("e+", "e").replace("-", "−")


def category_of(value: Json) -> str:
    """Return the name of a value that is no number."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return what names are sorted by: the numbers in them as numbers."""
    return tuple(
        (0, int(part), "") if part.isdecimal() else (1, 0, part) for part in _DIGITS.split(name) if part
    )


def shortened(text: str, longest: int = _LONGEST) -> str:
    """Return a text without its middle where it is too long."""
    half = (longest - 1) // 2
    return text if len(text) <= longest else f"{text[:half]}…{text[-half:]}"
