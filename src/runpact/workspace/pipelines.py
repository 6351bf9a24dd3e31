"""Pipelines of a workspace: an experiment found or made, and run.

Knows: where an experiment stands, which configuration it has, when another one is refused.
Does not know: how a stage is run, how progress is shown.
"""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING

import msgspec

from runpact.model.confinement import OFF
from runpact.model.errors import CannotStartError, ConfigError, StorageError, UsageError

if TYPE_CHECKING:
    from runpact.model.contract.language import Kind
    from runpact.verbs.pipeline.attempt import Way
    from runpact.verbs.pipeline.experiment import Experiment
    from runpact.verbs.pipeline.run import PipelineEnd, Progress, Tell  # noqa: TC004 - exported for annotations alone
    from runpact.workspace import Workspace

__all__ = ["Ordered", "PipelineEnd", "Progress", "run_stages"]


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


def run_stages(place: Workspace, ordered: Ordered, *, tell: Tell) -> tuple[Experiment, PipelineEnd]:
    """Create or continue an experiment and run its stages.

    Raises:
        CannotStartError: The experiment has another configuration, or belongs to another process.
        UsageError: There is no such stage.
    """
    from runpact.verbs.pipeline.run import Wish, run_pipeline

    kind_name = _kind_of(place, ordered.kind)
    experiment = _experiment(place, kind_name, ordered)
    graph = experiment.graph
    ids = graph.select(first=ordered.first, last=ordered.last, only=ordered.only)
    wish = Wish(
        ids=ids,
        is_forced=ordered.is_forced,
        jobs=ordered.jobs,
        wait_seconds=ordered.wait_seconds,
        options=ordered.options,
    )
    return experiment, run_pipeline(experiment, wish, _way(place, experiment, ordered), tell=tell)


def _kind_of(place: Workspace, name: str | None) -> str:
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


def _experiment(place: Workspace, kind_name: str, ordered: Ordered) -> Experiment:
    """Return the experiment, made when it is new; another configuration than its own is refused."""
    from runpact.verbs.pipeline.create import create_experiment

    loaded = place.lint()
    name = ordered.instead or ordered.experiment
    is_given = ordered.config is not None or bool(ordered.overrides)
    directory = directory_of_experiment(place, loaded.contract.kinds[kind_name], name)
    request = place.request(
        kind=kind_name,
        name=name,
        config=ordered.config,
        overrides=ordered.overrides,
        durability=ordered.durability,
        guard=OFF,
    )
    if not os.path.lexists(directory):
        try:
            create_experiment(place.data_root, loaded, request, cwd=place.root)
        except StorageError:
            if not os.path.lexists(directory):
                raise  # else another process has just made it
    experiment = open_experiment(place, directory)
    own = experiment.record.provenance.config
    if is_given and request.config.digest != own.digest:
        raise ConfigError(
            f"`{name}` was begun with another configuration",
            at=directory,
            expected=own.digest,
            got=request.config.digest,
            hint=f"leave --config and --set out to keep its own, or begin another one: --as {name}-2",
        )
    return experiment


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


def _way(place: Workspace, experiment: Experiment, ordered: Ordered) -> Way:
    from runpact.verbs.mask import patterns_in
    from runpact.verbs.pipeline.attempt import Way

    return Way(
        cwd=place.root,
        config=experiment.record.provenance.config,
        environ=dict(os.environ),
        durability=ordered.durability,
        secrets=patterns_in(os.environ),
        tee=ordered.is_shown,
    )
