"""Examine the convenience copies of, and links to, the newest finished runs.

Knows: which run each of them is to come from.
Does not know: the rules.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

import msgspec

from runpact.disk.latest import standing_at
from runpact.disk.reader import read_run
from runpact.disk.source import is_there
from runpact.index.store import Found, Store
from runpact.model.contract.language import Kind
from runpact.model.doctor.diagnosis import Diagnosis
from runpact.model.doctor.latest import LatestState, judge_latest
from runpact.model.doctor.leftovers import Leftovers, judge_leftovers
from runpact.model.errors import RunpactError
from runpact.model.run import State
from runpact.verbs.doctor.patient import Patient
from runpact.verbs.doctor.temporaries import temporaries_beside
from runpact.verbs.life.latest import LatestTarget, latest_targets

_LOOKS = 3
_ENDS = frozenset({State.FINISHED, State.FAILED, State.INTERRUPTED})
_CAPTURE = "capture."


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A copy or link that should exist, and the run that it is to come from."""

    target: str
    source: str
    is_link: bool
    started: str
    expected: str
    """Digest of the copy, or text of the link."""


def examine_latest(patient: Patient) -> Iterator[Diagnosis]:
    """Yield each copy or link that is not the one of the newest finished run, and what replacing one left.

    A run may finish between the look at the runs and the look at its copy: what seems behind is looked at
    again.
    """
    if not any(kind.latest for kind in patient.contract.kinds.values()):
        return
    diagnoses: list[Diagnosis] = []
    wanted: tuple[Wanted, ...] = ()
    for _look in range(_LOOKS):
        wanted = _all_wanted(patient)
        diagnoses = list(judge_latest([_state(patient, each) for each in wanted]))
        if not diagnoses:
            break
    yield from diagnoses
    temporaries = temporaries_beside(patient, [each.target for each in wanted])
    yield from judge_leftovers(Leftovers(temporaries=tuple(temporaries)))


def _all_wanted(patient: Patient) -> tuple[Wanted, ...]:
    """Return the copies and links that should exist."""
    with patient.catalogue() as catalogue:
        return catalogue.ask(lambda store: tuple(_wanted_in(patient, store)))


def _wanted_in(patient: Patient, store: Store) -> Iterator[Wanted]:
    for name, kind in patient.contract.kinds.items():
        if kind.latest:
            yield from _wanted_of(patient, kind, _ended(store, name, kind))


def _ended(store: Store, name: str, kind: Kind) -> Iterable[Found]:
    """Return the runs that copies and links of a kind may come from, newest first."""
    if all(latest.of == "finished" for latest in kind.latest):
        return store.newest(name, state=State.FINISHED.value)
    return store.newest(name)


def _wanted_of(patient: Patient, kind: Kind, newest: Iterable[Found]) -> Iterator[Wanted]:
    settled: set[tuple[str, str]] = set()
    for found in newest:
        for each in _targets(patient, kind, found):
            wanted = _wanted(patient, found, each) if (each.to, each.target) not in settled else None
            if wanted is not None:
                settled.add((each.to, each.target))
                yield wanted
        if len(settled) == len(kind.latest) and not _is_spread(kind):
            return


def _is_spread(kind: Kind) -> bool:
    """Whether different runs leave copies at different places."""
    return any("{" in latest.to for latest in kind.latest)


def _targets(patient: Patient, kind: Kind, found: Found) -> list[LatestTarget]:
    summary = found.run.summary
    captures = {
        key.removeprefix(_CAPTURE): value
        for key, value in found.run.facts.items()
        if key.startswith(_CAPTURE)
    }
    said = {**captures, "id": summary.id, "uid": summary.uid, "kind": summary.kind, "name": summary.name}
    try:
        return list(latest_targets(kind, patient.root, patient.absolute(found.place), said))
    except (KeyError, RunpactError):
        return []


def _wanted(patient: Patient, found: Found, each: LatestTarget) -> Wanted | None:
    """Return what a run is to leave; None when it is not the sort of run, or has nothing to be copied."""
    directory = patient.absolute(found.place)
    states = _ENDS if each.is_of_any_end else {State.FINISHED}
    if found.run.summary.state not in states or found.run.is_open:
        return None
    expected = _link_text(each) if each.is_link else _digest_in(directory, each.source)
    if expected is None or found.run.summary.started is None:
        return None
    return Wanted(
        target=each.target,
        source=each.source,
        is_link=each.is_link,
        started=found.run.summary.started,
        expected=expected,
    )


def _link_text(each: LatestTarget) -> str | None:
    """Return what a link should say; None when the run has nothing that it could lead to."""
    return posixpath.relpath(each.source, posixpath.dirname(each.target)) if is_there(each.source) else None


def _digest_in(directory: str, source: str) -> str | None:
    """Return the digest that a run's manifest has for one of its files."""
    manifest = read_run(directory).manifest
    relative = posixpath.relpath(source, directory)
    files = manifest.files if manifest is not None and manifest.sealed else ()
    return next((file.digest for file in files if file.path == relative and file.type != "symlink"), None)


def _state(patient: Patient, wanted: Wanted) -> LatestState:
    there = standing_at(wanted.target, newest=wanted.started)
    return LatestState(
        path=posixpath.relpath(wanted.target, patient.root),
        source=posixpath.relpath(wanted.source, patient.root),
        started=wanted.started,
        is_link=wanted.is_link,
        expected=wanted.expected,
        found=None if there is None else (there.link if wanted.is_link else there.digest) or "",
        is_from_run=there is not None and there.is_older,
    )
