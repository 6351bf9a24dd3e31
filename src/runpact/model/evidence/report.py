"""Reads a report strictly, and takes what it states about itself from its windows.

Knows: which statements must agree with the windows, and how far.
Does not know: another report.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import msgspec

from runpact.model.evidence.refusal import EvidenceError
from runpact.model.evidence.window import FINAL, PREVIEW, EvidenceReport, Window

_CLOSE = 2e-6
"""Stated means may have been rounded to six digits."""
_FEWEST = 2
"""Windows without which there is no interval."""


def read_report(document: object, *, at: str = "") -> EvidenceReport:
    """Return the evidence that a report is.

    Args:
        document: JSON data.
        at: What to call it.

    Raises:
        EvidenceError: It is not evidence; the reason says why.
    """
    windows = document.get("evaluation_windows") if isinstance(document, Mapping) else None
    if not isinstance(windows, Mapping) or not windows.get(FINAL):
        raise EvidenceError("no_windows", at=at, expected="evaluation_windows.final", got="nothing")
    try:
        report = msgspec.convert(document, EvidenceReport)
    except msgspec.ValidationError as error:
        raise EvidenceError("malformed_report", f"the report is no evidence: {error}", at=at) from error
    _refuse_unexplained(report, at)
    _refuse_repeated(report, at)
    _refuse_contradicted(report, at)
    return report


def _refuse_unexplained(report: EvidenceReport, at: str) -> None:
    for library in ("python", "numpy", "torch"):
        if getattr(report.meta.seeds, library) is None and not report.meta.seed_notes.get(library):
            raise EvidenceError(
                "seed_unexplained", at=at, expected=f"meta.seed_notes.{library}", got="null without a reason"
            )


def _refuse_repeated(report: EvidenceReport, at: str) -> None:
    """Refuse a window that stands in a report twice, by its id; in two arms also by its content."""
    seen: dict[str, str] = {}
    contents: dict[str, str] = {}
    for arm, windows in report.evaluation_windows.items():
        ids = {window.id for window in windows}
        if len(ids) < len(windows):
            raise EvidenceError("duplicate_windows", at=at, got=_repeated([each.id for each in windows]))
        digests = {window.content_digest for window in windows}
        shared = (ids & seen.keys()) or (digests & contents.keys())
        if shared:
            raise EvidenceError("arms_overlap", at=at, got=min(shared))
        seen |= dict.fromkeys(ids, arm)
        contents |= dict.fromkeys(digests, arm)


def _repeated(ids: Sequence[str]) -> str:
    return next(each for each in ids if ids.count(each) > 1)


def _refuse_contradicted(report: EvidenceReport, at: str) -> None:
    stated = report.metrics.primary_metric
    for arm, value in ((FINAL, stated.final), (PREVIEW, stated.preview)):
        windows = report.evaluation_windows.get(arm, ())
        true = weighted_mean(windows) if windows else None
        if (true is None) != (value is None) or (
            true is not None and value is not None and abs(true - value) > _CLOSE * max(1, abs(true))
        ):
            raise EvidenceError(
                "report_inconsistent", at=at, expected=f"{arm} {true}", got=f"primary_metric.{arm} {value}"
            )
    counted = {arm: len(windows) for arm, windows in report.evaluation_windows.items()}
    for arm, count in report.data.windows.items():
        if counted.get(arm, 0) != count:
            raise EvidenceError(
                "lengths_differ",
                "the report counts other windows than it holds",
                at=at,
                expected=f"{count} in `{arm}`",
                got=str(counted.get(arm, 0)),
            )
    if len(report.final) < _FEWEST:
        raise EvidenceError(
            "no_windows", at=at, expected=f"{_FEWEST} windows or more", got=str(len(report.final))
        )
    names = [guard.name for guard in report.guards]
    if len(set(names)) < len(names):
        raise EvidenceError("report_inconsistent", "a guard has two verdicts", at=at, got=_repeated(names))


def weighted_mean(windows: Sequence[Window]) -> float:
    """Return the mean of the values by weight; of one window or more."""
    return math.fsum(each.weight * each.value for each in windows) / math.fsum(
        each.weight for each in windows
    )
