"""What a page says of a run's evidence.

Knows: which numbers of a report a reader looks for: what was measured, and what the guards say.
Does not know: how a report is judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from runpact.model.evidence.refusal import EvidenceError
from runpact.model.evidence.report import read_report
from runpact.model.evidence.window import EvidenceReport, GuardRecord, MeasurementPoint
from runpact.model.facts import Json
from runpact.model.runpage.facts import Section, flattened, number_told


def evidence_sections(document: Json) -> tuple[Section, ...]:
    """Return the tables about a report; none where the document is no evidence."""
    try:
        report = read_report(document)
    except EvidenceError:
        return ()
    guards = tuple(map(_guard, report.guards))
    return (
        Section("Evidence", ("what", "value"), (*_evidence(report), *_others(document))),
        Section("Guards", ("guard", "verdict", "measured at", "evidence"), guards),
    )


def _evidence(report: EvidenceReport) -> Iterator[tuple[str, str]]:
    metric = report.metrics.primary_metric
    yield "metric", " ".join(filter(None, (metric.kind, f"[{metric.unit}]")))
    yield "better", metric.direction
    yield "final", number_told(metric.final)
    if metric.preview is not None:
        yield "preview", number_told(metric.preview)
    for arm, windows in report.evaluation_windows.items():
        yield f"windows of {arm}", str(len(windows))
    yield "split", report.data.split
    yield "data", report.data.dataset_hash
    yield "policy", report.auto.tier or "none"
    yield "edit", report.edit.name


def _others(document: Json) -> Iterator[tuple[str, str]]:
    """Yield the further metrics of a report."""
    metrics = document.get("metrics") if isinstance(document, Mapping) else None
    others = dict(metrics) if isinstance(metrics, Mapping) else {}
    others.pop("primary_metric", None)
    yield from flattened(others)


def _guard(guard: GuardRecord) -> tuple[str, ...]:
    point = guard.measurement_point
    told = f"{point.tap} {', '.join(point.matched)}" if isinstance(point, MeasurementPoint) else point or ""
    evidence = "; ".join(f"{name} {value}" for name, value in flattened(guard.evidence))
    return guard.name, guard.verdict, told.strip(), evidence
