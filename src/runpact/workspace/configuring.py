"""The front door to configurations.

Knows: which kind's rules a configuration falls under.
Does not know: how layers join.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runpact.verbs.capturing.configure import Resolved
    from runpact.verbs.capturing.exhibit import ShownConfig  # noqa: TC004 - exported for annotations alone
    from runpact.workspace import Workspace

__all__ = ["ShownConfig", "configured", "example", "shown"]


def configured(
    place: Workspace,
    source: Mapping[str, object] | str | None = None,
    overrides: Sequence[str] = (),
    *,
    kind: str | None = None,
) -> Resolved:
    """Return a configuration resolved under the rules of a kind.

    Args:
        place: The workspace.
        source: The configuration itself, or a file; by default what the kind names.
        overrides: `dotted.key=value`, applied in order.
        kind: Kind of the contract; not needed when there is only one.

    Raises:
        ConfigError: It cannot be read, or is not what its schema declares.
        UsageError: There is no such kind.
    """
    from runpact.model.contract.language import Configuration
    from runpact.verbs.capturing.configure import Asked, Surroundings, resolve_config
    from runpact.verbs.life.start import pick_kind

    loaded = place.working_contract
    _name, chosen = pick_kind(loaded.contract, kind)
    asked = Asked(source=source, overrides=tuple(overrides), workdir=place.workdir)
    around = Surroundings(
        root=place.workdir or place.root,
        cwd=place.cwd,
        environ=os.environ,
        rules=chosen.config or Configuration(),
        schemas=loaded.schemas,
        folder=place.root,
    )
    return resolve_config(asked, around)


def shown(place: Workspace, source: str | None, overrides: Sequence[str], *, kind: str | None) -> ShownConfig:
    """Return a configuration for people: every value, without secrets, with its origin."""
    from runpact.verbs.capturing.exhibit import exhibit

    return exhibit(configured(place, source, overrides, kind=kind), os.environ)


def example(place: Workspace, *, kind: str | None) -> str:
    """Return an annotated configuration file of all keys, made from the schema."""
    from runpact.verbs.capturing.exhibit import annotated_example
    from runpact.verbs.life.start import pick_kind

    loaded = place.working_contract
    _name, chosen = pick_kind(loaded.contract, kind)
    return annotated_example(chosen, loaded.schemas)
