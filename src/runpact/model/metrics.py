"""Metric points, summed up by name.

Knows: the form of a line of the metric stream.
Does not know: where the stream stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec


class MetricSummary(msgspec.Struct, frozen=True):
    """One metric over all its points."""

    name: str
    count: int
    last: float
    min: float
    max: float
    last_step: float | None = None


def summarise_metrics(entries: Iterable[Mapping[str, object]]) -> tuple[MetricSummary, ...]:
    """Return one summary for each name, in the order of first appearance."""
    found: dict[str, MetricSummary] = {}
    for entry in entries:
        values, step = entry.get("values"), entry.get("step")
        for name, value in values.items() if isinstance(values, dict) else ():
            if isinstance(value, int | float):
                found[name] = _joined(
                    found.get(name), name, value, step if isinstance(step, int | float) else None
                )
    return tuple(found.values())


def _joined(before: MetricSummary | None, name: str, value: float, step: float | None) -> MetricSummary:
    if before is None:
        return MetricSummary(name, 1, value, value, value, step)
    return MetricSummary(name, before.count + 1, value, min(before.min, value), max(before.max, value), step)
