"""Look for what does not belong into the repository of a workspace.

Knows: which files are looked at: curated copies on disk, the index of git.
Does not know: what belongs, how git is asked.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Mapping

from runpact.disk.tree import list_tree
from runpact.host.gitcommit import look_at_index
from runpact.host.gitfolder import find_repository
from runpact.model.archive.belonging import Belongings, judge_belongings
from runpact.model.codes import CODES
from runpact.model.contract.ignoring import copy_folders
from runpact.model.contract.language import Contract
from runpact.model.finding import Finding, Report
from runpact.verbs.doctor.patient import Patient
from runpact.verbs.doctor.repository import examine_repository


def lint_repo(
    root: str, contract: Contract, *, is_kept: bool, largest: int | None, environ: Mapping[str, str]
) -> Report:
    """Return what is kept for good and should not be, and what git should ignore and does not.

    Args:
        root: Absolute data root.
        contract: Says where runs and promoted copies stand.
        is_kept: The index of runs is this contract's.
        largest: Bytes of the largest file; None for the defaults.
        environ: Environment of this process.
    """
    folders = tuple(sorted(set(copy_folders(contract)) - {""}))
    copies = {path: size for folder in folders for path, size in _files(root, folder).items()}
    repository = find_repository(os.path.realpath(root))
    findings: list[Finding] = []
    indexed: dict[str, int] = {}
    if repository is None:
        findings.append(
            _finding("not-versioned", "the workspace is in no repository: evidence is not versioned")
        )
    else:
        looked = look_at_index(repository, environ)
        base = posixpath.relpath(os.path.realpath(root), os.path.realpath(repository.top))
        indexed = {
            posixpath.relpath(path, base): size
            for path, size in looked.files.items()
            if base == "." or path.startswith(f"{base}/")
        }
        findings += [
            _finding("undecided", f"the index of git could not be read: {each}") for each in looked.faults
        ]
        patient = Patient(root, contract, is_kept=is_kept, is_mended=False, environ=environ)
        findings += [diagnosis.finding for diagnosis in examine_repository(patient)]
    found = Belongings(copies=copies, indexed=indexed, folders=folders)
    return Report((*judge_belongings(found, largest=largest), *findings))


def _files(root: str, folder: str) -> dict[str, int]:
    """Return the size of each file below a folder; none where there is no folder."""
    place = posixpath.join(root, folder)
    if not os.path.isdir(place):
        return {}
    return {f"{folder}/{fact.path}": fact.size for fact in list_tree(place) if fact.kind == "file"}


def _finding(code: str, message: str) -> Finding:
    return Finding(code=code, severity=CODES[code].severity, message=message)
