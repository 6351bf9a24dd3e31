"""Examine the ledger.

Knows: that what its own report says is told of it, what it remembers and nobody finds, and what an
interrupted promotion leaves.
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
from runpact.model.registered.uri import Registry
from runpact.verbs.archive.ledger import ledger_of
from runpact.verbs.doctor.patient import Patient
from runpact.verbs.finding.resolve import uris_in
from runpact.verbs.registered.gone import gone_from, report_of_gone

_REGISTRIES: tuple[Registry, ...] = ("models", "data")


def examine_ledger(patient: Patient) -> Iterator[Diagnosis]:
    """Yield what is wrong with the ledger, what is gone from the registries, and copies never completed."""
    ledger = ledger_of(patient.root)
    for finding in ledger.report.findings:
        yield Diagnosis(msgspec.structs.replace(finding, path=LEDGER))
    for registry in _REGISTRIES:
        for uri, why in gone_from(patient.root, registry, ledger, uris_in(patient.root, registry)):
            yield from map(Diagnosis, report_of_gone(uri, why).findings)
    for folder in sorted(set(copy_folders(patient.contract))):
        for name in leftovers_in(posixpath.join(patient.root, folder)):
            yield diagnose(
                "leftover",
                "a curated copy that was never completed",
                path=posixpath.join(folder, name),
                hint="the next `runpact promote` there removes it",
            )
