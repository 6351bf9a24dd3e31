"""How a request becomes a run of its command.

Knows: what is made ready before the run begins, and whose secrets are masked in what its command prints.
Does not know: who asked, how the run is judged.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from runpact.verbs.capturing.mask import patterns_in
from runpact.verbs.life.execute import execute, made_ready

if TYPE_CHECKING:
    from runpact.host.relay import Relay
    from runpact.verbs.life.active import ActiveRun
    from runpact.verbs.life.execute import Execution
    from runpact.verbs.life.request import Request
    from runpact.workspace import Workspace


def executed(
    place: Workspace, request: Request, *, tee: bool, relay: Relay | None = None
) -> tuple[ActiveRun, Execution]:
    """Make a run of a request's command; return it with how the command ended.

    Args:
        place: The workspace.
        request: What is asked.
        tee: Show what the command prints.
        relay: Passes signals on to several commands; by default to this one alone.
    """
    request = made_ready(request, root=place.data_root, cwd=place.cwd, environ=os.environ)
    run = place.start(request)
    execution = execute(
        run,
        request.command,
        wanted=request.wanted,
        inputs=request.inputs,
        secrets=(*patterns_in(os.environ), *request.secrets),
        cwd=place.cwd,
        environ=os.environ,
        tee=tee,
        relay=relay,
    )
    return run, execution
