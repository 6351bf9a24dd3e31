"""Examine a workspace from Python.

Knows: the shapes a caller may hand in.
Does not know: what is examined.
"""

from __future__ import annotations

import os

from runpact.workspace import Workspace
from runpact.workspace.doctoring import Consultation, consult_doctor


def doctor(*, fix: bool = False, workspace: str | os.PathLike[str] | None = None) -> Consultation:
    """Examine a workspace; its `.verdict`, `.report.findings`, and with `fix` what was `.treated`.

    Args:
        fix: Carry out the remedies. Nothing is removed, and no sealed run is touched.
        workspace: Folder of the contract; by default found upwards.

    Raises:
        MalformedContractError: The contract has faults, so it is not known where runs stand.
    """
    opened = Workspace.open(workspace=None if workspace is None else os.fspath(workspace))
    return consult_doctor(opened, is_fixed=fix)
