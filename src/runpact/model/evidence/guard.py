"""Guards: what a run measured besides its metric, judged by the limits of a policy.

Knows: the guards that every policy can name, what each derives, how limits are read.
Does not know: how a measurement was made.

A guard is a plug-in by name. `metric_drift` and `variance` are derived from the windows, `norm`, `invariants`
and `negative_control` from the evidence that the run left; any other name is judged by its limits alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from runpact.model.contract.surroundings import Guard
from runpact.model.evidence.comparison import Comparison, harm, spread_of
from runpact.model.evidence.outcome import Cause, Decision
from runpact.model.evidence.report import weighted_mean
from runpact.model.evidence.window import PREVIEW, EvidenceReport, GuardRecord, MeasurementPoint, Number

Seen = dict[str, Number]


class GuardResult(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one guard came to."""

    name: str
    source: str
    """`windows` when it was derived from them alone, `report` when the run measured it."""
    tap: str
    """Where it was measured; empty when the run did not say."""
    matched: tuple[str, ...]
    """What was found there."""
    reported: str | None
    """The run's own verdict; null when it has none."""
    limits: dict[str, Number]
    """Thresholds of the policy: `max_x` and `min_x` bound `x`, any other name is what must be equal."""
    observed: dict[str, Number]
    """What was held against them."""
    outcome: Decision


class _Case(msgspec.Struct, frozen=True):
    """What a guard may derive from."""

    subject: EvidenceReport
    baseline: EvidenceReport
    comparison: Comparison
    record: GuardRecord | None


def judge_guard(
    guard: Guard, subject: EvidenceReport, baseline: EvidenceReport, comparison: Comparison
) -> tuple[GuardResult | None, Cause | None]:
    """Return what a guard comes to and why it is not a pass; nothing for one that may be absent and is."""
    record = next((each for each in subject.guards if each.name == guard.name), None)
    is_derived = guard.name in _FROM_WINDOWS
    if record is None and not is_derived:
        if not guard.required:
            return None, None
        return None, Cause("guard_missing", guard.name, "the run left no measurement of it")
    seen = _seen(_Case(subject, baseline, comparison, record), guard.name)
    cause = _cause(guard, record, seen)
    point = _point(record)
    result = GuardResult(
        name=guard.name,
        source="windows" if is_derived else "report",
        tap=point.tap or ("evaluation_windows" if is_derived else ""),
        matched=point.matched or (("final",) if is_derived else ()),
        reported=record.verdict if record else None,
        limits=dict(guard.limits),
        observed=seen,
        outcome="pass"
        if cause is None
        else "fail"
        if cause.code == "guard_failed"
        else "insufficient_evidence",
    )
    return result, cause


def _point(record: GuardRecord | None) -> MeasurementPoint:
    point = record.measurement_point if record else None
    return point if isinstance(point, MeasurementPoint) else MeasurementPoint(point or "")


def _seen(case: _Case, name: str) -> Seen:
    """Return the numbers and facts that limits may speak of."""
    derive = (_FROM_WINDOWS | _FROM_EVIDENCE).get(name)
    stated = case.record.evidence if case.record else {}
    plain: Seen = {
        key: value for key, value in stated.items() if value is None or isinstance(value, int | float | str)
    }
    return plain | (derive(case) if derive else {})


def _drift(case: _Case) -> Seen:
    """Take how far the arms are apart from the windows."""
    preview = case.subject.evaluation_windows.get(PREVIEW)
    if not preview:
        return {"drift": None}
    return {"drift": abs(weighted_mean(case.subject.final) - weighted_mean(preview))}


def _variance(case: _Case) -> Seen:
    """Take how much more the subject's values scatter than the baseline's."""
    ours, theirs = spread_of(case.subject), spread_of(case.baseline)
    ratio = ours / theirs if theirs else (1.0 if ours == 0 else None)
    return {"variance": ours, "baseline_variance": theirs, "ratio": ratio}


def _invariants(case: _Case) -> Seen:
    """Count the invariants that the run checked and that did not hold."""
    checks = _inner(case, "checks")
    broken = sorted(name for name, holds in checks.items() if holds is not True)
    return {"checked": len(checks), "broken": len(broken), "first_broken": broken[0] if broken else None}


def _norm(case: _Case) -> Seen:
    """Take the largest of the norms that the run measured."""
    norms = _inner(case, "norms")
    numbers = [
        each for each in norms.values() if isinstance(each, int | float) and not isinstance(each, bool)
    ]
    is_whole = norms and len(numbers) == len(norms)
    return {"norm": max(map(abs, numbers)) if is_whole else None, "tensors": len(norms)}


def _negative_control(case: _Case) -> Seen:
    """Take how much worse a subject does that was broken on purpose."""
    control = case.record.evidence.get("control") if case.record else None
    is_number = isinstance(control, int | float) and not isinstance(control, bool)
    return {"effect": harm(case.comparison, float(control)) if is_number else None}  # type: ignore[arg-type]  # a number


def _inner(case: _Case, key: str) -> Mapping[str, Number]:
    found = case.record.evidence.get(key) if case.record else None
    return found if isinstance(found, dict) else {}


_FROM_WINDOWS: dict[str, Callable[[_Case], Seen]] = {"metric_drift": _drift, "variance": _variance}
_FROM_EVIDENCE: dict[str, Callable[[_Case], Seen]] = {
    "invariants": _invariants,
    "norm": _norm,
    "negative_control": _negative_control,
}
_OWN_LIMITS: dict[str, dict[str, Number]] = {"invariants": {"max_broken": 0, "min_checked": 1}}
"""Limits that a guard has by its nature, whatever the policy says."""
_NEEDS_LIMITS = frozenset({"metric_drift", "variance", "norm", "negative_control"})
"""Guards that decide nothing without a limit."""


def _cause(guard: Guard, record: GuardRecord | None, seen: Seen) -> Cause | None:
    limits = _OWN_LIMITS.get(guard.name, {}) | dict(guard.limits)
    if record is not None and record.verdict == "fail":
        return Cause("guard_failed", guard.name, "the run reported that it failed")
    if record is not None and record.verdict == "skipped":
        return Cause("guard_undecided", guard.name, "the run skipped it")
    if not limits and guard.name in _NEEDS_LIMITS:
        return Cause("guard_undecided", guard.name, "the policy gives it no limit")
    open_ones = []
    for name, limit in limits.items():
        holds = _keeps(seen, name, limit)
        if holds is False:
            return Cause("guard_failed", guard.name, f"{name} is {limit}, seen {_told(seen, name)}")
        if holds is None:
            open_ones.append(name)
    if open_ones:
        return Cause("guard_undecided", guard.name, f"nothing was measured that `{open_ones[0]}` speaks of")
    return None


def _keeps(seen: Seen, name: str, limit: Number) -> bool | None:
    """Whether a limit is kept; None when what it speaks of was not measured."""
    sort, _, key = name.partition("_")
    if sort not in {"max", "min"} or not key:
        return None if name not in seen else seen[name] == limit and type(seen[name]) is type(limit)
    value = seen.get(key)
    if not _is_number(value) or not _is_number(limit):
        return None
    return value <= limit if sort == "max" else value >= limit  # type: ignore[operator]  # both are numbers


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _told(seen: Seen, name: str) -> str:
    return str(seen.get(name, seen.get(name[4:])))
