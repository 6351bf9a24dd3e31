"""What a stage is about to read: where it stands, and whether it may be read.

Knows: how the facts are gathered that a gate is judged by.
Does not know: what closes a gate.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

import msgspec

from runpact.disk.stamps import stamp_of
from runpact.model.contract.language import Read, Stage
from runpact.model.contract.stages import directory_of, reads_of
from runpact.model.finding import Finding
from runpact.model.pipeline.gate import Made, Needed, judge_needed
from runpact.model.pipeline.plan import command_line
from runpact.model.pipeline.result import Producer, StageInput
from runpact.verbs.pipeline.experiment import Experiment


class Gathered(msgspec.Struct, frozen=True):
    """What a stage reads, and what keeps its gate closed."""

    inputs: tuple[StageInput, ...]
    folders: Mapping[str, str]
    """Absolute path of what each alias leads to."""
    findings: tuple[Finding, ...]

    @property
    def is_open(self) -> bool:
        """Whether the stage may begin."""
        return not any(finding.severity.value in {"incomplete", "error"} for finding in self.findings)


def gather_inputs(experiment: Experiment, stage: Stage) -> Gathered:
    """Return what a stage would read now."""
    inputs: list[StageInput] = []
    folders: dict[str, str] = {}
    findings: list[Finding] = []
    for alias, read in reads_of(stage).items():
        writer = experiment.graph.writer.get(alias)
        if writer is not None:
            found, judged = _made(experiment, writer, alias, read)
            inputs += found
            findings += judged
            folders[alias] = posixpath.join(experiment.directory, experiment.target(writer, alias))
    return Gathered(tuple(inputs), folders, tuple(findings))


def _made(
    experiment: Experiment, writer: Stage, alias: str, read: Read
) -> tuple[list[StageInput], tuple[Finding, ...]]:
    row = experiment.row(writer)
    result = row.result if row is not None else None
    outputs = [each for each in result.outputs if each.alias == alias] if result is not None else []
    present = {
        each.path: experiment.proven.digest(path)
        for each in outputs
        if stamp_of(path := posixpath.join(experiment.directory, each.path)) is not None
    }
    needed = Needed(
        alias=alias,
        type=read.type_ or "",
        is_required=read.required,
        source="manifest",
        place=experiment.target(writer, alias),
        made=Made(
            stage=directory_of(writer),
            state=row.state if row is not None else None,
            status=result.status if result is not None else None,
            why=row.reason if row is not None else "",
            recorded={each.path: each.digest for each in outputs},
        ),
        present=present,
        regenerate=command_line(experiment.name, first=writer.id, last=writer.id),
    )
    inputs = [
        StageInput(
            alias=alias,
            path=each.path,
            digest=present[each.path] or each.digest,
            size=each.size,
            producer=Producer(writer.id, row.uid or "" if row is not None else ""),
        )
        for each in outputs
        if each.path in present
    ]
    return inputs, judge_needed(needed)
