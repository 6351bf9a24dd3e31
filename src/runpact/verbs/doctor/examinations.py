"""Examine a workspace, and treat what ails it.

Knows: the list of all examinations; that one which cannot be made hides none of the others.
Does not know: what each of them looks at.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import msgspec

from runpact.disk.cachefolder import CacheFile
from runpact.model.doctor.diagnosis import Diagnosis, diagnose
from runpact.model.errors import RunpactError, StorageError
from runpact.model.finding import Report, Verdict
from runpact.verbs.doctor.index import examine_index
from runpact.verbs.doctor.latest import examine_latest
from runpact.verbs.doctor.ledger import examine_ledger
from runpact.verbs.doctor.leftovers import examine_leftovers
from runpact.verbs.doctor.notes import examine_notes
from runpact.verbs.doctor.patient import Patient
from runpact.verbs.doctor.remedies import Doctor, Treated
from runpact.verbs.doctor.repository import examine_repository
from runpact.verbs.doctor.runs import examine_runs
from runpact.verbs.doctor.views import examine_views

LOCK = "doctor"
"""The cache's name for the lock of who treats."""

Tell = Callable[[str], None]
"""Is told what is looked at."""


class Examination(NamedTuple):
    """One thing that is looked at."""

    name: str
    examine: Callable[[Patient], Iterable[Diagnosis]]


EXAMINATIONS = (
    Examination("index", examine_index),
    Examination("runs", examine_runs),
    Examination("latest copies", examine_latest),
    Examination("registry views", examine_views),
    Examination("what writers left", examine_leftovers),
    Examination("tags and notes", examine_notes),
    Examination("ledger", examine_ledger),
    Examination("git", examine_repository),
)
"""In the order in which their remedies are carried out."""


class Consultation(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in the end, and what was done before."""

    runs: int
    diagnoses: tuple[Diagnosis, ...]
    treated: tuple[Treated, ...] = ()

    @property
    def report(self) -> Report:
        """The findings alone, and their verdict."""
        return Report(tuple(diagnosis.finding for diagnosis in self.diagnoses))

    @property
    def verdict(self) -> Verdict:
        """The worst of what was found in the end."""
        return self.report.verdict


def consult(make: Callable[[], Patient], *, is_fixed: bool, tell: Tell) -> Consultation:
    """Examine a workspace; when wanted, treat it and examine it again.

    Args:
        make: Returns the workspace, of which nothing is known yet.
        is_fixed: Carry out the remedies.
        tell: Is told what is looked at.
    """
    patient = make()
    found = examine(patient, tell)
    if not (is_fixed and found):
        return _concluded(patient, found)
    with _alone(patient):
        patient = make()
        found = examine(patient, tell)
        if all(diagnosis.remedy is None for diagnosis in found):
            return _concluded(patient, found)
        treated = Doctor(patient).treat(found)
        patient = make()
        return _concluded(patient, examine(patient, tell), treated)


def _concluded(patient: Patient, found: Iterable[Diagnosis], treated: Iterable[Treated] = ()) -> Consultation:
    return Consultation(runs=len(patient.census.places), diagnoses=tuple(found), treated=tuple(treated))


@contextlib.contextmanager
def _alone(patient: Patient) -> Iterator[None]:
    """Wait for other doctors that treat the workspace, or they would be taken for processes of its runs.

    Where that cannot be had, or takes too long, it is done beside them: every remedy allows for that.
    """
    with contextlib.ExitStack() as held:
        with contextlib.suppress(StorageError):
            held.enter_context(CacheFile(patient.root, LOCK).alone())
        yield


def examine(patient: Patient, tell: Tell) -> list[Diagnosis]:
    """Return everything that is found; an examination that cannot be made is a finding itself."""
    found: list[Diagnosis] = []
    for examination in EXAMINATIONS:
        tell(examination.name)
        try:
            found += examination.examine(patient)
        except (RunpactError, OSError) as error:
            found.append(_undecided(examination.name, error))
    return found


def _undecided(name: str, error: RunpactError | OSError) -> Diagnosis:
    said = error.message if isinstance(error, RunpactError) else error.strerror or type(error).__name__
    place = error.at if isinstance(error, RunpactError) else str(error.filename or "")
    return diagnose("undecided", f"{name}: this could not be examined", got=f"{said} {place}".strip())
