"""What a run's provenance says against it.

Knows: which recorded facts are faults.
Does not know: contracts; these hold for every run.
"""

from __future__ import annotations

from collections.abc import Iterator

from runpact.model.confinement import LeftRunning, Stray
from runpact.model.finding import Finding, Severity
from runpact.model.inputs import Input
from runpact.model.provenance import Provenance


def judge_origin(origin: Provenance, *, path: str) -> Iterator[Finding]:
    """Yield a finding for everything recorded that makes the provenance doubtful.

    Args:
        origin: As the records know it last.
        path: The record that holds it, relative to the run.
    """
    for index, each in enumerate(origin.inputs):
        if each.changed:
            yield _changed(each, f"{path}#/provenance/inputs/{index}")
    for index, stray in enumerate(origin.confinement.strays):
        if not stray.refused:
            yield _stray(stray, f"{path}#/provenance/confinement/strays/{index}")
    for index, process in enumerate(origin.confinement.left_running or ()):
        yield _left(process, f"{path}#/provenance/confinement/left_running/{index}")


def _changed(each: Input, place: str) -> Finding:
    return Finding(
        code="input-changed",
        severity=Severity.WARNING,
        path=place,
        message=f"input `{each.name}` changed while the run was open",
        expected=each.digest or "one content",
        got="another content, or none" if each.digest else "a content that changed while it was hashed",
        hint="make it again from inputs that hold still, for instance from a copy",
    )


def _stray(stray: Stray, place: str) -> Finding:
    done = {"changed": "changed", "removed": "lost or changed names"}.get(stray.action, "was written")
    return Finding(
        code="stray-write",
        severity=Severity.WARNING,
        path=place,
        message=f"`{stray.path}`, outside the run, {done} while the run was open",
        expected="writes in the run, or in a declared cache",
        got=f"{stray.action}, seen by {stray.seen_by}",
        hint="write it into the run, or declare a cache: `--cache GLOB`, `runpact.run(caches=…)`",
    )


def _left(process: LeftRunning, place: str) -> Finding:
    after = "it was ended before the seal" if process.is_ended else "it may still write into what is sealed"
    return Finding(
        code="left-running",
        severity=Severity.WARNING,
        path=place,
        message=f"process {process.pid} still ran when the command had ended; {after}",
        expected="a command that ends with all that it started",
        got=process.command,
        hint="let the command wait for it (`wait`), or end it",
    )
