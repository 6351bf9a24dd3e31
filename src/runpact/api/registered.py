"""Models and data sets from a program.

Knows: how a caller names them.
Does not know: how they are kept.
"""

from __future__ import annotations

from runpact.api.opened import PathLike, opened
from runpact.verbs.finding.resolve import Registered
from runpact.workspace.registering import resolve as resolve_here


def resolve(uri: str, *, workspace: PathLike | None = None, workdir: PathLike | None = None) -> Registered:
    """Return the model or the data set that a URI names, wherever the workspace stands.

    `np.load(runpact.resolve("local://vision/depth/tiny"))` reads the weights of the only version there is.
    Inside a run, `run.use_model(uri)` and `run.use_data(uri)` record it as well.

    Args:
        uri: `local://…` or `data://…`; a shorter one will do where it means one version.
        workspace: Folder of the contract; by default found upwards.
        workdir: Folder for the data, when it is not the contract's.

    Raises:
        UsageError: It is no URI.
        CannotStartError: It names nothing, or several versions.
    """
    return resolve_here(opened(workspace, workdir=workdir), uri)
