"""One path that an entry speaks of.

Knows: the path, what stands there, the names bound for it.
Does not know: how it was found, whether the claim holds.
"""

from __future__ import annotations

import msgspec

from runpact.model.expression import Undecided
from runpact.model.facts import FileFact
from runpact.model.judge.frame import EMPTY, Frame


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """One path that an entry speaks of."""

    path: str
    fact: FileFact | None
    """None when nothing of the right sort stands there."""
    frame: Frame = EMPTY
    """Bindings and captures."""
    legacy: str | None = None
    """The canonical path, when a legacy name stands for it."""


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """The claims of an entry for one item of its `foreach`."""

    frame: Frame
    claims: tuple[Claim, ...]
    undecided: Undecided | None = None
    """Why the items, or a path for one of them, could not be told."""
