"""Examine a workspace from Python.

Knows: the shapes a caller may hand in.
Does not know: what is examined.
"""

from __future__ import annotations

from runpact.api.opened import PathLike, opened
from runpact.workspace.doctoring import Consultation, consult_doctor


def doctor(
    *, fix: bool = False, workspace: PathLike | None = None, workdir: PathLike | None = None
) -> Consultation:
    """Examine a workspace; its `.verdict`, `.report.findings`, and with `fix` what was `.treated`.

    Args:
        fix: Carry out the remedies. Nothing is removed, and no sealed run is touched.
        workspace: Folder of the contract; by default found upwards.
        workdir: Folder for the data, when it is not the contract's.

    Raises:
        MalformedContractError: The contract has faults, so it is not known where runs stand.
    """
    return consult_doctor(opened(workspace, workdir=workdir), is_fixed=fix)
