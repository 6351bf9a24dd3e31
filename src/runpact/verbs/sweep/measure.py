"""Read the objective of a trial from its run.

Knows: where metrics and documents of a run stand.
Does not know: which value is better.
"""

from __future__ import annotations

import posixpath

from runpact.disk.reader import Reading, read_bytes
from runpact.disk.storedlog import StoredLog
from runpact.formats.inspect import parse_document
from runpact.formats.pointer import value_at
from runpact.model.facts import FormatFault
from runpact.model.metrics import MetricSummary, summarise_metrics
from runpact.model.run import State
from runpact.model.sweep.objective import Objective, number_of
from runpact.model.sweep.trial import Trial, TrialEnd
from runpact.verbs.finding.origin import origin_of
from runpact.verbs.judging.check import CheckedRun


def ended_run(
    trial: Trial, reading: Reading, checked: CheckedRun, objective: Objective, *, reason: str = ""
) -> TrialEnd:
    """Return what became of a trial that has a run.

    Args:
        trial: What was tried.
        reading: Records of its run.
        checked: The verdict on it.
        objective: What is read from it.
        reason: Why it did not finish, where that is known.
    """
    manifest, origin = reading.manifest, origin_of(reading)
    outcome = manifest.outcome if manifest is not None else None
    known = reading.record or manifest
    value, lacking = (None, "")
    state = checked.state
    if state is State.FINISHED:
        value, lacking = measured(reading, objective)
        lacking = f"it does not keep its contract: {checked.fault}" if checked.fault else lacking
    return TrialEnd(
        trial=trial,
        uid=known.uid if known is not None else None,
        path=checked.path,
        state=state.value,
        verdict=checked.verdict.value,
        objective=value,
        reason=lacking or reason or (outcome.error or "" if outcome is not None else ""),
        seconds=outcome.duration_seconds if outcome is not None else 0.0,
        config_digest=origin.config.digest if origin is not None else "",
    )


def measured(reading: Reading, objective: Objective) -> tuple[float | None, str]:
    """Return the objective of a run, or why there is none."""
    metric = objective.metric
    if metric is None:
        return _in_document(reading, objective)
    if reading.record is None:
        return None, "its records are damaged"
    found = {each.name: each for each in metrics_in(reading)}
    return number_of(getattr(found.get(metric), objective.end, None))


def metrics_in(reading: Reading) -> tuple[MetricSummary, ...]:
    """Return the metrics of a run in short; none of one without records."""
    if reading.record is None:
        return ()
    return summarise_metrics(StoredLog(reading.directory, reading.record.records["metrics"]).entries())


def _in_document(reading: Reading, objective: Objective) -> tuple[float | None, str]:
    path, _mark, pointer = objective.field.partition("#")
    data = read_bytes(reading.directory, path)
    if data is None:
        return None, f"the objective is absent: there is no `{path}`"
    value = parse_document(posixpath.basename(path), data)
    if isinstance(value, FormatFault):
        return None, f"`{path}` cannot be read: {value.message}"
    return number_of(value_at(value, pointer))
