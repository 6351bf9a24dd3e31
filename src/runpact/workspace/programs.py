"""Programs of stages that people start by hand.

Knows: which stage a program is of.
Does not know: how a stage is run.
"""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING

from runpact.model.errors import UsageError

if TYPE_CHECKING:
    from runpact.workspace import Workspace


def stage_of_program(place: Workspace, program: str) -> tuple[str, str]:
    """Return the kind and the id of the stage whose command runs a program.

    Args:
        place: The workspace.
        program: Path of the file that runs, relative to the current directory.

    Raises:
        UsageError: The contract names it in no stage, or in several.
    """
    wanted = os.path.realpath(posixpath.join(place.cwd, program))
    found = [
        (name, stage.id)
        for name, kind in place.lint().contract.kinds.items()
        for stage in kind.stages
        if any(os.path.realpath(posixpath.join(place.root, part)) == wanted for part in stage.command)
    ]
    if len(found) == 1:
        return found[0]
    raise UsageError(
        f"`{program}` is the program of {len(found)} stages"
        if found
        else f"no stage has the program `{program}`",
        expected="one stage whose `command` names it",
        got=", ".join(identity for _kind, identity in found) or "none",
        hint="runpact pipeline run --experiment NAME --only STAGE",
    )
