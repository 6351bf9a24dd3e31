"""Whether what an attempt at a stage made stands as it was recorded, and as the contract wants it.

Knows: what is compared: the bytes of each output, the names beside them, their types under another contract.
Does not know: what follows from a difference.
"""

from __future__ import annotations

import posixpath

from runpact.disk.reader import read_run
from runpact.model.contract.language import Stage
from runpact.model.contract.stages import directory_of, outputs_of
from runpact.model.finding import Report, Verdict
from runpact.model.pipeline.result import StageResult
from runpact.model.pipeline.view import StageRow
from runpact.model.template import PathTemplate
from runpact.verbs.pipeline.behind import look_at_output
from runpact.verbs.pipeline.experiment import Experiment

_CLOSING = frozenset({Verdict.INCOMPLETE, Verdict.ERROR})


def why_unfit(experiment: Experiment, stage: Stage, row: StageRow | None) -> str:
    """Return why the outputs of a usable attempt may not be read as they stand; empty when they may.

    Args:
        experiment: The experiment.
        stage: The stage.
        row: Its last attempt; nothing is said of one that is not usable.
    """
    result = row.result if row is not None else None
    if row is None or result is None or not result.is_usable:
        return ""
    return (
        _altered(experiment, result) or _added(experiment, stage, result) or _misfit(experiment, stage, row)
    )


def _altered(experiment: Experiment, result: StageResult) -> str:
    for each in result.outputs:
        if experiment.proven.digest(posixpath.join(experiment.directory, each.path)) != each.digest:
            return f"its output {each.path} is no longer what it wrote"
    return ""


def _added(experiment: Experiment, stage: Stage, result: StageResult) -> str:
    """Return that a file stands among the outputs that the attempt did not write."""
    name = directory_of(stage)
    written = {each.path for each in result.outputs}
    for alias, output in outputs_of(stage):
        target, pattern = (
            experiment.target(stage, alias),
            PathTemplate.pattern(output.file or output.files or ""),
        )
        for below in experiment.proven.names(posixpath.join(experiment.directory, target)):
            path = f"{target}/{below}"
            inside = path.removeprefix(f"{name}/")
            if path in written or pattern.match(inside) is None or _is_sealed(experiment, name, inside):
                continue
            return f"{path} stands among its outputs, and it did not write it"
    return ""


def _is_sealed(experiment: Experiment, name: str, path: str) -> bool:
    """Whether an attempt was sealed with a file that is no output: a link, or what could not be read."""
    manifest = read_run(posixpath.join(experiment.directory, name)).manifest
    return manifest is not None and any(each.path == path for each in manifest.files)


def _misfit(experiment: Experiment, stage: Stage, row: StageRow) -> str:
    """Return what the contract, changed since, says against the outputs."""
    contract = experiment.loaded.digest
    if row.contract_digest == contract:
        return ""
    return experiment.proven.fault(row, contract, lambda: _judged(experiment, stage))


def _judged(experiment: Experiment, stage: Stage) -> str:
    for alias in stage.writes:
        target = experiment.target(stage, alias)
        behind = look_at_output(experiment, stage, alias)
        grave = [fault for fault in behind.faults if Report((fault,)).verdict in _CLOSING]
        if grave:
            fault = grave[0]
            return f"its output {target}/{fault.path} is not what the contract says now: {fault.message}"
    return ""
