"""Compare runs: each with the first.

Knows: the sections of a comparison and their order.
Does not know: how one fact is compared.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from runpact.model.compare.allowance import Allowance, FileAllowance
from runpact.model.compare.artifacts import artifact_rows
from runpact.model.compare.records import origin_sections, run_section
from runpact.model.compare.row import ABSENT, Comparison, Likeness, Row, Section, row_of
from runpact.model.compare.series import metric_rows
from runpact.model.compare.side import Side
from runpact.model.contract.kind import Kind, Records
from runpact.model.judge.forms import Forms

SECTIONS = ("run", "config", "seeds", "code", "environment", "inputs", "metrics", "artifacts")
"""Names of the sections, in order."""


def compare_runs(
    sides: Sequence[Side], kind: Kind, *, only: Collection[str] = (), metrics: str = Records().metrics
) -> Comparison:
    """Return what differs between runs; each is held against the first.

    Args:
        sides: At least two runs.
        kind: Says what may differ, and how files are read.
        only: The sections to compare; by default all.
        metrics: Path of the metric stream in the run; places in it are names of metrics.
    """
    chosen = tuple(section for section in _sections(sides, kind, metrics) if not only or section.name in only)
    return Comparison(runs=tuple(side.shown for side in sides), sections=chosen)


def _metric_rows(sides: Sequence[Side], allowance: FileAllowance) -> Iterator[Row]:
    """Yield the metrics side by side; nothing of them is proven when those of one run are not known."""
    fault = next((side.metrics_fault for side in sides if side.metrics_fault), "")
    if not fault:
        yield from metric_rows([side.metrics for side in sides], allowance)
        return
    known = [ABSENT if side.metrics_fault else f"{len(side.metrics)} metrics" for side in sides]
    yield row_of("stream", known, Likeness.UNDECIDED, fault)


def _sections(sides: Sequence[Side], kind: Kind, metrics: str) -> Iterator[Section]:
    allowance = Allowance(kind.determinism)
    yield run_section(sides)
    yield from origin_sections(sides)
    yield Section(name="metrics", rows=tuple(_metric_rows(sides, allowance.of_file(metrics))))
    yield Section(name="artifacts", rows=tuple(artifact_rows(sides, allowance, Forms(kind.entries))))
