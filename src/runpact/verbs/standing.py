"""Say where a run stands.

Knows: which facts the answer needs: its records, its lock, its owner.
Does not know: how a state follows from them.
"""

from __future__ import annotations

from runpact.disk.reader import Reading, read_run
from runpact.host.process import liveness
from runpact.model.run import Liveness, RunFacts, Standing, classify
from runpact.model.variables import outcome_of


def stand(directory: str) -> tuple[Reading, Standing]:
    """Read a run directory and return its records with its computed state."""
    reading = read_run(directory)
    return reading, classify(facts_of(reading))


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
