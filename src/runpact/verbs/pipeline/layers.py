"""Ask whether the changes of a repository mix layers.

Knows: how paths of the repository become paths of the workspace.
Does not know: what a layer is, how git is asked.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Mapping

from runpact.host.gitchanges import changes_since
from runpact.host.gitfolder import find_repository
from runpact.model.contract.language import Contract
from runpact.model.errors import CannotStartError, UsageError
from runpact.model.layers import TRAILER, LayerReport, sort_by_layer
from runpact.model.names import readable_path


def report_layers(
    root: str, contract: Contract, environ: Mapping[str, str], *, base: str, label: str = ""
) -> LayerReport:
    """Return which layers the commits since `base` touch.

    Args:
        root: Absolute folder of the contract.
        contract: Declares the layers.
        environ: Environment of this process.
        base: The commit, branch or tag that the work will join.
        label: Why layers are mixed, when the caller says so.

    Raises:
        UsageError: The base is no name of a commit.
        CannotStartError: There are no layers, no repository, or git does not answer.
    """
    if base.startswith("-") or not base.isprintable():
        raise UsageError("--base is no name of a commit", expected="a branch, tag or commit", got=base)
    if not contract.workspace.layers:
        raise CannotStartError(
            "the contract names no layers",
            expected="workspace: {layers: {infra: [globs], science: [globs]}}",
            got="none",
        )
    real = os.path.realpath(root)
    repository = find_repository(real)
    if repository is None:
        raise CannotStartError(f"`{root}` stands in no repository of git", at=root)
    found = changes_since(repository, environ, base=base, trailer=TRAILER)
    if found.faults:
        raise CannotStartError(
            f"what changed since `{base}` cannot be told",
            at=repository.top,
            expected="a commit that is here, and the commits between",
            got="; ".join(found.faults),
            hint="fetch it, and enough of its history",
        )
    inside = posixpath.relpath(real, os.path.realpath(repository.top))
    paths = [readable_path(posixpath.relpath(path, inside)) for path in found.paths]
    labels = (label, *found.labels) if label else found.labels
    return sort_by_layer(paths, contract.workspace.layers, base=found.base, labels=labels)
