"""The comparison of a pair: what every number of a certificate follows from.

Knows: the paired difference, its interval, the seed that the evidence gives.
Does not know: gates, guards, files.
"""

from __future__ import annotations

import hashlib
import math
import struct

import msgspec

from runpact.model.evidence.refusal import EvidenceError
from runpact.model.evidence.report import weighted_mean
from runpact.model.evidence.schedule import matching, refuse_unpaired, schedule_digest
from runpact.model.evidence.statistics import (
    RESAMPLES,
    Interval,
    Resampler,
    effective_count,
    exponential,
    interval_of,
    terms_of,
)
from runpact.model.evidence.window import EvidenceReport, Metric

STREAM = b"runpact.bootstrap/1\n"


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Subject and baseline side by side."""

    metric: Metric
    subject: float
    """Weighted mean of the arm `final`."""
    baseline: float
    interval: Interval | None
    """Of the difference; None without a pair."""
    windows: int
    """Paired ones; 0 without a pair."""
    effective: float
    """As many windows of equal weight would tell as much."""
    confidence: float
    resamples: int
    schedule: str | None
    """Digest of the common schedule."""
    seed: str
    """Hex digits of what the random stream begins with."""
    matched: float
    """Share of windows that are equal in both."""
    unpaired: str = ""
    """Why they are no pair: a reason; empty for a pair."""
    told: str = ""
    """The same for people."""

    @property
    def difference(self) -> tuple[float, float, float] | None:
        """Estimate, lower and upper end, subject − baseline."""
        if self.interval is None:
            return None
        return self.interval.estimate, self.interval.lower, self.interval.upper

    @property
    def ratio(self) -> tuple[float, float, float] | None:
        """The same as ratios to the baseline; None unless the values are logarithms."""
        if self.interval is None or self.metric.link != "log":
            return None
        ends = self.interval.estimate, self.interval.lower, self.interval.upper
        if max(map(abs, ends)) > 700:  # noqa: PLR2004 - beyond it no double holds e to its power
            return None
        return exponential(ends[0]), exponential(ends[1]), exponential(ends[2])

    @property
    def shown(self) -> tuple[float, float, float] | None:
        """The ratio where there is one, else the difference."""
        return self.ratio or self.difference


def compare_pair(
    subject: EvidenceReport, baseline: EvidenceReport, *, confidence: float, resampler: Resampler
) -> Comparison:
    """Return the comparison of two reports; of ones that are no pair it says why."""
    unpaired, told = "", ""
    try:
        refuse_unpaired(subject, baseline)
    except EvidenceError as error:
        unpaired, told = error.reason, error.told
    metric = subject.metrics.primary_metric
    terms = seed = interval = None
    if not unpaired:
        new, old = subject.final, baseline.final
        weights = [each.weight for each in new]
        terms = terms_of([a.value - b.value for a, b in zip(new, old, strict=True)], weights)
        schedule = schedule_digest(subject)
        seed = seed_of(schedule, subject, baseline)
        interval = interval_of(terms, seed, confidence=confidence, resamples=RESAMPLES, resampler=resampler)
    return Comparison(
        metric=Metric(kind=metric.kind, unit=metric.unit, direction=metric.direction, link=metric.link),
        subject=weighted_mean(subject.final),
        baseline=weighted_mean(baseline.final),
        interval=interval,
        windows=len(subject.final) if terms else 0,
        effective=effective_count(terms.weights) if terms else 0.0,
        confidence=confidence,
        resamples=RESAMPLES if terms else 0,
        schedule=schedule if terms else None,
        seed=seed.hex() if seed else "",
        matched=1.0 if terms else matching(subject, baseline),
        unpaired=unpaired,
        told=told,
    )


def seed_of(schedule: str, subject: EvidenceReport, baseline: EvidenceReport) -> bytes:
    """Return what the random stream begins with: nobody can choose it without other evidence."""
    state = hashlib.sha256(STREAM + schedule.encode())
    for report in (subject, baseline):
        values = [each.value + 0.0 for each in report.final]  # -0.0 and 0.0 are one number
        state.update(struct.pack(f"<{len(values)}d", *values))
    return state.digest()


def harm(comparison: Comparison, control: float) -> float:
    """Return how much worse than the subject another value of the metric is, in its unit."""
    worse = control - comparison.subject
    return worse if comparison.metric.direction == "lower" else -worse


def spread_of(report: EvidenceReport) -> float:
    """Return the weighted variance of the values of the arm `final`."""
    mean = weighted_mean(report.final)
    whole = math.fsum(each.weight for each in report.final)
    return math.fsum(each.weight * (each.value - mean) ** 2 for each in report.final) / whole
