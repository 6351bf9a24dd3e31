"""Measure how far the stages of an experiment are.

Knows: what is looked at for each point of the definition of done.
Does not know: what a point asks.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from runpact.disk.reader import read_run
from runpact.formats.inspect import Inspector
from runpact.model.contract.language import Stage
from runpact.model.contract.stages import attempt_kind, directory_of, outputs_of
from runpact.model.facts import DocumentFact, Json
from runpact.model.finding import Finding
from runpact.model.pipeline.done import DoneStage, Measurement, Smoke, judge_done
from runpact.model.pipeline.judging import judge_view
from runpact.model.pipeline.view import StageRow
from runpact.verbs.judging.verify import verify_run
from runpact.verbs.pipeline.behind import look_at_output
from runpact.verbs.pipeline.decide import StageStanding, survey
from runpact.verbs.pipeline.experiment import Experiment
from runpact.verbs.pipeline.inputs import gather_inputs
from runpact.verbs.pipeline.way import Way


class Watched:
    """An experiment, and how its stages would be run."""

    def __init__(self, experiment: Experiment, way: Way) -> None:
        """Look where the stages stand; nothing is changed."""
        self.experiment = experiment
        self.way = way
        standings = survey(experiment, experiment.graph.ids, way, is_forced=False)
        self.standings = {each.name: each for each in standings}


def judge_stages_done(watched: Watched, smoke: Watched | Smoke) -> tuple[DoneStage, ...]:
    """Return how far each stage of an experiment is.

    Args:
        watched: The experiment.
        smoke: The one that stands for all, or why it cannot be looked at.
    """
    line = _line_findings(watched.experiment)
    return tuple(
        judge_done(_measure(watched, stage, line, smoke)) for stage in watched.experiment.graph.stages
    )


def _measure(
    watched: Watched, stage: Stage, line: Mapping[str, tuple[Finding, ...]], smoke: Watched | Smoke
) -> Measurement:
    experiment, name = watched.experiment, directory_of(stage)
    row = experiment.row(stage)
    tested = _smoke(smoke, name) if isinstance(smoke, Watched) else smoke
    types = experiment.loaded.contract.types
    if row is None or row.result is None:
        return Measurement(stage=stage, experiment=experiment.name, types=types, row=row, smoke=tested)
    directory = posixpath.join(experiment.directory, name)
    manifest = read_run(directory).manifest
    summary = _summary_path(experiment, stage)
    return Measurement(
        stage=stage,
        experiment=experiment.name,
        types=types,
        written=_types_written(experiment),
        row=row,
        why=_why(watched.standings[name]),
        gate=gather_inputs(experiment, stage, is_thorough=True).findings,
        outputs=tuple(_output_faults(experiment, stage)),
        damage=verify_run(directory)[1].findings,
        lost=_lost(experiment, stage, row),
        line=line.get(name, ()),
        sealed=frozenset(file.path for file in manifest.files) if manifest is not None else frozenset(),
        summary=_summary(directory, summary),
        summary_path=summary,
        smoke=tested,
    )


def _why(standing: StageStanding) -> str:
    return standing.why or standing.follows


def _smoke(watched: Watched, name: str) -> Smoke:
    experiment = watched.experiment
    return Smoke(
        experiment=experiment.name,
        row=experiment.rows().get(name),
        why=_why(watched.standings[name]),
    )


def _line_findings(experiment: Experiment) -> dict[str, tuple[Finding, ...]]:
    """Return where the manifest of an experiment says otherwise than its attempts, by stage."""
    path = experiment.record.records["manifest"]
    facts = Inspector(experiment.directory).document(path)
    document = facts.value if isinstance(facts, DocumentFact) else None
    rows = experiment.rows()
    found: dict[str, tuple[Finding, ...]] = {}
    for each in judge_view(document, rows, path=path, config_digest=experiment.config_digest):
        name = each.path.rpartition("/")[2]
        found[name] = (*found.get(name, ()), each)
    return found


def _types_written(experiment: Experiment) -> dict[str, tuple[str, ...]]:
    """Return the types of what stands behind each alias."""
    found: dict[str, tuple[str, ...]] = {}
    for stage in experiment.graph.stages:
        for alias, output in outputs_of(stage):
            found[alias] = (*found.get(alias, ()), output.type_ or "")
    return found


def _output_faults(experiment: Experiment, stage: Stage) -> Iterator[Finding]:
    """Yield what is wrong now with what stands behind the aliases of a stage."""
    for alias in stage.writes:
        yield from look_at_output(experiment, stage, alias).faults


def _lost(experiment: Experiment, stage: Stage, row: StageRow) -> dict[str, str]:
    """Return where aliases should lead, of those that lead elsewhere; an unusable attempt has none."""
    leads = experiment.aliases({row.name: row})
    return {
        alias: target
        for alias in stage.writes
        if leads.get(alias) != (target := experiment.target(stage, alias))
    }


def _summary_path(experiment: Experiment, stage: Stage) -> str:
    """Return where the summary that runpact writes stands in a stage; empty where the layout has none."""
    kind = attempt_kind(experiment.kind, stage, experiment.loaded.contract.types)
    return next((entry.single or "" for entry in kind.entries if entry.fields == "summary"), "")


def _summary(directory: str, path: str) -> Json:
    facts = Inspector(directory).document(path) if path else None
    return facts.value if isinstance(facts, DocumentFact) else None
