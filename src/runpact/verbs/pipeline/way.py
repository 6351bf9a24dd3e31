"""How stages of an experiment are run: where, with what, by whom.

Knows: what fills the slots of a command.
Does not know: which stages must run.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from runpact.model.contract.byhand import is_as_declared
from runpact.model.contract.command import filled
from runpact.model.contract.language import Stage
from runpact.model.contract.stages import directory_of
from runpact.model.names import relative_to
from runpact.model.pipeline.result import Launcher
from runpact.model.provenance import Config
from runpact.model.secretschema import Path
from runpact.verbs.pipeline.experiment import Experiment
from runpact.verbs.pipeline.inputs import Given


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """How stages of an experiment are run."""

    cwd: str
    """Absolute directory that their commands run in."""
    root: str
    """Absolute directory that the contract's commands run in; another one than `cwd` only by hand."""
    config: Config
    environ: Mapping[str, str]
    durability: str = "commit"
    references: Mapping[Path, str] = MappingProxyType({})
    """Variables that the configuration refers to, by where; secret beside those that are so anyway."""
    tee: bool = False
    launched_by: Launcher = "pipeline"
    given: Given = MappingProxyType({})
    """Absolute paths that the caller names for an alias."""
    command: tuple[str, ...] = ()
    """What is run in place of the contract's command: the stage's own program, started by hand."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """Names of variables that the configuration refers to."""
        return tuple(self.references.values())


def command_judged(
    experiment: Experiment, stage: Stage, folders: Mapping[str, str], way: Way
) -> tuple[tuple[str, ...], str]:
    """Return the command that an attempt follows from, and its directory.

    It is the contract's also by hand, unless the person asked for something else than the contract does.
    """
    declared = command_of(experiment, stage, folders, cwd=way.root)
    if way.command and not is_as_declared(way.command, declared, here=way.cwd, root=way.root):
        return way.command, way.cwd
    return declared, way.root


def command_of(
    experiment: Experiment, stage: Stage, folders: Mapping[str, str], *, cwd: str
) -> tuple[str, ...]:
    """Return a stage's command with its slots filled in.

    Args:
        experiment: The experiment.
        stage: The stage.
        folders: Absolute path of what each alias that it reads leads to, as far as that is known.
        cwd: Absolute directory that the command runs in.
    """
    said = "\n".join(stage.command)
    if "{" not in said and "}" not in said:
        return stage.command
    directory = experiment.directory

    def told(path: str) -> str:
        inside = path.startswith(cwd.rstrip("/") + "/")
        return relative_to(path, cwd) if inside else path

    values = {
        **experiment.record.captures,
        "experiment": experiment.name,
        "seed": "" if stage.seed is None else str(stage.seed),
        "config": told(posixpath.join(directory, experiment.config_file or ".runpact/run.json")),
        "stage.id": stage.id,
        "stage.slug": stage.slug,
        "stage.dir": told(posixpath.join(directory, directory_of(stage))),
    }
    values |= {
        f"reads.{alias}": told(folders.get(alias, posixpath.join(directory, alias)))
        for alias in stage.reads
        if f"{{reads.{alias}}}" in said
    }
    values |= {
        f"writes.{alias}": told(posixpath.join(directory, experiment.target(stage, alias)))
        for alias in stage.writes
        if f"{{writes.{alias}}}" in said
    }
    return filled(stage.command, values)
