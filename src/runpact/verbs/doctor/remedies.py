"""Carry out remedies.

Knows: how each is done, and that what stood there may have changed since it was diagnosed.
Does not know: when one is due.

Every remedy looks once more before it acts, may be interrupted anywhere, and may be done by several
processes at once: what is done already is left as it is.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable
from typing import assert_type

import msgspec

from runpact.disk.aside import Aside
from runpact.disk.cachefolder import CacheFile
from runpact.disk.latest import replace_copy, replace_link
from runpact.disk.reader import read_run
from runpact.disk.setup import rewrite_text
from runpact.host import clock
from runpact.model.contract.ignoring import with_block
from runpact.model.doctor.diagnosis import (
    ClearCache,
    Diagnosis,
    RebuildIndex,
    Remedy,
    RenewLatest,
    SealRun,
    SetAside,
    WriteIgnored,
    WriteViews,
)
from runpact.model.errors import RunpactError
from runpact.verbs.doctor.patient import Patient
from runpact.verbs.doctor.runs import is_abandoned
from runpact.verbs.finding.reindex import FILE
from runpact.verbs.life.opened import Registry
from runpact.verbs.life.recover import recover_run
from runpact.verbs.life.views import refresh_views, write_views


class Treated(msgspec.Struct, frozen=True, kw_only=True):
    """A diagnosis whose remedy was tried."""

    diagnosis: Diagnosis
    refusal: str = ""
    """Why it was not carried out; empty when it was."""
    kept: tuple[str, ...] = ()
    """Where what was moved away stands now, relative to the workspace."""


class Doctor:
    """Carries out the remedies of one examination."""

    def __init__(self, patient: Patient) -> None:
        """Store the workspace; what is moved away goes into one folder, named after the moment."""
        moment = clock.utc_now().strftime("%Y%m%dT%H%M%SZ")
        self._patient = patient
        self._aside = Aside(patient.root, f"{moment}-{os.urandom(3).hex()}")

    def treat(self, diagnoses: Iterable[Diagnosis]) -> list[Treated]:
        """Carry out every remedy there is, each once; one that fails leaves the others to be tried."""
        done: dict[Remedy, Treated] = {}
        for diagnosis in diagnoses:
            if diagnosis.remedy is not None and diagnosis.remedy not in done:
                done[diagnosis.remedy] = self._treated(diagnosis, diagnosis.remedy)
        return list(done.values())

    def _treated(self, diagnosis: Diagnosis, remedy: Remedy) -> Treated:
        before = len(self._aside.kept)
        try:
            self._carry_out(remedy)
        except RunpactError as error:
            return Treated(diagnosis=diagnosis, refusal=error.message, kept=self._aside.kept[before:])
        return Treated(diagnosis=diagnosis, kept=self._aside.kept[before:])

    def _carry_out(self, remedy: Remedy) -> None:
        root = self._patient.root
        if isinstance(remedy, SealRun):
            recover_run(root, remedy.path, self._aside)
            self._list(remedy.path)
        elif isinstance(remedy, SetAside):
            self._set_aside(remedy)
        elif isinstance(remedy, RenewLatest):
            self._renew(remedy)
        elif isinstance(remedy, WriteIgnored):
            rewrite_text(posixpath.join(root, ".gitignore"), lambda text: with_block(text, remedy.patterns))
        elif isinstance(remedy, RebuildIndex):
            with self._patient.catalogue() as catalogue:
                catalogue.rebuild()
        elif isinstance(remedy, WriteViews):
            write_views(root, self._patient.contract, is_own=self._patient.is_kept)
        else:
            assert_type(remedy, ClearCache)
            CacheFile(root, FILE).clear()

    def _list(self, path: str) -> None:
        """Bring the registry of sessions up to date, which every end of one does."""
        record, contract = read_run(self._patient.absolute(path)).record, self._patient.contract
        kind = contract.kinds.get(record.kind) if record is not None else None
        if record is not None and kind is not None and kind.session is not None:
            registry = Registry(contract, is_own=self._patient.is_kept)
            refresh_views(self._patient.root, registry, kind=record.kind, uid=record.uid)

    def _set_aside(self, remedy: SetAside) -> None:
        """Move something away, unless that was done already or a creation is alive after all."""
        if is_abandoned(self._patient, remedy.path):
            self._aside.move(remedy.path)

    def _renew(self, remedy: RenewLatest) -> None:
        """Put the newest run's copy or link in its place; that of a run that finished meanwhile stays."""
        target = self._patient.absolute(remedy.path)
        if remedy.is_kept and os.path.lexists(target):
            self._aside.move(remedy.path)
        replace = replace_link if remedy.is_link else replace_copy
        replace(self._patient.absolute(remedy.source), target, newest=remedy.started, sync=True)
