"""Examine tags and notes.

Knows: which facts of them are judged.
Does not know: the rules.
"""

from __future__ import annotations

from collections.abc import Iterable

from runpact.disk.annotations import annotation_stamps, read_annotation_bytes
from runpact.disk.layout import NOTES
from runpact.model.annotations import read_annotations
from runpact.model.doctor.diagnosis import Diagnosis
from runpact.model.doctor.notes import NotesState, judge_notes
from runpact.model.errors import StorageError
from runpact.verbs.doctor.patient import Patient


def examine_notes(patient: Patient) -> Iterable[Diagnosis]:
    """Return what is damaged, and what was said of runs that are not here."""
    return judge_notes(_state(patient, uid) for uid in sorted(annotation_stamps(patient.root)))


def _state(patient: Patient, uid: str) -> NotesState:
    path, has_run = f"{NOTES}/{uid}.jsonl", uid in patient.census.uids
    try:
        read = read_annotations(read_annotation_bytes(patient.root, uid))
    except StorageError as error:
        return NotesState(path=path, has_run=has_run, fault=error.message)
    return NotesState(path=path, has_run=has_run, damaged=read.damaged)
