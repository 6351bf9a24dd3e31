"""Examine the ledger.

Knows: that what its own report says is told of it, and what an interrupted promotion leaves.
Does not know: the rules of a ledger.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

import msgspec

from runpact.disk.archive import leftovers_in
from runpact.disk.layout import LEDGER
from runpact.model.contract.ignoring import copy_folders
from runpact.model.doctor.diagnosis import Diagnosis, diagnose
from runpact.verbs.archive.ledger import ledger_of
from runpact.verbs.doctor.patient import Patient


def examine_ledger(patient: Patient) -> Iterator[Diagnosis]:
    """Yield what is wrong with the ledger, and the folders in which copies were made ready and given up."""
    for finding in ledger_of(patient.root).report.findings:
        yield Diagnosis(msgspec.structs.replace(finding, path=LEDGER))
    for folder in sorted(set(copy_folders(patient.contract))):
        for name in leftovers_in(posixpath.join(patient.root, folder)):
            yield diagnose(
                "leftover",
                "a curated copy that was never completed",
                path=posixpath.join(folder, name),
                hint="the next `runpact promote` there removes it",
            )
