"""Checkpoints: what they are called, and what a log of events tells of them.

Knows: names, which of them come and go by number, what stays behind.
Does not know: formats, how anything is stored.
"""

from __future__ import annotations

import contextlib
import operator
import posixpath
from collections.abc import Iterable, Mapping

import msgspec

from runpact.model.errors import UsageError
from runpact.model.names import check_name
from runpact.model.recovery import CHECKPOINT, SAVED

FOLDER = "artifacts/checkpoints"
DROPPED = "checkpoint.dropped"
"""Event of a run's log: an older checkpoint was removed to keep the newest."""
_NUMBERED = "step_"


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a training at some moment, kept in a run."""

    name: str
    path: str
    """Relative to the run."""
    size: int
    digest: str
    step: int | None = None
    """The caller's own counter."""
    metrics: dict[str, float] = {}
    """What was measured then."""


def stem_of_checkpoint(name: object) -> tuple[str, int | None]:
    """Return the name of a checkpoint's file without its suffix, and the step that the name says.

    Raises:
        UsageError: It is neither a text nor a whole number from 0.
        UnsafeNameError: It cannot be the name of a file.
    """
    if isinstance(name, str):
        return check_name(name, what="checkpoint"), None
    step = whole_step(name)
    return f"{_NUMBERED}{step:06}", step


def whole_step(step: object) -> int:
    """Return a step as a plain whole number, those of NumPy included.

    Raises:
        UsageError: It is none, or below 0.
    """
    if not isinstance(step, bool):
        with contextlib.suppress(TypeError):
            number = operator.index(step)  # type: ignore[arg-type]  # what has no index is refused below
            if number >= 0:
                return number
    raise UsageError(
        "a checkpoint is called `best`, `last`, another name, or by its step",
        expected="a whole number from 0",
        got=f"{step!r:.60}",
    )


def displaced(names: Iterable[str], path: str) -> list[str]:
    """Return the files that a new checkpoint takes the place of: those of its name with another suffix.

    Args:
        names: Paths of the checkpoints there are.
        path: Of the new one.
    """
    stem = posixpath.splitext(path)[0]
    return [each for each in names if each != path and posixpath.splitext(each)[0] == stem]


def beyond(names: Iterable[str], keep: int) -> list[str]:
    """Return the numbered checkpoints that go so that the last written `keep` stay, oldest first.

    Args:
        names: Paths of the checkpoints there are, in the order of their saving.
        keep: At least 1.
    """
    numbered = [each for each in names if posixpath.basename(each).startswith(_NUMBERED)]
    return numbered[:-keep]


def logged_checkpoints(events: Iterable[Mapping[str, object]]) -> tuple[Checkpoint, ...]:
    """Return the checkpoints that a log tells of and that were not removed, in the order of their saving."""
    found: dict[str, Checkpoint] = {}
    for event in events:
        path = str(event.get("path"))
        if event.get("event") == DROPPED:
            found.pop(path, None)
        said = event.get(CHECKPOINT)
        if event.get("event") == SAVED and isinstance(said, dict):
            with contextlib.suppress(msgspec.ValidationError):  # a log is free text to whoever writes events
                found.pop(path, None)
                found[path] = msgspec.convert({**event, **said}, Checkpoint)
    return tuple(found.values())
