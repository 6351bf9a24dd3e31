"""Runs that are made in a workspace.

Knows: which contract they are made under, and that it says who may make them.
Does not know: how a run is made.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from runpact.model.errors import NoContractError

if TYPE_CHECKING:
    from runpact.verbs.life.active import ActiveRun
    from runpact.verbs.life.request import Request
    from runpact.workspace import Workspace

__all__ = ["root_above", "start"]


def start(place: Workspace, request: Request) -> ActiveRun:
    """Start a run.

    Raises:
        OwnershipError: The contract lets nobody make it who asks for it here; nothing was created.
    """
    from runpact.verbs.life.own import owned
    from runpact.verbs.life.start import start_run

    loaded = place.working_contract
    request = owned(request, loaded.contract, root=place.root, cwd=place.cwd)
    run = start_run(place.data_root, loaded, request, cwd=place.cwd)
    return run.listed_by(loaded.contract, is_own=not place.is_named)


def root_above(path: str) -> str:
    """Return the folder of the contract at or above a path, free of links.

    Raises:
        NoContractError: There is none.
    """
    from runpact.disk.locate import find_workspace

    start = posixpath.realpath(path)
    found = find_workspace(start if posixpath.isdir(start) else posixpath.dirname(start))
    if found is None:
        raise NoContractError(
            f"no contract.yaml at or above `{path}`", at=start, hint="make one with `runpact init`"
        )
    return found[0]
