"""The stable names of what a stage produces.

Knows: which aliases an attempt earns.
Does not know: how a link takes the place of another.
"""

from __future__ import annotations

import posixpath

from runpact.disk import alias as aliases
from runpact.model.contract.language import Stage
from runpact.model.pipeline.result import StageResult
from runpact.verbs.pipeline.experiment import Experiment


def remove_aliases(experiment: Experiment, stage: Stage) -> tuple[str, ...]:
    """Take the aliases of a stage away; return those that there were.

    Raises:
        StorageError: Something that runpact did not make stands there.
    """
    if experiment.kind.aliases == "record":
        return ()
    return tuple(alias for alias in stage.writes if aliases.remove_alias(experiment.directory, alias))


def set_aliases(experiment: Experiment, stage: Stage, result: StageResult) -> tuple[str, ...]:
    """Let the aliases of a stage lead to its outputs, if these may be read; return those that did not yet.

    An orchestrator may have died between the seal and the alias; a copy may have been changed since.
    """
    if not result.is_usable or experiment.kind.aliases == "record":
        return ()
    made = {each.alias for each in result.outputs}
    wanting = tuple(
        alias for alias in stage.writes if alias in made and not _is_set(experiment, stage, alias, result)
    )
    for alias in wanting:
        _set_alias(experiment, stage, alias, result)
    return wanting


def _is_set(experiment: Experiment, stage: Stage, alias: str, result: StageResult) -> bool:
    """Whether an alias leads to what a stage made; copies must be that, and nothing else."""
    directory, target = experiment.directory, experiment.target(stage, alias)
    if experiment.kind.aliases == "link":
        return aliases.link_target(directory, alias) == target
    copies = {
        f"{alias}/{posixpath.relpath(each.path, target)}": each.digest
        for each in result.outputs
        if each.alias == alias
    }
    return (
        aliases.is_directory_set(directory, alias)
        and {f"{alias}/{below}" for below in experiment.proven.names(f"{directory}/{alias}")} == copies.keys()
        and all(experiment.proven.digest(f"{directory}/{path}") == digest for path, digest in copies.items())
    )


def _set_alias(experiment: Experiment, stage: Stage, alias: str, result: StageResult) -> None:
    target = experiment.target(stage, alias)
    if experiment.kind.aliases == "link":
        aliases.set_link(experiment.directory, alias, target)
        return
    files = {
        posixpath.relpath(each.path, target): posixpath.join(experiment.directory, each.path)
        for each in result.outputs
        if each.alias == alias
    }
    aliases.set_directory(experiment.directory, alias, files)
