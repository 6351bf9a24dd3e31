"""Examine the index.

Knows: which facts of it are judged.
Does not know: the rules.
"""

from __future__ import annotations

from collections.abc import Iterable

from runpact.disk.layout import CACHE
from runpact.model.doctor.diagnosis import Diagnosis
from runpact.model.doctor.index import IndexState, judge_index
from runpact.model.names import readable_path
from runpact.verbs.doctor.patient import Patient


def examine_index(patient: Patient) -> Iterable[Diagnosis]:
    """Return why the index must be made anew, or why there can be none."""
    if not patient.is_kept:
        return ()
    with patient.catalogue() as catalogue:
        obstacle = catalogue.obstacle
    if obstacle:
        return judge_index(IndexState(path=CACHE, obstacle=obstacle if patient.census.places else ""))
    found = patient.soundness
    return judge_index(
        IndexState(
            path=f"{CACHE}/index.sqlite",
            faults=found.faults,
            unlisted=tuple(map(readable_path, found.unlisted)),
            imaginary=tuple(map(readable_path, found.imaginary)),
        )
    )
