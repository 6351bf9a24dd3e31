"""Models and data sets from a program.

Knows: how a caller names them.
Does not know: how they are kept.
"""

from __future__ import annotations

import os

from runpact.verbs.finding.resolve import Registered
from runpact.workspace import Workspace
from runpact.workspace.registering import resolve as resolve_here


def resolve(uri: str, *, workspace: str | os.PathLike[str] | None = None) -> Registered:
    """Return the model or the data set that a URI names, wherever the workspace stands.

    `np.load(runpact.resolve("local://vision/depth/tiny"))` reads the weights of the only version there is.
    Inside a run, `run.use_model(uri)` and `run.use_data(uri)` record it as well.

    Args:
        uri: `local://…` or `data://…`; a shorter one will do where it means one version.
        workspace: Folder of the contract; by default found upwards.

    Raises:
        UsageError: It is no URI.
        CannotStartError: It names nothing, or several versions.
    """
    place = Workspace.open(workspace=None if workspace is None else os.fspath(workspace))
    return resolve_here(place, uri)
