"""Builds a certificate from two reports and a policy: the only way to one, and the way to verify one.

Knows: what every field follows from.
Does not know: files, clocks, whose question it answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from runpact.model.evidence.certificate import SCHEMA_VERSION
from runpact.model.evidence.comparison import Comparison, compare_pair
from runpact.model.evidence.demands import judge_demands
from runpact.model.evidence.gate import PRIMARY, GateResult, judge_gate
from runpact.model.evidence.guard import GuardResult, judge_guard
from runpact.model.evidence.names import BASELINE_PATH, REPORT
from runpact.model.evidence.outcome import Cause, Decision, decide
from runpact.model.evidence.policy import NamedPolicy
from runpact.model.evidence.report import weighted_mean
from runpact.model.evidence.statistics import Resampler
from runpact.model.evidence.window import FINAL, PREVIEW, EvidenceReport


class Stored(msgspec.Struct, frozen=True):
    """A report with the bytes that it stands in."""

    report: EvidenceReport
    document: Mapping[str, object]
    """All of it, as JSON data."""
    sha256: str
    size: int


class Made(msgspec.Struct, frozen=True):
    """The volatile part of a certificate."""

    by: str
    version: str
    at: str
    """When it was written."""
    resolved_at: str
    """When its policy was looked up."""


class Judgement(msgspec.Struct, frozen=True):
    """What gates, guards and demands came to."""

    gates: tuple[GateResult, ...]
    guards: tuple[GuardResult, ...]
    causes: tuple[Cause, ...]

    @property
    def decision(self) -> Decision:
        """The decision that follows."""
        return decide(self.causes)


def build_certificate(
    subject: Stored, baseline: Stored, named: NamedPolicy, *, made: Made, resampler: Resampler
) -> dict[str, object]:
    """Return a certificate's fields but its digest, as JSON data; equal evidence and policy give equal ones.

    Args:
        subject: The report of what was changed.
        baseline: The report of what it is compared with.
        named: The policy that judges.
        made: Who writes it, and when.
        resampler: Which implementation of resampling; all give the same bits.
    """
    new, old = subject.report, baseline.report
    comparison = compare_pair(new, old, confidence=named.policy.confidence, resampler=resampler)
    judgement = judge(subject, baseline, named, comparison)
    return {
        "schema_version": SCHEMA_VERSION,
        "run_id": new.meta.run_id,
        "meta": {"model": new.meta.model, "device": new.meta.device, "seeds": _plain(new.meta.seeds)},
        "dataset": _dataset(new, comparison),
        "data": {"dataset_hash": new.data.dataset_hash, "tokenizer_hash": new.data.tokenizer_hash},
        "primary_metric": _metric(new, comparison, named),
        "statistics": _statistics(comparison),
        "validation": _validation(judgement, comparison),
        "gates": _plain(judgement.gates),
        "guards": _plain(judgement.guards),
        "variance": _variance(judgement),
        "decision": judgement.decision,
        "reasons": _plain(judgement.causes),
        "limitations": _limitations(new, judgement),
        "attempt": _plain(new.meta.attempt),
        "auto": {"tier": new.auto.tier, "policy_digest": new.auto.policy_digest},
        "policy_digest": {
            "policy_version": "1",
            "tier_policy_name": named.tier,
            "thresholds_hash": named.thresholds_digest,
            "hysteresis": {},
            "min_effective": named.policy.minimum_windows or 0,
            "changed": new.auto.policy_digest != named.digest,
        },
        "resolved_policy": named.document,
        "policy_provenance": {
            "tier": named.tier,
            "overrides": [],
            "policy_digest": named.digest,
            "resolved_at": made.resolved_at,
        },
        "evidence": [
            {"role": "subject", "path": REPORT, "sha256": subject.sha256, "size": subject.size},
            {"role": "baseline", "path": BASELINE_PATH, "sha256": baseline.sha256, "size": baseline.size},
        ],
        "baseline": {"report_path": BASELINE_PATH, "run_id": old.meta.run_id},
        "artifacts": {"report_path": REPORT, "events_path": new.artifacts.events_path},
        "plugins": {
            "adapters": [],
            "edits": [new.edit.name],
            "guards": [guard.name for guard in new.guards],
        },
        "edit": {"name": new.edit.name, "deltas": dict(new.edit.deltas)},
        "producer": {"name": made.by, "version": made.version},
        "created_at": made.at,
    }


def judge(subject: Stored, baseline: Stored, named: NamedPolicy, comparison: Comparison) -> Judgement:
    """Return what a policy makes of a comparison."""
    causes = list(judge_demands(subject.report, named, comparison))
    metrics = subject.document.get("metrics")
    stated = metrics if isinstance(metrics, Mapping) else {}
    gates, guards = [], []
    for gate in named.policy.gates:
        result, cause = judge_gate(gate, comparison, stated, named.policy.maximum_width)
        gates.append(result)
        causes += [cause] if cause else []
    for guard in named.policy.guards:
        seen, cause = judge_guard(guard, subject.report, baseline.report, comparison)
        guards += [seen] if seen else []
        causes += [cause] if cause else []
    return Judgement(tuple(gates), tuple(guards), tuple(causes))


def _plain(value: object) -> object:
    return msgspec.to_builtins(value)


def _dataset(report: EvidenceReport, comparison: Comparison) -> dict[str, object]:
    counts = {arm: len(windows) for arm, windows in report.evaluation_windows.items()}
    data = report.data
    return {
        "provider": data.provider,
        "split": data.split,
        "seq_len": data.sequence_length,
        "stride": data.stride,
        "windows": {
            "preview": counts.get(PREVIEW, 0),
            "final": counts[FINAL],
            "seed": data.window_seed,
            "schedule": comparison.schedule,
            "stats": {
                "window_match_fraction": comparison.matched,
                "window_overlap_fraction": 0.0,
                "paired_windows": comparison.windows,
                "coverage": {arm: {"used": count} for arm, count in counts.items()},
            },
        },
    }


def _metric(report: EvidenceReport, comparison: Comparison, named: NamedPolicy) -> dict[str, object]:
    metric, preview = comparison.metric, report.evaluation_windows.get(PREVIEW)
    ratio, difference, shown = comparison.ratio, comparison.difference, comparison.shown
    return {
        "kind": metric.kind,
        "unit": metric.unit,
        "direction": metric.direction,
        "link": metric.link,
        "preview": weighted_mean(preview) if preview else None,
        "final": comparison.subject,
        "baseline_final": comparison.baseline,
        "ratio_vs_baseline": ratio[0] if ratio else None,
        "difference_vs_baseline": difference[0] if difference else None,
        "display_ci": list(shown[1:]) if shown else [None, None],
        "ci": list(difference[1:]) if difference else [None, None],
        "ci_level": comparison.confidence,
        "reps": comparison.resamples,
        "gating_basis": _basis(named, metric.kind),
        "aggregation_scope": FINAL,
        "estimated": False,
    }


def _basis(named: NamedPolicy, kind: str) -> Literal["value", "lower", "upper", "none"]:
    return next((gate.statistic for gate in named.policy.gates if gate.metric in {PRIMARY, kind}), "none")


def _statistics(comparison: Comparison) -> dict[str, object] | None:
    interval = comparison.interval
    if interval is None:
        return None
    return {
        "method": "bca-bootstrap",
        "stream": "runpact.bootstrap/1",
        "seed": comparison.seed,
        "resamples": comparison.resamples,
        "confidence": comparison.confidence,
        "windows": comparison.windows,
        "effective_windows": comparison.effective,
        "estimate": interval.estimate,
        "lower": interval.lower,
        "upper": interval.upper,
        "bias": interval.bias,
        "acceleration": interval.acceleration,
        "spread": interval.spread,
    }


_ANSWERS = {
    "metric_drift": "preview_final_drift_acceptable",
    "invariants": "invariants_pass",
    "variance": "variance_acceptable",
}
"""Field of `validation` by guard."""


def _validation(judgement: Judgement, comparison: Comparison) -> dict[str, bool]:
    is_kept = bool(judgement.gates) and all(gate.outcome == "pass" for gate in judgement.gates)
    answers = {"paired": not comparison.unpaired, "primary_metric_acceptable": is_kept}
    return answers | {
        _ANSWERS[guard.name]: guard.outcome == "pass" for guard in judgement.guards if guard.name in _ANSWERS
    }


def _variance(judgement: Judgement) -> dict[str, object] | None:
    guard = next((each for each in judgement.guards if each.name == "variance"), None)
    return {"tap": guard.tap, "targets": list(guard.matched)} if guard else None


def _limitations(report: EvidenceReport, judgement: Judgement) -> list[str]:
    """Return what a reader must know that no number says."""
    stated = [guard.name for guard in judgement.guards if guard.source == "report"]
    told = ["the reports are what the runs wrote; that they measured what they say rests on whoever signed"]
    told += [f"guard `{name}`: its measurement is the run's own" for name in stated]
    warned = [guard.name for guard in report.guards if guard.verdict == "warn"]
    told += [f"guard `{name}` warned in the run" for name in warned]
    if report.meta.attempt is None:
        told.append("the report does not say how many attempts came before")
    if report.data.sequence_length == 1 and report.data.stride is None:
        told.append("the report does not say how windows were cut")
    return told
