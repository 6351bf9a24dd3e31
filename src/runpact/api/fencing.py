"""`runpact.run(fence=…)`: a process that restricts itself.

Knows: what a caller may say, what is told.
Does not know: how a process is restricted.
"""

from __future__ import annotations

import os
import sys

from runpact.model.confinement import W0, W2, Wanted
from runpact.model.errors import UsageError
from runpact.verbs.life.active import ActiveRun

REQUIRED = "required"
"""What a caller says who accepts no less."""


def wanted_by(fence: bool | str) -> Wanted | None:  # noqa: FBT001 - the caller's own word
    """Return what a caller's word asks of the fence; None for nothing.

    Raises:
        UsageError: It is no such word.
    """
    if fence not in {True, False, REQUIRED}:
        raise UsageError("unknown fence", expected=f"True, False or `{REQUIRED}`", got=str(fence))
    return Wanted(level=W2, least=W2 if fence == REQUIRED else W0) if fence else None


def fence_in(run: ActiveRun, wanted: Wanted) -> None:
    """Fence this process into a run, and say so: nothing can undo it.

    Raises:
        ConfinementError: It cannot be enforced, and no less was accepted.
    """
    from runpact.verbs.life.fence import fence_process  # noqa: PLC0415 - only a fenced process pays for it

    fence_process(run, wanted, environ=os.environ)
    held = run.enforced
    told = [f"this process can write in {run.id} only, for good"] if held.level >= W2 else []
    for line in (*told, *held.lacking):
        sys.stderr.write(f"runpact: {line}\n")
