"""The front door to making runs again.

Knows: which workspace, which run a person means.
Does not know: what it takes, whether it may be made again here, how it is done.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runpact.model.reproduce.answer import Reproduced
    from runpact.verbs.reproduce.plan import Original
    from runpact.workspace import Workspace


def planned(place: Workspace, reference: str, *, given: Mapping[str, str]) -> Original:
    """Return what it takes to make a run again, as far as it is there.

    Args:
        place: The workspace.
        reference: The run.
        given: Paths of inputs that stood outside the workspace, by their name.

    Raises:
        CannotStartError: It is no run that could be made again.
    """
    from runpact.verbs.reproduce.plan import original

    return original(
        place.data_root,
        place.resolve(reference),
        loaded=place.working_contract,
        environ=os.environ,
        given=given,
        cwd=place.cwd,
    )


def carried_out(
    place: Workspace,
    original: Original,
    *,
    is_trusted: bool,
    tell: Callable[[str], None],
    tee: bool = False,
    is_kept: bool = False,
    has_network: bool = False,
    overrides: tuple[str, ...] = (),
) -> Reproduced:
    """Make a run again and say whether it came out the same; the arguments are those of the command.

    Nothing may be missing in its plan: that is an answer already.

    Raises:
        CannotStartError: It was not made in this workspace, and nobody vouched for it.
        StorageError: There is no room for it.
    """
    from runpact.model.reproduce.answer import demand_runnable
    from runpact.verbs.reproduce.command import Way
    from runpact.verbs.reproduce.replay import replay

    demand_runnable(
        original.plan,
        is_trusted=is_trusted,
        overrides=overrides,
        settings=original.origin.config.resolved,
    )
    way = Way(tell=tell, tee=tee, is_kept=is_kept, has_network=has_network, overrides=overrides)
    return replay(place.data_root, original, loaded=place.working_contract, environ=os.environ, way=way)
