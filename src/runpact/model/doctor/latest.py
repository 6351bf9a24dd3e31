"""Whether the convenience copies and links are those of the newest finished runs.

Knows: when one is to be replaced, and when what stands there must be kept.
Does not know: files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from runpact.model.doctor.diagnosis import Diagnosis, RenewLatest, diagnose


class LatestState(msgspec.Struct, frozen=True, kw_only=True):
    """One copy or link: what should stand there, and what does."""

    path: str
    source: str
    """In the newest finished run that has it; relative to the workspace."""
    started: str
    """Of that run, RFC 3339."""
    is_link: bool
    expected: str
    """Digest of the copy, or text of the link."""
    found: str | None
    """The same of what stands there; None when nothing does, empty when it is another sort of thing."""
    is_from_run: bool = True
    """What stands there was put there by runpact: it has the time of a run's start, and no later one."""


def judge_latest(states: Iterable[LatestState]) -> Iterator[Diagnosis]:
    """Yield each copy or link that is not the one of the newest finished run."""
    for state in states:
        if state.found == state.expected:
            continue
        sort = "link" if state.is_link else "copy"
        is_kept = state.found is not None and (not state.is_from_run or not state.found)
        yield diagnose(
            "latest-behind",
            f"the {sort} is not the one of the newest finished run",
            path=state.path,
            expected=f"{sort} of `{state.source}`",
            got=_got(state),
            remedy=RenewLatest(
                path=state.path,
                source=state.source,
                started=state.started,
                is_link=state.is_link,
                is_kept=is_kept,
            ),
        )


def _got(state: LatestState) -> str:
    if state.found is None:
        return "nothing"
    if not state.found:
        return "something that is no such thing"
    return "what comes from an older run" if state.is_from_run else "what somebody else wrote"
