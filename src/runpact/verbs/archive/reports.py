"""Find the report that a person means.

Knows: which runs have evidence; that a run must be sound to be certified.
Does not know: what a report says.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable

from runpact.disk.reader import read_run
from runpact.model.evidence.names import REPORT
from runpact.model.evidence.refusal import EvidenceError
from runpact.model.run import State
from runpact.verbs.judging.verify import verify_run

ENTRY = "report"
"""Name of a contract's entry that is the report; without one, it is `report.json`."""


def find_report(reference: str, *, cwd: str, resolve: Callable[[str], str]) -> str:
    """Return the absolute path of the report of a run, or of one that is named by its path.

    Args:
        reference: A file, or a run as people name it.
        cwd: Absolute directory that a relative path begins in.
        resolve: Returns the directory of a run.

    Raises:
        EvidenceError: The run is not finished, not sound, or has no report.
        NoSuchRunError: There is neither a file nor a run of that name.
    """
    place = posixpath.normpath(posixpath.join(cwd, reference))
    if os.path.isfile(place):
        return place
    if os.path.isfile(posixpath.join(place, REPORT)) and not os.path.isdir(posixpath.join(place, ".runpact")):
        return posixpath.join(place, REPORT)
    return _report_of_run(resolve(reference))


def _report_of_run(directory: str) -> str:
    standing, report = verify_run(directory)
    if standing.state is not State.FINISHED:
        raise EvidenceError(
            "run_not_finished", at=directory, expected=State.FINISHED.value, got=standing.state.value
        )
    if not report.is_ok:
        raise EvidenceError(
            "run_not_sound",
            at=directory,
            expected="a run that verifies",
            got=report.findings[0].message,
            hint=f"`runpact verify {posixpath.basename(directory)}` names all of it",
        )
    manifest = read_run(directory).manifest
    files = manifest.files if manifest is not None else ()
    named = [file.path for file in files if file.entry == ENTRY] or [
        file.path for file in files if file.path == REPORT
    ]
    if not named:
        raise EvidenceError("no_report", at=directory, expected=REPORT, got="nothing")
    return posixpath.join(directory, named[0])
