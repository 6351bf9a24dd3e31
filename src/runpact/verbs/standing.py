"""Say where a run stands.

Knows: which facts the answer needs: its records, its lock, its owner.
Does not know: how a state follows from them.
"""

from __future__ import annotations

from runpact.disk.reader import Reading, read_run
from runpact.host.process import liveness
from runpact.model.run import Liveness, RunFacts, Standing, State, classify
from runpact.model.variables import outcome_of

_AMISS = frozenset({State.INTERRUPTED, State.ABANDONED, State.CORRUPT, State.UNKNOWN})
"""What a run may seem to be while it is being published or sealed."""


def stand(directory: str) -> tuple[Reading, Standing]:
    """Read a run directory and return its records with its computed state.

    An owner may seal its run between our looks at two of its records, or at its lock. It gives the lock back
    last and writes nothing afterwards, so what looks amiss is looked at once more: that look is final.
    """
    reading = read_run(directory)
    standing = classify(facts_of(reading))
    if standing.state in _AMISS:
        reading = read_run(directory)
        standing = classify(facts_of(reading))
    return reading, standing


def facts_of(reading: Reading) -> RunFacts:
    """Return the facts that a state follows from."""
    manifest = reading.manifest
    is_sealed = manifest is not None and manifest.sealed
    return RunFacts(
        has_record=reading.has_record,
        record_fault=reading.record_fault,
        has_manifest=reading.has_manifest,
        manifest_fault=reading.manifest_fault,
        is_sealed=is_sealed,
        outcome=outcome_of(manifest),
        has_seal=reading.has_seal,
        seal_fault=reading.seal_fault,
        is_staged=reading.is_staged,
        liveness=_liveness(reading) if not is_sealed else Liveness.DEAD,
    )


def _liveness(reading: Reading) -> Liveness:
    if reading.record is None:
        return Liveness.ALIVE if reading.lock_held else Liveness.DEAD
    return liveness(reading.record.owner, lock_held=reading.lock_held)
