"""The workspace that a caller of Python means.

Knows: what a caller may say about the place, as the options of a command do.
Does not know: what is asked of it.
"""

from __future__ import annotations

import os

from runpact.workspace import Workspace

PathLike = str | os.PathLike[str]


def opened(
    workspace: PathLike | None, *, workdir: PathLike | None = None, contract: PathLike | None = None
) -> Workspace:
    """Return the workspace that is meant.

    Args:
        workspace: Folder of the contract; by default found upwards.
        workdir: Folder for the data, when it is not the contract's.
        contract: Contract file or pack; by default the workspace's.

    Raises:
        CannotStartError: A named folder or file does not exist.
    """
    return Workspace.open(workspace=_text(workspace), workdir=_text(workdir), contract=_text(contract))


def _text(path: PathLike | None) -> str | None:
    return None if path is None else os.fspath(path)
