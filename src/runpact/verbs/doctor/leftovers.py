"""Examine what interrupted writers left, and what was set aside.

Knows: where runpact keeps things outside runs.
Does not know: the rules.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from runpact.disk.aside import sets_aside
from runpact.disk.cachefolder import CacheFile
from runpact.disk.layout import ASIDE, BALLAST
from runpact.disk.reader import is_file
from runpact.model.doctor.diagnosis import Diagnosis
from runpact.model.doctor.leftovers import Leftovers, judge_leftovers
from runpact.verbs.doctor.patient import Patient
from runpact.verbs.doctor.temporaries import temporaries_beside
from runpact.verbs.finding.reindex import FILE


def examine_leftovers(patient: Patient) -> Iterable[Diagnosis]:
    """Return what can be put away."""
    cached = CacheFile(patient.root, FILE).leftovers() if patient.is_kept else []
    ignore = posixpath.join(patient.root, ".gitignore")
    return judge_leftovers(
        Leftovers(
            temporaries=tuple(temporaries_beside(patient, [ignore])),
            cached=tuple(posixpath.relpath(path, patient.root) for path in cached),
            ballasts=tuple(_ballasts(patient)),
            set_aside=tuple(f"{ASIDE}/{name}" for name in sets_aside(patient.root)),
        )
    )


def _ballasts(patient: Patient) -> Iterator[str]:
    """Yield the reserve of each sealed run that still has it."""
    amiss = set(patient.census.amiss)
    for place in patient.census.places:
        if place not in amiss:
            path = posixpath.normpath(posixpath.join(place, BALLAST))
            if is_file(patient.absolute(path)):
                yield path
