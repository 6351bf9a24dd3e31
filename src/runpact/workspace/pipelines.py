"""Pipelines of a workspace: an experiment found or made, and run.

Knows: where an experiment stands, which configuration it has, when another one is refused.
Does not know: how a stage is run, how progress is shown.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import msgspec

from runpact.model.confinement import OFF
from runpact.model.contract.stages import directory_of
from runpact.model.errors import CannotStartError, ConfigError, StorageError, UsageError

if TYPE_CHECKING:
    from runpact.model.contract.language import Kind, Stage
    from runpact.model.pipeline.graph import Graph
    from runpact.model.pipeline.standing import Asked
    from runpact.model.run import Standing
    from runpact.model.secretschema import Path
    from runpact.verbs.pipeline.decide import StageStanding  # noqa: TC004 - exported for annotations alone
    from runpact.verbs.pipeline.experiment import Experiment
    from runpact.verbs.pipeline.run import PipelineEnd, Progress, Tell  # noqa: TC004 - exported for annotations alone
    from runpact.verbs.pipeline.way import Way
    from runpact.workspace import Workspace

__all__ = [
    "Ordered",
    "PipelineEnd",
    "PipelineLook",
    "Progress",
    "StageStanding",
    "directory_meant",
    "inputs_given",
    "look_at",
    "plan_stages",
    "run_stages",
    "way_of",
]


class PipelineLook(msgspec.Struct, frozen=True, kw_only=True):
    """Where an experiment and its stages stand."""

    name: str
    path: str
    standing: Standing
    asked: Asked
    stages: tuple[StageStanding, ...]
    stale: dict[str, str]
    """Why a stage is out of date by what it read, by name."""
    living: dict[str, tuple[int, ...]]
    """Processes that outlived whoever ran an attempt, by the stage's name."""
    altered: str | None = None
    """The file of the frozen configuration, when it is not the one that the experiment was begun with."""


class Ordered(msgspec.Struct, frozen=True, kw_only=True):
    """What a person asks of a pipeline."""

    experiment: str
    """Name of the experiment."""
    instead: str | None = None
    """Name of another experiment, for another configuration."""
    kind: str | None = None
    first: str | None = None
    last: str | None = None
    only: tuple[str, ...] = ()
    config: str | None = None
    overrides: tuple[str, ...] = ()
    is_forced: bool = False
    jobs: int = 1
    wait_seconds: float = 0.0
    is_shown: bool = False
    """Repeat the output of stages on our own."""
    durability: str = "commit"
    options: str = ""
    inputs: tuple[tuple[str, str], ...] = ()
    """Alias and path, relative to the current directory, of inputs that the caller names."""
    command: tuple[str, ...] = ()
    """Of the one stage whose own program was started by hand; empty for a pipeline."""


def run_stages(place: Workspace, ordered: Ordered, *, tell: Tell) -> tuple[Experiment, PipelineEnd]:
    """Create or continue an experiment and run its stages.

    Raises:
        CannotStartError: The experiment has another configuration, or belongs to another process.
        UsageError: There is no such stage.
    """
    from runpact.verbs.pipeline.run import Wish, run_pipeline

    experiment = experiment_meant(place, kind_of(place, ordered.kind), ordered)
    wish = Wish(
        ids=_ids(experiment.graph, ordered),
        is_forced=ordered.is_forced,
        jobs=ordered.jobs,
        wait_seconds=ordered.wait_seconds,
        options=ordered.options,
    )
    end = run_pipeline(experiment, wish, way_of(place, experiment, ordered), tell=tell)
    if experiment.loaded.contract.workspace.indexes:
        _list(place, experiment)
    return experiment, end


def _list(place: Workspace, experiment: Experiment) -> None:
    """Refresh the views that list a finished experiment; what cannot be refreshed is marked stale."""
    from runpact.model.run import State
    from runpact.verbs.finding.standing import stand
    from runpact.verbs.life.opened import Registry
    from runpact.verbs.life.views import refresh_views

    if stand(experiment.directory)[1].state is State.FINISHED:
        registry = Registry(experiment.loaded.contract, is_own=not place.is_named)
        record = experiment.record
        refresh_views(experiment.root, registry, kind=record.kind, uid=record.uid)


def plan_stages(place: Workspace, ordered: Ordered) -> PipelineEnd:
    """Return what `run_stages` would do; nothing is made or changed."""
    from runpact.model.pipeline.graph import Graph
    from runpact.verbs.pipeline.run import PipelineEnd, Step, Wish, plan_pipeline

    kind = place.lint().contract.kinds[kind_of(place, ordered.kind)]
    directory = directory_of_experiment(place, kind, ordered.instead or ordered.experiment)
    graph = Graph(kind)
    ids = _ids(graph, ordered)
    if not os.path.lexists(directory):
        names = (directory_of(graph.by_id[each]) for each in ids)
        return PipelineEnd(
            steps=tuple(Step(name=each, done="would run", why="it has not run yet") for each in names)
        )
    experiment = experiment_meant(place, kind_of(place, ordered.kind), ordered)
    wish = Wish(ids=ids, is_forced=ordered.is_forced)
    return plan_pipeline(experiment, wish, way_of(place, experiment, ordered))


def look_at(place: Workspace, reference: str) -> PipelineLook:
    """Return where the stages of an experiment stand; nothing is changed.

    Args:
        place: The workspace.
        reference: The experiment's name, or any other reference to it.
    """
    from runpact.verbs.finding.standing import stand
    from runpact.verbs.pipeline.decide import survey
    from runpact.verbs.pipeline.experiment import read_asked
    from runpact.verbs.pipeline.frozen import altered_config

    experiment = open_experiment(place, directory_meant(place, reference))
    way = way_of(place, experiment, Ordered(experiment=experiment.name))
    return PipelineLook(
        name=experiment.name,
        path=place.shown(experiment.directory),
        standing=stand(experiment.directory)[1],
        asked=read_asked(experiment.directory),
        stages=survey(experiment, experiment.graph.ids, way, is_forced=False),
        stale=experiment.stale(experiment.rows()),
        altered=altered_config(experiment),
        living=_living(experiment.directory),
    )


def _living(directory: str) -> dict[str, tuple[int, ...]]:
    """Return the processes that still live of attempts that were cut short, by the stage's name."""
    from runpact.host.orphans import processes_of
    from runpact.verbs.finding.standing import interrupted_attempts

    attempts = interrupted_attempts(os.path.realpath(directory))
    found = processes_of(attempts)
    return {
        os.path.basename(at): tuple(each.pid for each in found[uid])
        for at, uid in attempts.items()
        if uid in found
    }


def directory_meant(place: Workspace, reference: str) -> str:
    """Return the absolute directory of an experiment by its name, else as any run is named."""
    for kind in place.lint().contract.kinds.values():
        if kind.stages and "/" not in reference:
            directory = directory_of_experiment(place, kind, reference)
            if os.path.isdir(directory):
                return directory
    return place.resolve(reference)


def _ids(graph: Graph, ordered: Ordered) -> tuple[str, ...]:
    return graph.select(first=ordered.first, last=ordered.last, only=ordered.only)


def kind_of(place: Workspace, name: str | None) -> str:
    """Return the kind with stages that is meant.

    Raises:
        UsageError: There is none, or several and none was named.
    """
    kinds = {each: kind for each, kind in place.lint().contract.kinds.items() if kind.stages}
    if name is not None and name in kinds:
        return name
    if name is None and len(kinds) == 1:
        return next(iter(kinds))
    raise UsageError(
        f"no kind `{name}` with stages"
        if name
        else "no kind with stages"
        if not kinds
        else "several kinds have stages",
        expected=" or ".join(kinds) or "a kind of the contract with `stages`",
        got=name or "no kind",
        hint="name one with --kind" if kinds else "",
    )


def experiment_meant(place: Workspace, kind_name: str, ordered: Ordered) -> Experiment:
    """Return the experiment, made when it is new; another configuration than its own is refused."""
    name = ordered.instead or ordered.experiment
    kind = place.lint().contract.kinds[kind_name]
    directory = directory_of_experiment(place, kind, name)
    if ordered.inputs:
        stages = [each for each in kind.stages if not ordered.command or each.id in ordered.only]
        who = f"stage {directory_of(stages[0])}" if ordered.command else "this pipeline"
        demand_read(stages, (alias for alias, _path in ordered.inputs), who=who)
    if not os.path.lexists(directory):
        _create(place, kind_name, name, ordered, directory)
    experiment = open_experiment(place, directory)
    if ordered.config is not None or ordered.overrides:
        _demand_same(place, experiment, ordered)
    return experiment


def _create(place: Workspace, kind_name: str, name: str, ordered: Ordered, directory: str) -> None:
    from runpact.verbs.pipeline.create import create_experiment

    request = place.request(
        kind=kind_name,
        name=name,
        config=_source(place, kind_name, ordered),
        overrides=ordered.overrides,
        durability=ordered.durability,
        guard=OFF,
    )
    try:
        create_experiment(place.data_root, place.lint(), request, cwd=place.root)
    except StorageError:
        if not os.path.lexists(directory):
            raise  # else another process has just made it


def _source(place: Workspace, kind_name: str, ordered: Ordered) -> str | Mapping[str, object] | None:
    """Return what a configuration begins with: its file, else that of the experiment it is to differ from."""
    if ordered.config is not None or ordered.instead is None:
        return ordered.config
    directory = directory_of_experiment(place, place.lint().contract.kinds[kind_name], ordered.experiment)
    if not os.path.isdir(directory):
        return None
    return open_experiment(place, directory).record.provenance.config.resolved


def _demand_same(place: Workspace, experiment: Experiment, ordered: Ordered) -> None:
    """Make sure that the configuration that is given is the one that the experiment began with.

    Raises:
        ConfigError: It is another one.
    """
    from runpact.verbs.pipeline.create import recorded_config

    own = experiment.record.provenance.config
    request = place.request(
        kind=experiment.record.kind,
        name=experiment.name,
        config=_source(place, experiment.record.kind, ordered),
        overrides=ordered.overrides,
    )
    given = recorded_config(experiment.loaded, experiment.kind, request)
    if given.digest != own.digest:
        from runpact.model.pipeline.unlike import told_apart

        name = experiment.name
        begun_with, asked_for = told_apart(own.resolved, given.resolved)
        raise ConfigError(
            f"`{name}` was begun with another configuration",
            at=experiment.directory,
            expected=begun_with or own.digest,
            got=asked_for or given.digest,
            hint=f"leave --config and --set out to keep its own, or begin another one: --as {name}-2",
        )


def directory_of_experiment(place: Workspace, kind: Kind, name: str) -> str:
    """Return the absolute directory that an experiment of that name has."""
    from runpact.model.names import check_name
    from runpact.model.template import PathTemplate

    template = PathTemplate.parse(kind.at)
    check_name(name, what="experiment")
    free = [each for each in template.captures if each not in {"started", "git", "uid", "kind"}]
    if len(free) != 1 or len(template.captures) != 1:
        raise CannotStartError(
            "the place of an experiment has one capture, its name",
            expected="at: runs/{experiment}",
            got=kind.at,
        )
    return posixpath.join(place.data_root, template.render({free[0]: name}))


def open_experiment(place: Workspace, directory: str) -> Experiment:
    """Return the experiment at an absolute directory.

    Raises:
        NoSuchRunError: There is none.
    """
    from runpact.verbs.pipeline.experiment import Experiment

    return Experiment.open(directory, root=place.data_root, loaded=place.lint())


def way_of(place: Workspace, experiment: Experiment, ordered: Ordered) -> Way:
    """Return how the stages of an experiment are run, as it was ordered."""
    from runpact.verbs.pipeline.way import Way
    from runpact.workspace.configuring import configured

    config = experiment.record.provenance.config
    references: Mapping[Path, str] = {}
    if b"${env:" in msgspec.json.encode(config.resolved):
        resolved = configured(place, config.resolved, kind=experiment.record.kind)
        config = msgspec.structs.replace(config, resolved=resolved.config.resolved)
        references = resolved.references
    return Way(
        cwd=place.cwd if ordered.command else place.root,
        root=place.root,
        config=config,
        environ=dict(os.environ),
        durability=ordered.durability,
        references=references,
        tee=ordered.is_shown,
        given=inputs_given(place, ordered.inputs),
        command=ordered.command,
        launched_by="stage" if ordered.command else "pipeline",
    )


def inputs_given(place: Workspace, inputs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Return the absolute paths that the caller names, by alias; none for an empty path."""
    named: dict[str, tuple[str, ...]] = {}
    for alias, path in inputs:
        there = (posixpath.normpath(posixpath.join(place.cwd, path)),) if path else ()
        named[alias] = (*named.get(alias, ()), *there)
    return named


def demand_read(stages: Iterable[Stage], named: Iterable[str], *, who: str) -> None:
    """Make sure that every input that a caller names is one that is read.

    Args:
        stages: Those that may read it.
        named: The aliases.
        who: The reader, as a person knows it.

    Raises:
        UsageError: Nothing reads it.
    """
    read = dict.fromkeys(alias for stage in stages for alias in stage.reads)
    unknown = sorted(set(named) - read.keys())
    if unknown:
        expected = " or ".join(f"`{alias}`" for alias in read) or "no input"
        raise UsageError(f"{who} reads no `{unknown[0]}`", expected=expected, got=unknown[0])
