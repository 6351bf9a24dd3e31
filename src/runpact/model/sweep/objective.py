"""What a sweep is after: a number of each trial, and which way is better.

Knows: how an objective is written, which of two values is better.
Does not know: how the number is read from a run.
"""

# No deferred annotations: the decoder would evaluate each as text.

import math
from typing import Literal

import msgspec

from runpact.model.errors import UsageError
from runpact.model.names import check_relative

_METRIC = "metrics."
_ENDS = ("@min", "@max")
_FORM = "as in `metrics.loss:min` or `metrics.json#/summary/sharpe:max`"


class Objective(msgspec.Struct, frozen=True, kw_only=True):
    """A number of a trial, and its direction."""

    field: str
    """`metrics.NAME` (the last value; with `@min` or `@max` the extreme), or `FILE#/pointer`."""
    direction: Literal["min", "max"]

    @property
    def metric(self) -> str | None:
        """The metric's name; None when the number stands in a document."""
        if not self.field.startswith(_METRIC) or "#" in self.field:
            return None
        name = self.field.removeprefix(_METRIC)
        return name[: -len(_ENDS[0])] if name.endswith(_ENDS) else name

    @property
    def end(self) -> str:
        """Which value of the metric: `last`, `min` or `max`."""
        return self.field[-3:] if self.field.endswith(_ENDS) else "last"

    @property
    def text(self) -> str:
        """As it is written."""
        return f"{self.field}:{self.direction}"

    def key(self, value: float) -> float:
        """Return what values are ordered by: the better, the smaller."""
        return value if self.direction == "min" else -value


def objective_of(text: str) -> Objective:
    """Return the objective that a text names; the direction is always said.

    Raises:
        UsageError: It is none.
    """
    field, _colon, direction = text.rpartition(":") if isinstance(text, str) else ("", "", "")
    if direction not in {"min", "max"}:
        raise UsageError("an objective says which way is better", expected=_FORM, got=f"{text!s:.80}")
    path, _mark, pointer = field.partition("#")
    is_pointed = "#" in field and (not pointer or pointer.startswith("/"))
    if not (is_pointed or (field.startswith(_METRIC) and len(field) > len(_METRIC))):
        raise UsageError("an objective is a metric or a number in a document", expected=_FORM, got=text)
    if is_pointed:
        check_relative(path, what="document of the objective")
    return Objective(field=field, direction="min" if direction == "min" else "max")


def number_of(value: object) -> tuple[float | None, str]:
    """Return a value as a number to rank by, or why it is none."""
    if value is None:
        return None, "the objective is absent"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None, f"the objective is no number: {value!r:.40}"
    try:
        number = float(value)
    except OverflowError:
        return None, "the objective is too large a number"
    return (number, "") if math.isfinite(number) else (None, f"the objective is not finite: {value}")
