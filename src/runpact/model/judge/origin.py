"""What a run's provenance says against it.

Knows: which recorded facts are faults.
Does not know: contracts; these hold for every run.
"""

from __future__ import annotations

from collections.abc import Iterator

from runpact.model.confinement import Confinement, LeftRunning, Stray
from runpact.model.finding import Finding, Severity
from runpact.model.inputs import Input
from runpact.model.provenance import Provenance

_MOST_OPENED = 6


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


def judge_refusal(held: Confinement, *, path: str) -> Iterator[Finding]:
    """Yield what a person should know when a fenced stage printed that something was refused to it.

    Args:
        held: How it was held.
        path: The log that says so.
    """
    opened = ", ".join(held.opened[:_MOST_OPENED]) + ", …" * (len(held.opened) > _MOST_OPENED)
    yield Finding(
        code="perhaps-refused",
        severity=Severity.ADVICE,
        path=path,
        message=f"its program speaks of a missing permission: the fence ({held.level}) may have refused it",
        expected=f"writes in the stage's own directory{f', or in {opened}' if opened else ''}",
        hint="write to `$RUNPACT_STAGE_DIR` (`st.output`, `st.path`), or declare `caches` of the stage",
    )


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
