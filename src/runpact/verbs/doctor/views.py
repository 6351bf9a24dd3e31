"""Examine the registry views.

Knows: which of them are damaged.
Does not know: the rules.
"""

from __future__ import annotations

from collections.abc import Iterable

from runpact.model.doctor.diagnosis import Diagnosis
from runpact.model.doctor.views import judge_views
from runpact.verbs.doctor.patient import Patient
from runpact.verbs.life.views import views_of


def examine_views(patient: Patient) -> Iterable[Diagnosis]:
    """Return the files of registry views that are none."""
    if not (patient.is_kept and patient.contract.workspace.indexes):
        return ()
    with patient.catalogue() as catalogue:
        found = views_of(catalogue, patient.contract)
    return judge_views({file.path: file.state for file in found.files})
