"""Examine what git would commit.

Knows: which paths stand for the places of runs and of promoted copies.
Does not know: the rules; how git is asked.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Mapping

import msgspec

from runpact.disk.layout import RECORD
from runpact.host.gitcommit import Looked, look_at_commit
from runpact.host.gitfolder import Repository, find_repository
from runpact.model.contract.ignoring import copy_folders, fixed_folder, ignored_patterns, scratch_kinds
from runpact.model.doctor.diagnosis import Diagnosis
from runpact.model.doctor.repository import LARGE_BYTES, Commitment, Ignored, Probe, judge_repository
from runpact.model.place import Place
from runpact.verbs.doctor.patient import Patient

_EXAMPLE = "example"


def examine_repository(patient: Patient) -> Iterable[Diagnosis]:
    """Return what should be ignored and is not, what is and should not be, and what is too large."""
    root = os.path.realpath(patient.root)
    repository = find_repository(root)
    if repository is None:
        return ()
    runs = tuple(probe for probe in _run_probes(patient) if _is_below(root, probe))
    promotions = tuple(probe for probe in _promotion_probes(patient) if _is_below(root, probe))
    prefix = _prefix(root, repository)
    places = sorted({probe.folder for probe in runs if probe.folder})
    looked = look_at_commit(
        repository,
        patient.environ,
        probes=[prefix + probe.path for probe in (*runs, *promotions)],
        places=[prefix + place for place in places],
        limit=LARGE_BYTES,
    )
    base = posixpath.normpath(prefix)
    ignored = {posixpath.relpath(path, base): _told(found, base) for path, found in looked.ignored.items()}
    return judge_repository(
        Commitment(
            runs=_answered(runs, ignored),
            promotions=_answered(promotions, ignored),
            large=tuple(
                msgspec.structs.replace(file, path=posixpath.relpath(file.path, base))
                for file in looked.large
            ),
            tracked=_tracked(patient, looked, base),
            patterns=ignored_patterns(patient.contract),
            faults=looked.faults,
        )
    )


def _is_below(root: str, probe: Probe) -> bool:
    """Whether no link leads away to a folder: what stands behind one is in no repository of ours."""
    folder = posixpath.normpath(posixpath.join(root, probe.folder))
    return os.path.realpath(folder) == folder


def _prefix(root: str, repository: Repository) -> str:
    """Return what stands before a path of the workspace in one of the repository."""
    inside = posixpath.relpath(root, os.path.realpath(repository.top))
    return "" if inside == "." else f"{inside}/"


def _run_probes(patient: Patient) -> tuple[Probe, ...]:
    """Return paths that stand for each kind's place: of its newest runs, or of one that may come."""
    probes = []
    for name in scratch_kinds(patient.contract):
        folder = fixed_folder(patient.contract.kinds[name].at)
        known = patient.census.recent.get(name, ())
        likely = [posixpath.join(folder, _EXAMPLE)] if folder else []
        probes += [Probe(folder=folder, path=posixpath.join(path, RECORD)) for path in known or likely]
    return tuple({probe.folder: probe for probe in probes}.values())


def _promotion_probes(patient: Patient) -> tuple[Probe, ...]:
    folders = set(copy_folders(patient.contract)) - {""}
    return tuple(
        Probe(folder=folder, path=f"{folder}/{_EXAMPLE}/{_EXAMPLE}.json") for folder in sorted(folders)
    )


def _answered(probes: tuple[Probe, ...], ignored: Mapping[str, Ignored]) -> tuple[Probe, ...]:
    return tuple(msgspec.structs.replace(probe, ignored=ignored.get(probe.path)) for probe in probes)


def _told(found: Ignored, base: str) -> Ignored:
    source = found.source if posixpath.isabs(found.source) else posixpath.relpath(found.source, base)
    return msgspec.structs.replace(found, source=source)


def _tracked(patient: Patient, looked: Looked, base: str) -> dict[str, tuple[str, ...]]:
    """Return the tracked files that stand in runs, by the folder that their kind's runs stand in."""
    kinds = patient.contract.kinds
    places = [Place.of(name, kinds[name]) for name in scratch_kinds(patient.contract)]
    found: dict[str, list[str]] = {}
    for path in (posixpath.relpath(path, base) for path in looked.tracked):
        parts = path.split("/")
        for place in places:
            is_inside = 0 < place.depth < len(parts)
            if is_inside and place.match("/".join(parts[: place.depth])) is not None:
                found.setdefault(fixed_folder(place.template.text), []).append(path)
                break
    return {place: tuple(paths) for place, paths in found.items()}
