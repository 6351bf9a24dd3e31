"""The gate of a stage, asked before it begins.

Knows: which experiment and stage are meant.
Does not know: what closes a gate.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from runpact.model.contract.stages import directory_of
from runpact.model.finding import Finding, Verdict
from runpact.model.pipeline.result import StageInput
from runpact.workspace.pipelines import (
    demand_read,
    directory_of_experiment,
    inputs_given,
    kind_of,
    open_experiment,
)

if TYPE_CHECKING:
    from runpact.workspace import Workspace

__all__ = ["GateAnswer", "ask_gate"]


class GateAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a gate says before a stage begins."""

    experiment: str
    stage: str
    """`NN_slug`."""
    verdict: Verdict
    findings: tuple[Finding, ...]
    """Paths relative to the data root."""
    inputs: tuple[StageInput, ...]
    """Each file that the stage would read; paths relative to the experiment."""


def ask_gate(
    place: Workspace, name: str, stage: str, *, kind: str | None, inputs: Iterable[tuple[str, str]]
) -> GateAnswer:
    """Ask whether everything that a stage reads is there, whole, fresh and of its type.

    Args:
        place: The workspace.
        name: The experiment.
        stage: Id or name of the stage that would read.
        kind: Kind of the experiment; None when only one has stages.
        inputs: Alias and path of inputs that the caller names.

    Raises:
        NoSuchRunError: There is no such experiment.
        UsageError: There is no such stage, or it reads no such alias.
    """
    from runpact.verbs.pipeline.fresh import changed_before
    from runpact.verbs.pipeline.inputs import gather_inputs

    declared = place.lint().contract.kinds[kind_of(place, kind)]
    experiment = open_experiment(place, directory_of_experiment(place, declared, name))
    consumer, given = experiment.graph.stage(stage), inputs_given(place, inputs)
    demand_read((consumer,), given, who=f"stage {directory_of(consumer)}")
    changed = changed_before(experiment, consumer)
    gathered = gather_inputs(experiment, consumer, given, is_thorough=True, changed=changed)
    shown = place.shown(experiment.directory)
    return GateAnswer(
        experiment=experiment.name,
        stage=directory_of(consumer),
        verdict=gathered.verdict,
        findings=tuple(
            msgspec.structs.replace(each, path=posixpath.normpath(posixpath.join(shown, each.path)))
            for each in gathered.findings
        ),
        inputs=gathered.inputs,
    )
