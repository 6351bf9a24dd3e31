"""Whether the index says what the directories say.

Knows: what makes an index one to build anew.
Does not know: tables, directories.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from runpact.model.doctor.diagnosis import Diagnosis, RebuildIndex, diagnose

_MOST_NAMED = 5


class IndexState(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of an index."""

    path: str
    obstacle: str = ""
    """Why none can be kept; empty when one can."""
    faults: tuple[str, ...] = ()
    """What its own checks report."""
    unlisted: tuple[str, ...] = ()
    """Runs that stand in their folders and that it does not have, though it was brought up to date."""
    imaginary: tuple[str, ...] = ()
    """Runs that it has and that stand nowhere."""


def judge_index(state: IndexState) -> Iterator[Diagnosis]:
    """Yield why the index must be made anew, or why there can be none."""
    if state.obstacle:
        yield diagnose(
            "no-index",
            "no index can be kept, so every question reads all runs",
            path=state.path,
            got=state.obstacle,
            hint="move what stands there out of the way, or make the folder writable",
        )
    faults = [*state.faults]
    faults += [f"{len(state.unlisted)} runs are missing in it: {_named(state.unlisted)}"] * bool(
        state.unlisted
    )
    faults += [f"{len(state.imaginary)} runs of it do not exist: {_named(state.imaginary)}"] * bool(
        state.imaginary
    )
    if faults:
        yield diagnose(
            "index-damaged",
            "the index does not say what the directories say",
            path=state.path,
            got="; ".join(faults[:_MOST_NAMED]),
            remedy=RebuildIndex(),
        )


def _named(paths: tuple[str, ...]) -> str:
    more = len(paths) - _MOST_NAMED
    return ", ".join(paths[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
