"""The request that this process is carrying out, for the record of the runs that it makes.

Knows: which request is being carried out here, which run it has made.
Does not know: what it asks for.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING

from runpact.model.run import State

if TYPE_CHECKING:
    from runpact.model.provenance import AskedBy
    from runpact.verbs.life.opened import OpenRun


class Asking:
    """One request while it is carried out."""

    def __init__(self, asked: AskedBy) -> None:
        """Store which it is."""
        self.asked = asked
        self.run: OpenRun | None = None
        """The run that it began last; runs that are part of an open one of its own do not count."""


_ASKED: ContextVar[Asking | None] = ContextVar("runpact_asked", default=None)
_OF_PROCESS: list[Asking] = []


def asked_here() -> AskedBy | None:
    """Return the request that is being carried out here; None when none is."""
    here = _here()
    return here.asked if here is not None else None


def made_here(run: OpenRun) -> None:
    """Note a run that has just begun as that of the request that is being carried out here, if one is."""
    here = _here()
    if here is None or run.record.stage is not None:
        return
    is_part = here.run is not None and here.run.standing.state is State.RUNNING and run.record.parent
    if not is_part:
        here.run = run


def _here() -> Asking | None:
    """Return the request here; a thread that a command began knows none, so the last one of the process."""
    return _ASKED.get() or next(reversed(_OF_PROCESS), None)


@contextlib.contextmanager
def asking(asked: AskedBy) -> Iterator[Asking]:
    """Say inside the block which request is being carried out."""
    here = Asking(asked)
    token = _ASKED.set(here)
    _OF_PROCESS.append(here)
    try:
        yield here
    finally:
        _OF_PROCESS.remove(here)
        _ASKED.reset(token)
