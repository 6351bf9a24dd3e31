"""How far the stages of an experiment are.

Knows: which experiment is meant, and which one stands for all.
Does not know: what makes a stage done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runpact.model.errors import NoSuchRunError, RunpactError
from runpact.workspace.pipelines import (
    Ordered,
    directory_meant,
    directory_of_experiment,
    open_experiment,
    way_of,
)

if TYPE_CHECKING:
    from runpact.model.pipeline.done import DoneStage, Smoke
    from runpact.verbs.judging.done import Watched
    from runpact.workspace import Workspace

__all__ = ["judge_stages"]


def judge_stages(place: Workspace, reference: str, *, smoke: str | None = None) -> tuple[DoneStage, ...]:
    """Hold each stage of an experiment against the definition of done; nothing is changed.

    Args:
        place: The workspace.
        reference: The experiment's name, or any other reference to it.
        smoke: Name of the experiment that stands for all; by default the one that the contract names.

    Raises:
        NoSuchRunError: There is no such experiment.
    """
    from runpact.verbs.judging.done import judge_stages_done

    watched = _watched(place, directory_meant(place, reference))
    return judge_stages_done(watched, _smoke(place, watched, smoke))


def _watched(place: Workspace, directory: str) -> Watched:
    from runpact.verbs.judging.done import Watched

    experiment = open_experiment(place, directory)
    return Watched(experiment, way_of(place, experiment, Ordered(experiment=experiment.name)))


def _smoke(place: Workspace, watched: Watched, smoke: str | None) -> Watched | Smoke:
    from runpact.model.pipeline.done import Smoke

    kind = watched.experiment.kind
    name = smoke if smoke is not None else kind.smoke
    if name is None:
        return Smoke()
    try:
        return _watched(place, directory_of_experiment(place, kind, name))
    except NoSuchRunError:
        return Smoke(experiment=name, fault=f"the experiment `{name}` has not been run")
    except RunpactError as error:
        return Smoke(experiment=name, fault=error.message)
