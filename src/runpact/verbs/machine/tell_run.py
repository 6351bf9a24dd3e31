"""What a program is told of the run that a command made.

Knows: which facts of a run, and of its report, an answer repeats.
Does not know: the command.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

import msgspec

from runpact.formats import jsondoc
from runpact.formats.beneath import open_beneath
from runpact.formats.limits import read_capped
from runpact.model.contract.viewfiles import view_files
from runpact.model.facts import DocumentFact, FormatFault
from runpact.model.machine.application import GENERAL, SUCCEEDED
from runpact.model.machine.failure import COMMAND_FAILED, Failure
from runpact.model.run import State
from runpact.verbs.life.opened import OpenRun
from runpact.verbs.machine.outcome import Outcome

_REPORT = "report.json"
_OF_SWEEP = ("verdict", "counts", "best_result", "best_config", "leaderboard", "out_of_sample")
_CONTRACT = "machine_contract"


def tell_run(run: OpenRun) -> Outcome:
    """Return what came of a command that returned this run: a failure unless it finished."""
    state, result = run.standing.state, facts_of(run)
    if state is State.FINISHED:
        return Outcome(exit_code=SUCCEEDED, result=result | _of_registry(run))
    message = f"the run is {state.value}" + (f": {run.standing.reason}" if run.standing.reason else "")
    path = str(result["artifacts_path"])
    failure = Failure(code=COMMAND_FAILED, type="RunState", message=message, at=path, got=state.value)
    return Outcome(exit_code=GENERAL, result=result, error=failure)


def tell_sweep(run: OpenRun, document: Mapping[str, object]) -> Outcome:
    """Return what came of a command that returned a sweep: that of its run, with what it found.

    Args:
        run: The sweep's own.
        document: The sweep as plain data.
    """
    outcome, found = tell_run(run), {key: document[key] for key in _OF_SWEEP}
    return msgspec.structs.replace(outcome, result={**found, **dict(outcome.result)})  # type: ignore[call-overload]  # a mapping


def facts_of(run: OpenRun) -> dict[str, object]:
    """Return what an answer says of a run, whatever became of it."""
    path = posixpath.relpath(run.dir, run.root)
    facts: dict[str, object] = {
        "run_id": run.id,
        "uid": run.uid,
        "kind": run.record.kind,
        "state": run.standing.state.value,
        "artifacts_path": path,
    }
    if "session" in run.record.captures:
        facts["session_id"] = run.id
    return facts | _of_report(run.dir, path)


def _of_registry(run: OpenRun) -> dict[str, object]:
    """Return where the first registry view stands that lists runs of this kind, if one does."""
    views = run.registry.contract.workspace.indexes if run.registry is not None else ()
    view = next((each for each in views if run.record.kind in each.kinds or not each.kinds), None)
    if view is None:
        return {}
    files = {f"runs_index_{form}": path for form, path in view_files(view.files).items()}
    return {"runs_index_root": posixpath.dirname(view.files) or ".", **files}


def _of_report(directory: str, shown: str) -> dict[str, object]:
    """Return where the report stands, its machine contract, and the summary in that."""
    opened = open_beneath(directory, _REPORT)
    if isinstance(opened, FormatFault):
        return {}
    with opened as stream:
        data = read_capped(stream)
    place: dict[str, object] = {"report_path": posixpath.join(shown, _REPORT)}
    document = data if isinstance(data, FormatFault) else jsondoc.parse(data)
    report = document.value if isinstance(document, DocumentFact) else None
    contract = report.get(_CONTRACT) if isinstance(report, dict) else None
    if not isinstance(contract, dict):
        return place
    return {**place, _CONTRACT: contract, "summary": contract.get("summary")}
