"""A run: its birth record, its owner, its states.

Knows: what a state follows from; the table of moves; no state is believed from a file.
Does not know: how the facts are gathered.
"""

# No deferred annotations: the decoder would evaluate each as text, which costs every command milliseconds.

import enum
from typing import Literal

import msgspec

from runpact.model.provenance import Provenance

RUN_FORMAT = "runpact.run/1"


class State(enum.Enum):
    """Where a run stands; always computed from facts."""

    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    ABANDONED = "abandoned"
    UNKNOWN = "unknown"
    CORRUPT = "corrupt"


SEALABLE = frozenset({State.FINISHED, State.FAILED, State.INTERRUPTED})
"""States that a seal may record."""


class Owner(msgspec.Struct, frozen=True):
    """The process that writes a run, named so that it cannot be mistaken for a later one."""

    pid: int
    start_ticks: int
    """Field 22 of /proc/<pid>/stat; 0 where the system does not tell."""
    boot_id: str
    host_id: str
    """Digest of the machine's identity, not its name."""
    pid_namespace: int = 0
    """Inode of the pid namespace; 0 where the system does not tell."""


class ContractRef(msgspec.Struct, frozen=True):
    """The contract a run was made under."""

    id: str
    version: str
    digest: str
    """Over the names and digests of the contract's files."""


class RunRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Birth record of a run, `.runpact/run.json`; written once, before the run is visible."""

    format: str = RUN_FORMAT
    uid: str
    id: str
    kind: str
    name: str = ""
    started: str
    """RFC 3339, UTC, microseconds."""
    captures: dict[str, str] = {}
    """Captures of the kind's `at`, as text."""
    records: dict[str, str]
    """Paths of manifest, events and metrics, relative to the run directory."""
    contract: ContractRef
    owner: Owner
    provenance: Provenance = Provenance()
    parent: str | None = None
    """uid of the run that this one is part of."""
    parent_path: str | None = None
    """Where that run stood then, relative to the workspace; null when it stood elsewhere."""
    reproduces: str | None = None
    """uid of the run that this one was to make again."""
    durability: str = "commit"
    sealed: Literal["whole", "by_stage"] = "whole"
    """`by_stage`: an experiment, whose stages are sealed one by one."""
    stage: str | None = None
    """Id of the stage that the run is an attempt at; None for any other run."""
    attempt: int = 0
    """Number of the attempt, from 1; 0 for any other run."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a run ended; stands in the sealed manifest."""

    state: State
    ended: str
    duration_seconds: float
    """Monotonic, from publication to seal."""
    exit_code: int | None = None
    signal: int | None = None
    error: str | None = None
    """`Type: message` of the exception or the reason."""


class Liveness(enum.Enum):
    """What can be said about the owner of an unsealed run."""

    ALIVE = "alive"
    DEAD = "dead"
    ORPHANS = "orphans"
    """Dead, but a forked child still holds the lock."""
    UNDECIDED = "undecided"
    """Another host, and nothing proves either."""


class RunFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in a run directory, without judgement."""

    has_record: bool
    record_fault: str | None = None
    has_manifest: bool = False
    manifest_fault: str | None = None
    is_sealed: bool = False
    """The manifest parses and says so."""
    outcome: Outcome | None = None
    has_seal: bool = False
    seal_fault: str | None = None
    """Why seal and manifest do not belong together; None when they do."""
    log_fault: str | None = None
    """Why a sealed log is not the one that was sealed; None when unread or right."""
    is_staged: bool = False
    """The directory has the name of a run being created."""
    liveness: Liveness = Liveness.UNDECIDED


class Standing(msgspec.Struct, frozen=True):
    """A state with the reason for it."""

    state: State
    reason: str = ""


def classify(facts: RunFacts) -> Standing:
    """Say where a run stands; total over all facts.

    Source:
        docs/FORMAT.md, "States".
    """
    fault = _damage(facts)
    if facts.is_staged:
        return _staged(facts)
    if fault:
        return Standing(State.CORRUPT, fault)
    if not facts.has_record:
        return Standing(State.UNKNOWN, "no runpact records: a foreign directory")
    if facts.is_sealed and facts.outcome is not None:
        return Standing(facts.outcome.state, facts.outcome.error or "")
    return _unsealed(facts)


def _damage(facts: RunFacts) -> str | None:
    if not facts.has_record and (facts.has_manifest or facts.has_seal):
        return "the birth record is missing"
    if facts.is_sealed and not facts.has_seal:
        return "the seal is missing"
    if not facts.has_manifest and facts.has_seal:
        return "the manifest is missing"
    if facts.is_sealed and (facts.outcome is None or facts.outcome.state not in SEALABLE):
        return "the sealed manifest does not say how the run ended"
    faults = (facts.record_fault, facts.manifest_fault, facts.log_fault)
    return next((fault for fault in faults if fault), facts.seal_fault if facts.is_sealed else None)


def _staged(facts: RunFacts) -> Standing:
    if facts.liveness is Liveness.ALIVE:
        return Standing(State.RUNNING, "being created")
    return Standing(State.ABANDONED, "its creation never completed")


_UNSEALED = {
    Liveness.ALIVE: Standing(State.RUNNING),
    Liveness.DEAD: Standing(State.INTERRUPTED, "its process ended without sealing it"),
    Liveness.ORPHANS: Standing(State.INTERRUPTED, "its process ended; a child of it still lives"),
    Liveness.UNDECIDED: Standing(State.UNKNOWN, "its process ran on another host"),
}


def _unsealed(facts: RunFacts) -> Standing:
    return _UNSEALED[facts.liveness]
