"""Where to begin so that what a stage writes is made anew.

Knows: that to run a stage helps nobody while one that it rests on is out of date.
Does not know: what closes a gate.
"""

from __future__ import annotations

from collections.abc import Container

from runpact.model.contract.language import Stage
from runpact.model.contract.stages import directory_of
from runpact.model.run import State
from runpact.verbs.pipeline.experiment import Experiment


def first_to_run(experiment: Experiment, writer: Stage, stale: Container[str]) -> str:
    """Return the id of the first of a stage and those that it rests on that cannot be used as it is.

    Args:
        experiment: The experiment.
        writer: The stage whose outputs are wanted.
        stale: Names of the stages that are out of date.
    """
    graph = experiment.graph
    before = (graph.by_id[each] for each in graph.before(writer.id))
    return next((each.id for each in before if _is_wanting(experiment, each, stale)), writer.id)


def _is_wanting(experiment: Experiment, stage: Stage, stale: Container[str]) -> bool:
    row = experiment.row(stage)
    if row is None:  # its outputs may be older results
        return experiment.imported() is None and not any(
            each in experiment.kind.legacy for each in stage.writes
        )
    is_usable = row.state is State.FINISHED and row.result is not None and row.result.is_usable
    return not is_usable or directory_of(stage) in stale
