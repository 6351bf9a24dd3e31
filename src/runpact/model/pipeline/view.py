"""The manifest of an experiment: a view, derived from the records of its attempts.

Knows: its keys.
Does not know: files; nothing is decided from it.
"""

# No deferred annotations: the decoder would evaluate each as text, which costs every command milliseconds.

from collections.abc import Mapping

import msgspec

from runpact.model.finding import Verdict
from runpact.model.pipeline.legacy import ImportRecord
from runpact.model.pipeline.result import Launcher, StageResult
from runpact.model.run import RunRecord, State

EXPERIMENT_FORMAT = "runpact.experiment/1"


class StageRow(msgspec.Struct, frozen=True, kw_only=True):
    """The last attempt at one stage, as its own records tell it."""

    name: str
    """`NN_slug`."""
    state: State
    reason: str = ""
    uid: str | None = None
    started: str | None = None
    ended: str | None = None
    duration_seconds: float | None = None
    command: tuple[str, ...] = ()
    cwd: str = ""
    """Where it ran, relative to the data root; empty outside it."""
    git_sha: str = "unknown"
    python: str = ""
    platform: str = ""
    packages_digest: str = ""
    manifest_digest: str | None = None
    attempt: int = 0
    contract_digest: str = ""
    """Of the contract that it was judged by."""
    launched_by: Launcher = "pipeline"
    result: StageResult | None = None


def view_document(
    record: RunRecord,
    rows: Mapping[str, StageRow],
    *,
    aliases: Mapping[str, str],
    stale: Mapping[str, str],
    config_digest: str,
    imported: ImportRecord | None = None,
) -> dict[str, object]:
    """Return the manifest of an experiment.

    Args:
        record: Its birth record.
        rows: The last attempt at each stage, by name.
        aliases: Where each alias leads, relative to the experiment.
        stale: Why a stage is out of date, by name.
        config_digest: Of the frozen configuration.
        imported: What it took over from a legacy folder; None when it did not.
    """
    led = _by_stage(aliases)
    results = [row.result for row in rows.values() if row.result is not None]
    return {
        "format": EXPERIMENT_FORMAT,
        "sealed": False,
        "uid": record.uid,
        "id": record.id,
        "kind": record.kind,
        "name": record.name,
        "started": record.started,
        "contract": msgspec.to_builtins(record.contract),
        "config_digest": config_digest,
        "launched_by": "stage" if any(row.launched_by == "stage" for row in rows.values()) else "pipeline",
        "resolved_from_legacy": imported is not None
        or any(each.resolved_from_legacy for result in results for each in result.inputs),
        "external": imported is not None and imported.external,
        "imported_from": imported.source if imported is not None else None,
        "aliases": dict(sorted(aliases.items())),
        "stages": {
            name: _stage(row, led.get(name, []), stale.get(name, "")) for name, row in sorted(rows.items())
        },
        "summary": _summary(rows, stale),
    }


def _by_stage(aliases: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the aliases, sorted, that lead into each stage's directory."""
    led: dict[str, list[str]] = {}
    for alias, target in sorted(aliases.items()):
        led.setdefault(target.partition("/")[0], []).append(alias)
    return led


def _stage(row: StageRow, aliases: list[str], stale: str) -> dict[str, object]:
    result = row.result
    return {
        "id": row.name.partition("_")[0],
        "uid": row.uid,
        "attempt": row.attempt,
        "launched_by": row.launched_by,
        "state": row.state.value,
        "status": result.status.value if result else None,
        "exit_code": result.exit_code if result else None,
        "reason": row.reason,
        "started": row.started,
        "ended": row.ended,
        "duration_seconds": row.duration_seconds,
        "command": list(row.command),
        "git_sha": row.git_sha,
        "environment": {
            "python": row.python,
            "platform": row.platform,
            "packages_digest": row.packages_digest,
        },
        "seed": result.seed if result else None,
        "inputs": list(result.inputs) if result else [],
        "outputs": [each.path for each in result.outputs] if result else [],
        "aliases": aliases,
        "stale": bool(stale),
        "why_stale": stale,
        "manifest_digest": row.manifest_digest,
    }


def _summary(rows: Mapping[str, StageRow], stale: Mapping[str, str]) -> dict[str, object]:
    """Return how many stages came to what, and the worst of it; a stage without a verdict counts as ERROR."""
    words = [
        row.result.status.value
        if row.result
        else Verdict.ERROR.value
        if row.state is not State.RUNNING
        else ""
        for row in rows.values()
    ]
    counted = [Verdict(word) for word in words if word]
    worst = max(counted, key=lambda verdict: verdict.exit_code, default=None)
    return {
        "status": worst.value if worst else None,
        "exit_code": worst.exit_code if worst else None,
        "stages": len(rows),
        "stale": len(stale),
        "counts": {verdict.value: counted.count(verdict) for verdict in Verdict},
    }
