"""Whether attempts still follow from what they would follow from now.

Knows: how the basis of a finished attempt is made again, without running anything.
Does not know: what closes a gate.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Collection

from runpact.model.contract.language import Stage
from runpact.model.contract.stages import directory_of, reads_of
from runpact.model.pipeline.plan import changes
from runpact.model.pipeline.result import Basis, StageInput, StageResult
from runpact.verbs.pipeline.basis import basis_of, digests_of
from runpact.verbs.pipeline.experiment import Experiment
from runpact.verbs.pipeline.inputs import gather_inputs
from runpact.verbs.pipeline.unfit import why_unfit
from runpact.verbs.pipeline.way import command_of

_OUTSIDE = frozenset({"cli", "contract"})
"""Who names a place that no stage of the experiment writes."""


def changed_before(experiment: Experiment, consumer: Stage) -> dict[str, str]:
    """Return why stages that a consumer rests on would be another attempt now, by id.

    Their command, code, section of the configuration, seed and declaration are looked at, and what they read
    from outside the experiment; what they read of other stages is compared by their records. Of stages whose
    outputs the consumer does not read itself, the outputs are looked at too; those that it reads are the
    gate's to judge. A stage whose attempt left no basis is not told.

    Args:
        experiment: The experiment.
        consumer: The stage that would read.
    """
    graph, found = experiment.graph, {}
    for identity in graph.before(consumer.id):
        stage = graph.by_id[identity]
        why = _why_changed(experiment, stage)
        if not why and identity not in graph.feeds[consumer.id]:
            why = why_unfit(experiment, stage, experiment.row(stage))
        if why:
            found[identity] = why
    return found


def changed_stages(experiment: Experiment) -> dict[str, str]:
    """Return why stages of an experiment would follow from something else now than they did, by id."""
    found = ((stage.id, _why_changed(experiment, stage)) for stage in experiment.graph.stages)
    return {identity: why for identity, why in found if why}


def why_before(experiment: Experiment, consumer: Stage, asked: Collection[str]) -> str:
    """Return which stage that a consumer rests on is out of date, and why; empty when none is.

    Args:
        experiment: The experiment.
        consumer: The stage that would read.
        asked: Ids of stages that need no look, because they are decided on themselves.
    """
    for identity in experiment.graph.before(consumer.id):
        if identity in asked:
            continue
        stage = experiment.graph.by_id[identity]
        why = _why_changed(experiment, stage) or why_unfit(experiment, stage, experiment.row(stage))
        if why:
            return f"stage {directory_of(stage)} before it is out of date: {why}"
    return ""


def _why_changed(experiment: Experiment, stage: Stage) -> str:
    row = experiment.row(stage)
    result = row.result if row is not None else None
    if row is None or result is None or result.basis is None or not result.is_usable:
        return ""
    return ", ".join(changes(result.basis, _basis_now(experiment, stage, row.cwd, result, result.basis)))


def _basis_now(experiment: Experiment, stage: Stage, cwd: str, result: StageResult, old: Basis) -> Basis:
    """Return the basis that the same attempt would have now, as far as its own record lets that be known.

    A stage that was begun by hand has a command of its own, and a path that the caller named is not kept.
    """
    directory = os.path.normpath(posixpath.join(experiment.root, cwd))
    command = command_of(experiment, stage, {}, cwd=directory)
    read = _inputs_now(experiment, stage, result)
    now = basis_of(
        experiment,
        stage,
        command=command,
        inputs=old.inputs if read is result.inputs else digests_of(read),
        cwd=directory,
        loaded=[file.path for file in old.code],
    )
    is_told = result.launched_by == "pipeline" and all(each.source == "manifest" for each in result.inputs)
    return now if is_told and cwd else _with_command(now, old)


def _inputs_now(experiment: Experiment, stage: Stage, result: StageResult) -> tuple[StageInput, ...]:
    """Return what an attempt read, with what stands outside the experiment as it is now."""
    read = {each.alias for each in result.inputs if each.source in _OUTSIDE}
    if not read and not any(said.outside for said in reads_of(stage).values()):
        return result.inputs
    now = gather_inputs(experiment, stage).inputs
    sources = {each.alias: each.source for each in now}
    foreign = {alias for alias in read if sources.get(alias, "cli") in _OUTSIDE}
    foreign |= {alias for alias, source in sources.items() if source == "contract"}
    kept = (each for each in result.inputs if each.alias not in foreign)
    return (*kept, *(each for each in now if each.alias in foreign))


def _with_command(now: Basis, old: Basis) -> Basis:
    """Return a basis with the command of another one, and no code but what that one knows."""
    known = {file.path for file in old.code}
    return Basis(
        command=old.command,
        code=tuple(file for file in now.code if file.path in known),
        config=now.config,
        seed=now.seed,
        inputs=now.inputs,
        declaration=now.declaration,
    )
