"""Gather what a page about a run says.

Knows: which facts a reader wants, in which order.
Does not know: Markdown, HTML.
"""

from __future__ import annotations

import msgspec

from runpact.model.metrics import MetricSummary
from runpact.model.runpage import PageFacts, Section
from runpact.verbs.judging.check import CheckedRun
from runpact.verbs.judging.show import RunDetails


def facts_of(details: RunDetails, checked: CheckedRun) -> PageFacts:
    """Return what is known of a run, and the verdict on it."""
    summary, origin = details.summary, details.provenance
    told = {
        "state": f"{summary.state.value} {summary.reason}".strip(),
        "verdict": f"{checked.verdict.value} by {checked.judged_by}",
        "started": summary.started,
        "ended": summary.ended,
        "seconds": summary.duration_seconds,
        "contract": summary.contract,
        "uid": summary.uid,
        "command": " ".join(origin.command) if origin else None,
        "commit": f"{origin.code.commit}{' with changes' if origin.code.dirty else ''}" if origin else None,
        "python": origin.environment.python if origin else None,
        "seeds": ", ".join(f"{name} {seed}" for name, seed in origin.seeds.items()) if origin else None,
    }
    findings = tuple(
        (each.severity.value, each.code, each.path, each.message) for each in checked.report.findings
    )
    inputs = tuple((each.name, each.digest) for each in origin.inputs) if origin else ()
    return PageFacts(
        title=f"Run {summary.path}",
        lines=tuple(f"{name}: {value}" for name, value in told.items() if value not in {None, ""}),
        sections=(
            Section("Findings", ("severity", "code", "place", "message"), findings),
            Section("Metrics", ("name", "points", "last", "least", "greatest"), _metrics(details.metrics)),
            Section("Configuration", ("key", "value"), tuple(_flat(details.config, ""))),
            Section("Inputs", ("name", "digest"), inputs),
            Section(
                "Files",
                ("path", "bytes", "digest"),
                tuple((each.path, f"{each.size:,}", each.digest) for each in details.files),
            ),
        ),
    )


def _metrics(metrics: tuple[MetricSummary, ...]) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (each.name, str(each.count), f"{each.last:.6g}", f"{each.min:.6g}", f"{each.max:.6g}")
        for each in metrics
    )


def _flat(table: dict[str, object], prefix: str) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for key, value in table.items():
        if isinstance(value, dict) and value:
            rows += _flat(value, f"{prefix}{key}.")
        else:
            rows.append((f"{prefix}{key}", msgspec.json.encode(value).decode()))
    return rows
