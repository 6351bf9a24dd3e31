"""What stands in a workspace, before and after.

Knows: that caches of its contract may change.
Does not know: how files are listed.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from runpact.disk.outline import list_stamps
from runpact.model.outline import Stamp, concern, differences
from runpact.workspace import Workspace
from runpact.workspace.making import root_above

__all__ = ["Outline", "differences_since", "outline_of"]


class Outline(msgspec.Struct, frozen=True):
    """The files of a workspace at some moment."""

    root: str
    """Absolute."""
    free: tuple[str, ...]
    stamps: Mapping[str, Stamp]


def outline_of(near: str, free: tuple[str, ...]) -> Outline:
    """Return the files of the workspace around a path.

    Raises:
        NoContractError: There is none.
    """
    root = root_above(near)
    rules = Workspace.open(workspace=root).lint().contract.workspace
    globs = (*rules.caches, *free)
    return Outline(root, globs, list_stamps(root, concern(globs)))


def differences_since(before: Outline) -> list[str]:
    """Return what was made, changed and removed since then."""
    return differences(before.stamps, list_stamps(before.root, concern(before.free)))
