"""Say where a run stands.

Knows: which facts the answer needs: its records, its lock, its owner.
Does not know: how a state follows from them.
"""

from __future__ import annotations

import posixpath

from runpact.disk.experiment import stage_directories
from runpact.disk.layout import IMPORTED, PIPELINE
from runpact.disk.reader import Reading, is_locked, read_bytes, read_run
from runpact.host.process import liveness
from runpact.model.pipeline.standing import experiment_standing, parse_asked
from runpact.model.run import Liveness, RunFacts, Standing, State, classify
from runpact.model.variables import outcome_of

_AMISS = frozenset({State.INTERRUPTED, State.ABANDONED, State.CORRUPT, State.UNKNOWN})
"""What a run may seem to be while it is being published or sealed."""


def stand(directory: str) -> tuple[Reading, Standing]:
    """Read a run directory and return its records with its computed state.

    An owner may seal its run between our looks at two of its records, or at its lock. It gives the lock back
    last and writes nothing afterwards, so what looks amiss is looked at once more: that look is final.
    """
    reading, standing = _look(directory)
    return _look(directory) if standing.state in _AMISS else (reading, standing)


def _look(directory: str) -> tuple[Reading, Standing]:
    reading = read_run(directory)
    return reading, stand_by_stage(directory) if is_experiment(reading) else classify(facts_of(reading))


def is_experiment(reading: Reading) -> bool:
    """Whether a run is sealed stage by stage, and not as a whole; not while it is being created."""
    is_by_stage = reading.record is not None and reading.record.sealed == "by_stage"
    return is_by_stage and not reading.is_staged


def stand_by_stage(directory: str) -> Standing:
    """Return where an experiment stands: by its stages, and by whether an orchestrator has it."""
    is_orchestrated = is_locked(posixpath.join(directory, PIPELINE)) is True
    stages = {name: stand(posixpath.join(directory, name))[1] for name in stage_directories(directory)}
    asked = parse_asked(read_bytes(directory, PIPELINE))
    imported = read_bytes(directory, IMPORTED)
    return experiment_standing(
        asked.stages,
        stages,
        is_orchestrated=is_orchestrated,
        is_imported=_is_import_complete(imported) if imported is not None else None,
    )


def interrupted_attempts(directory: str) -> dict[str, str]:
    """Return the uids of an experiment's attempts that were cut short, by their directory.

    Args:
        directory: Absolute and real, of the experiment.
    """
    attempts = {
        at: stand(at) for name in stage_directories(directory) for at in (posixpath.join(directory, name),)
    }
    return {
        at: reading.record.uid
        for at, (reading, standing) in attempts.items()
        if standing.state is State.INTERRUPTED and reading.record is not None
    }


def _is_import_complete(record: bytes) -> bool:
    from runpact.model.pipeline.legacy import is_import_complete  # noqa: PLC0415 - few experiments were imported

    return is_import_complete(record)


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
