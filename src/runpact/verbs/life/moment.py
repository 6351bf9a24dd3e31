"""When a file that runpact derives from a run's record is written.

Knows: the state that the file is to tell.
Does not know: which file it is.
"""

from __future__ import annotations

import msgspec

from runpact.model.run import Outcome, State


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """When a file is written."""

    state: State
    word: str
    """The layout's own word for the state."""
    outcome: Outcome | None = None
    """None while the run lives."""
    pending: frozenset[str] = frozenset()
    """Files that are written now or later, relative to the run."""
