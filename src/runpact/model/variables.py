"""The variable `run` of the contract's expressions.

Knows: which facts of a run have which name there.
Does not know: how they were read.
"""

from __future__ import annotations

import msgspec

from runpact.model.manifest import Manifest
from runpact.model.provenance import Devices, Provenance
from runpact.model.run import Outcome, RunRecord, State
from runpact.model.secretnames import without_references

RUN = frozenset(
    {
        *("id", "uid", "kind", "name", "started", "parent", "contract", "state", "word"),
        *("command", "commit", "git", "branch", "dirty", "python", "platform", "packages", "packages_digest"),
        *("devices", "seeds", "config", "config_digest", "config_source", "inputs"),
        *("config_composed", "config_resolved", "request"),
        *("ended", "duration_seconds", "exit_code", "signal", "error"),
    }
)
"""What `run` has of every run that runpact made, besides the captures of its path."""


def run_variables(
    record: RunRecord,
    state: State,
    word: str,
    outcome: Outcome | None = None,
    provenance: Provenance | None = None,
) -> dict[str, object]:
    """Return `run` for a run that runpact made; captures join it by name.

    Args:
        record: Its birth record.
        state: Its computed state.
        word: The layout's own word for that state.
        outcome: How it ended; the fields it fills are null without it.
        provenance: Where it comes from as known last; by default as known at its birth.
    """
    origin = provenance or record.provenance
    captures: dict[str, object] = {**record.captures}
    return (
        captures
        | _identity(record)
        | _origin(record, origin)
        | _end(outcome)
        | {"state": state.value, "word": word}
    )


def foreign_variables(captures: dict[str, str], kind: str, name: str, state: State) -> dict[str, object]:
    """Return `run` for a directory that runpact did not make: what its path tells."""
    return {**captures, "id": name, "kind": kind, "state": state.value, "word": state.value}


def _identity(record: RunRecord) -> dict[str, object]:
    return {
        "id": record.id,
        "uid": record.uid,
        "kind": record.kind,
        "name": record.name,
        "started": record.started,
        "parent": record.parent,
        "contract": {
            "id": record.contract.id,
            "version": record.contract.version,
            "digest": record.contract.digest,
        },
    }


def _origin(record: RunRecord, origin: Provenance) -> dict[str, object]:
    code, environment, config = origin.code, origin.environment, origin.config
    return {
        "command": list(origin.command),
        "commit": code.commit,
        "git": record.captures.get("git", code.short),
        "branch": code.branch,
        "dirty": code.dirty,
        "python": environment.python,
        "platform": environment.platform,
        "packages": environment.packages,
        "packages_digest": environment.packages_digest,
        "devices": _devices(origin.devices),
        "seeds": origin.seeds,
        "config": config.resolved,
        "config_composed": config.composition.composed if config.composition else config.resolved,
        "config_resolved": without_references(config.resolved),
        "config_digest": config.digest,
        "config_source": config.source,
        "inputs": [msgspec.structs.asdict(each) for each in origin.inputs],
        "request": None if origin.request is None else msgspec.structs.asdict(origin.request),
    }


def _devices(devices: Devices) -> dict[str, object]:
    told = msgspec.to_builtins(devices)
    del told["captured"]
    return msgspec.convert(told, dict[str, object])


def _end(outcome: Outcome | None) -> dict[str, object]:
    return {
        "ended": outcome.ended if outcome else None,
        "duration_seconds": outcome.duration_seconds if outcome else None,
        "exit_code": outcome.exit_code if outcome else None,
        "signal": outcome.signal if outcome else None,
        "error": outcome.error if outcome else None,
    }


def outcome_of(manifest: Manifest | None) -> Outcome | None:
    """Return how a sealed run ended; None for an unsealed one."""
    return manifest.outcome if manifest is not None and manifest.sealed else None
