"""Gates: bounds on metrics, judged on the comparison.

Knows: when a bound is kept, passed, or cannot be told.
Does not know: which policy a gate is of.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from runpact.model.contract.surroundings import Gate
from runpact.model.evidence.comparison import Comparison
from runpact.model.evidence.outcome import Cause, Decision

PRIMARY = "primary"
"""Name of the report's primary metric in every policy."""


class GateResult(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one gate came to."""

    metric: str
    of: str
    """`ratio` or `difference` to the baseline, or the subject's own `value`."""
    statistic: str
    """What had to keep the bounds: `value` (the estimate), or an end of the interval."""
    minimum: float | None
    """The least value that passes."""
    maximum: float | None
    """The greatest value that passes."""
    observed: float | None
    """What was held against the bounds; null when there is no such number."""
    outcome: Decision


def judge_gate(
    gate: Gate, comparison: Comparison, metrics: Mapping[str, object], maximum_width: float | None
) -> tuple[GateResult, Cause | None]:
    """Return what a gate comes to, and why it is not a pass.

    Args:
        gate: The bound.
        comparison: Of the pair.
        metrics: The subject's other metrics by name, as it reported them.
        maximum_width: Intervals up to this width may contain a bound on the estimate.
    """
    numbers = _numbers(gate, comparison, metrics)
    observed = None if numbers is None else numbers[_PLACES[gate.statistic]]
    outcome = _outcome(gate, numbers, maximum_width)
    result = GateResult(
        metric=gate.metric,
        of=gate.of,
        statistic=gate.statistic,
        minimum=gate.min,
        maximum=gate.max,
        observed=observed,
        outcome=outcome,
    )
    if outcome == "pass":
        return result, None
    return result, _cause(gate, outcome, numbers)


_PLACES = {"value": 0, "lower": 1, "upper": 2}
Numbers = tuple[float, float, float]
"""Estimate, lower and upper end."""


def _numbers(gate: Gate, comparison: Comparison, metrics: Mapping[str, object]) -> Numbers | None:
    if gate.metric not in {PRIMARY, comparison.metric.kind}:
        stated = metrics.get(gate.metric)
        is_number = isinstance(stated, int | float) and not isinstance(stated, bool)
        if gate.of != "value" or gate.statistic != "value" or not is_number:
            return None
        return (float(stated),) * 3  # type: ignore[arg-type]  # a number, asked just before
    if gate.of == "value":
        return (comparison.subject,) * 3 if gate.statistic == "value" else None
    return comparison.ratio if gate.of == "ratio" else comparison.difference


def _outcome(gate: Gate, numbers: Numbers | None, maximum_width: float | None) -> Decision:
    """Return the answer: the estimate beyond a bound fails; an interval across one tells too little."""
    if numbers is None:
        return "insufficient_evidence"
    estimate, lower, upper = numbers
    if not _holds(gate, estimate):
        return "fail"
    if gate.statistic == "value" and maximum_width is not None:
        return "pass" if upper - lower <= maximum_width else "insufficient_evidence"
    ends = {"value": (lower, upper), "lower": (lower,), "upper": (upper,)}[gate.statistic]
    return "pass" if all(_holds(gate, end) for end in ends) else "insufficient_evidence"


def _holds(gate: Gate, number: float) -> bool:
    return (gate.min is None or number >= gate.min) and (gate.max is None or number <= gate.max)


def _cause(gate: Gate, outcome: Decision, numbers: Numbers | None) -> Cause:
    bounds = " and ".join(
        f"{word} {bound}"
        for word, bound in (("at least", gate.min), ("at most", gate.max))
        if bound is not None
    )
    about = f"{gate.metric} ({gate.of})"
    if numbers is None:
        return Cause("gate_undecided", about, f"there is no {gate.statistic} of it to be {bounds}")
    if outcome == "fail":
        return Cause("gate_failed", about, f"{numbers[0]:.6g} is not {bounds}")
    return Cause(
        "gate_undecided",
        about,
        f"{numbers[0]:.6g} is {bounds}, its interval {numbers[1]:.6g} to {numbers[2]:.6g} is not",
    )
