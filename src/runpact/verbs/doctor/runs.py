"""Examine the runs that are not sealed, or not whole.

Knows: which facts of them are judged: state, owner, age, processes that live on.
Does not know: the rules.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

import msgspec

from runpact.disk.reader import Reading
from runpact.disk.stamps import directory_stamp
from runpact.host.orphans import Process, processes_of
from runpact.host.process import liveness
from runpact.model.doctor.diagnosis import Diagnosis, diagnose
from runpact.model.doctor.runs import RunProcess, UnsealedRun, judge_runs
from runpact.model.names import readable_path
from runpact.model.recordmasker import RecordMasker
from runpact.model.run import SEALABLE, Liveness, State
from runpact.verbs.doctor.patient import Patient
from runpact.verbs.finding.standing import interrupted_attempts, is_experiment, stand

_SECOND = 1_000_000_000


def examine_runs(patient: Patient) -> Iterable[Diagnosis]:
    """Return what is wrong with runs that are not sealed, or not whole."""
    found = [(each, _uids(patient, each, uid)) for each, uid in _looked_at(patient)]
    living = processes_of({directory: uid for _run, uids in found for directory, uid in uids.items()})
    masker = RecordMasker()
    runs = [
        msgspec.structs.replace(
            run,
            processes=tuple(_shown(each, masker) for uid in uids.values() for each in living.get(uid, ())),
        )
        if run.state is State.INTERRUPTED
        else run
        for run, uids in found
    ]
    return (*judge_runs(runs), *map(_copied, patient.census.shared))


def _copied(places: tuple[str, ...]) -> Diagnosis:
    """Tell of directories that say that they are one run."""
    return diagnose(
        "shared-uid",
        f"{len(places)} directories say that they are one run",
        path=places[-1],
        expected="one directory for each run",
        got=", ".join(map(readable_path, places)),
        hint="what is done to one of them is told of all: keep the original, and put copies elsewhere",
    )


def _looked_at(patient: Patient) -> list[tuple[UnsealedRun, str]]:
    return [_look_at(patient, path) for path in patient.census.amiss]


def _uids(patient: Patient, run: UnsealedRun, uid: str) -> dict[str, str]:
    """Return the uids that processes of a run were told, by directory; of an experiment its attempts'."""
    if not uid or run.state is not State.INTERRUPTED or run.is_staged:
        return {}
    directory = os.path.realpath(patient.absolute(run.path))
    return interrupted_attempts(directory) if run.is_by_stage else {directory: uid}


def is_abandoned(patient: Patient, path: str) -> bool:
    """Whether what stands at a path now is still to be set aside: it is there, and no creation that lives."""
    directory = patient.absolute(path)
    if not os.path.lexists(directory):
        return False
    reading, _standing = stand(directory)
    return not reading.is_staged or _liveness(reading) is Liveness.DEAD


def _look_at(patient: Patient, path: str) -> tuple[UnsealedRun, str]:
    """Return what is to be known of a run, and its uid; it is read anew, for the index may be behind."""
    directory = patient.absolute(path)
    reading, standing = stand(directory)
    stamp = directory_stamp(directory)
    run = UnsealedRun(
        path=path,
        state=standing.state if stamp is not None else State.UNKNOWN,
        reason=standing.reason,
        liveness=_liveness(reading),
        is_staged=reading.is_staged and stamp is not None,
        is_sealed=standing.state in SEALABLE and reading.manifest is not None and reading.manifest.sealed,
        is_by_stage=is_experiment(reading),
        has_record=reading.has_record and stamp is not None,
        has_manifest=reading.manifest is not None,
        age_seconds=patient.age_of(stamp[-1] / _SECOND) if stamp is not None else 0.0,
    )
    return run, reading.record.uid if reading.record is not None else ""


def _liveness(reading: Reading) -> Liveness:
    if reading.record is not None:
        return liveness(reading.record.owner, lock_held=reading.lock_held)
    return Liveness.ALIVE if reading.lock_held else Liveness.DEAD


def _shown(process: Process, masker: RecordMasker) -> RunProcess:
    """Return a process as people are told of it: its command without secrets."""
    return RunProcess(process.pid, " ".join(masker.command("command", process.command)))
