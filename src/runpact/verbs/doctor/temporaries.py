"""Temporary files that stayed behind beside files that runpact replaces.

Knows: how old each is, whether its writer may live.
Does not know: the rules.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from runpact.disk.leftovers import temporaries_in
from runpact.host.process import start_ticks
from runpact.model.doctor.leftovers import Temporary
from runpact.verbs.doctor.patient import Patient


def temporaries_beside(patient: Patient, targets: Iterable[str]) -> Iterator[Temporary]:
    """Yield the files that were to take the place of one of these.

    Args:
        patient: The workspace.
        targets: Absolute paths.
    """
    names: dict[str, set[str]] = {}
    for target in targets:
        folder, name = posixpath.split(target)
        names.setdefault(folder, set()).add(name)
    for folder in sorted(names):
        for left in temporaries_in(folder, names[folder]):
            yield Temporary(
                path=posixpath.relpath(left.path, patient.root),
                age_seconds=patient.age_of(left.changed),
                is_alive=start_ticks(left.pid) is not None,
            )
