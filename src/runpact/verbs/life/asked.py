"""The request that this process is carrying out, for the record of the runs that it makes.

Knows: which request is being carried out here.
Does not know: what it asks for.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runpact.model.provenance import AskedBy


_ASKED: ContextVar[AskedBy | None] = ContextVar("runpact_asked", default=None)
_OF_PROCESS: list[AskedBy] = []


def asked_here() -> AskedBy | None:
    """Return the request that is being carried out here; None when none is.

    A thread that a command began knows nothing of its own, so it is told the last request of the process.
    """
    return _ASKED.get() or next(reversed(_OF_PROCESS), None)


@contextlib.contextmanager
def asking(asked: AskedBy) -> Iterator[None]:
    """Say inside the block which request is being carried out."""
    token = _ASKED.set(asked)
    _OF_PROCESS.append(asked)
    try:
        yield
    finally:
        _OF_PROCESS.remove(asked)
        _ASKED.reset(token)
