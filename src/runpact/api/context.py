"""The run that is open here.

Knows: which run a context of this process began last.
Does not know: runs of other processes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar, Token

from runpact.verbs.life.active import ActiveRun

CURRENT: ContextVar[ActiveRun] = ContextVar("runpact_current")


def leave(token: Token[ActiveRun]) -> None:
    """Let the run that was open before be the open one; another context, as a cell of a notebook, stays."""
    with contextlib.suppress(ValueError):
        CURRENT.reset(token)


@contextlib.contextmanager
def within(run: ActiveRun) -> Iterator[None]:
    """Let a run be the open one for the length of the block."""
    token = CURRENT.set(run)
    try:
        yield
    finally:
        CURRENT.reset(token)
